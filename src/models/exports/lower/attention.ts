/** Lowers attention, with heads and without. Source: keras.layers.attention. */
import { attended, attentionEquations, placesOf, type AttentionConfig, type AttentionRole } from '../../layers/attention.ts'
import type { DotAttentionConfig } from '../../layers/dot-attention.ts'
import { sizeOf } from '../../tensor.ts'
import { knownShape, type GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { einsum } from './einsum.ts'
import { weightOf, type Application, type Lowering, type Weights } from './lowering.ts'

const FAR_BELOW = -1e9

export const multiHead: Lowering<AttentionConfig> = (g, c, inputs, application) => {
  const { weights, call } = application
  const places = placesOf(call)
  const [query, value] = [inputs[places.query]!, inputs[places.value]!]
  const key = places.key === undefined ? value : inputs[places.key]!
  const axes = attended(c, query.shape.length)
  const scores = call.flags.includes('return_attention_scores')
  const mask = attentionMask(g, c, { query, value, inputs, places, application })
  const { dot, combine } = attentionEquations(query.shape.length, axes)
  const [q, k, v] = [projected(g, query, weights, 'query'), headsOf(g, c, projected(g, key, weights, 'key')), headsOf(g, c, projected(g, value, weights, 'value'))]
  const raw = einsum(g, dot, [g.mul(q, 1 / Math.sqrt(c.keySize)), k])
  // Keras takes a fused kernel where it can, which differs for rows without anything to attend to.
  const masking = c.lowers ? 'lower' : c.dropout > 0 || scores || query.shape.length !== 3 ? 'zero' : 'replace'
  const weighted = maskedSoftmax(g, raw, mask, axes.length, masking)
  const combined = einsum(g, combine, [weighted, v])
  const gated = c.gate ? g.mul(combined, g.unary('sigmoid', projected(g, query, weights, 'gate'))) : combined
  return [output(g, gated, weights), ...scores ? [weighted] : []]
}

/** [..., features] to [..., heads, size]. */
function projected (g: GraphBuilder, x: Value, weights: Weights, part: string): Value {
  const kernel = weightOf(weights, `${part}/kernel`)
  const [features, heads, size] = kernel.shape as [number, number, number]
  const flat = g.dense(x, g.reshape(kernel, [features, heads * size]), biasOf(g, weights, part))
  return g.reshape(flat, [...x.shape.slice(0, -1), heads, size])
}

/** [..., heads, size] to [..., ...output]. */
function output (g: GraphBuilder, x: Value, weights: Weights): Value {
  const kernel = weightOf(weights, 'attention_output/kernel')
  const [heads, size, ...rest] = kernel.shape as [number, number, ...number[]]
  const flat = g.dense(g.reshape(x, [...x.shape.slice(0, -2), heads * size]), g.reshape(kernel, [heads * size, sizeOf(rest)]), biasOf(g, weights, 'attention_output'))
  return g.reshape(flat, [...x.shape.slice(0, -2), ...rest])
}

function biasOf (g: GraphBuilder, weights: Weights, part: string): Value | undefined {
  const bias = weights[`${part}/bias`]
  return bias === undefined ? undefined : g.reshape(bias, [sizeOf(bias.shape as number[])])
}

/** Each head of keys or values as often as queries share it. */
function headsOf (g: GraphBuilder, { heads, keyHeads }: AttentionConfig, x: Value): Value {
  if (heads === keyHeads) return x
  const [batch, steps, , size] = x.shape as [number | null, number, number, number]
  return g.reshape(g.tile(g.expand(x, 3), [1, 1, 1, heads / keyHeads, 1]), [batch, steps, heads, size])
}

interface Masked {
  readonly query: Value
  readonly value: Value
  readonly inputs: readonly Value[]
  readonly places: ReturnType<typeof placesOf>
  readonly application: Application
}

/** bool [batch or 1, queries or 1, keys]: who sees whom; undefined when everyone sees everyone. */
function attentionMask (g: GraphBuilder, c: AttentionConfig, { query, value, inputs, places, application: { call, masks } }: Masked): Value | undefined {
  const given = (role: AttentionRole) => {
    const place = places[role]
    return place === undefined ? undefined : g.bool(inputs[place]!)
  }
  const carried = (role: 'query' | 'key' | 'value') => {
    const place = places[role]
    return place === undefined ? undefined : masks[place]
  }
  const causal = call.flags.includes('use_causal_mask')
  const [rows, columns] = [given('query_mask') ?? carried('query'), [given('value_mask') ?? carried('value'), given('key_mask') ?? carried('key')]]
  const all = [
    rows === undefined ? undefined : g.expand(rows, -1),
    ...columns.map((mask) => mask === undefined ? undefined : g.expand(mask, -2)),
    causal ? band(g, query, value, (row, column) => row >= column) : undefined,
    c.window === null ? undefined : band(g, query, value, (row, column) => Math.abs(row - column) < c.window!),
    given('attention_mask'),
  ].filter((mask) => mask !== undefined)
  return all.length === 0 ? undefined : all.reduce((a, b) => g.logical('logicalAnd', a, b))
}

/** bool [1, rows, columns] */
function band (g: GraphBuilder, query: Value, value: Value, sees: (row: number, column: number) => boolean): Value {
  const [rows, columns] = knownShape([query.shape[1]!, value.shape[1]!], g.layer) as [number, number]
  const values = Float32Array.from({ length: rows * columns }, (_, index) => Number(sees(Math.floor(index / columns), index % columns)))
  return g.bool(g.constant(values, [1, rows, columns], 'band'))
}

/** What becomes of scores of positions that are not seen: lowered, replaced by one far below, or that and zero weights. Rows that see nothing tell them apart. */
type SoftmaxMasking = 'lower' | 'replace' | 'zero'

/** Over the last `axes` axes. The mask has no axis for the heads. */
function maskedSoftmax (g: GraphBuilder, scores: Value, mask: Value | undefined, axes: number, masking: SoftmaxMasking): Value {
  const wide = mask === undefined ? undefined : withHeads(g, mask, scores.shape.length, axes)
  const kept = wide === undefined ? scores : g.select(wide, scores, masking === 'lower' ? g.add(scores, FAR_BELOW) : FAR_BELOW)
  const attendedTo = knownShape(scores.shape.slice(-axes), g.layer)
  const flat = g.reshape(kept, [...scores.shape.slice(0, -axes), sizeOf(attendedTo)])
  const weights = g.reshape(g.unary('softmax', flat), scores.shape)
  return wide !== undefined && masking === 'zero' ? g.select(wide, weights, 0) : weights
}

function withHeads (g: GraphBuilder, mask: Value, rank: number, axes: number): Value {
  const at = mask.shape.length - 2 * axes
  return g.reshape(mask, [...mask.shape.slice(0, at), ...new Array<number>(rank - mask.shape.length).fill(1), ...mask.shape.slice(at)])
}

export const dotAttention: Lowering<DotAttentionConfig> = (g, c, [query, value, key = value], { weights, call, masks: [rows, columns] }) => {
  const raw = SCORES[c.mode](g, query!, key!, weights)
  const causal = call.flags.includes('use_causal_mask') ? band(g, query!, key!, (row, column) => row >= column) : undefined
  const masks = [columns === undefined ? undefined : g.expand(columns, 1), causal].filter((mask) => mask !== undefined)
  const mask = masks.length === 0 ? undefined : masks.reduce((a, b) => g.logical('logicalAnd', a, b))
  const scores = g.unary('softmax', mask === undefined ? raw : g.select(mask, raw, g.add(raw, FAR_BELOW)))
  const combined = g.matmul(scores, value!)
  const kept = rows === undefined ? combined : g.select(g.expand(rows, -1), combined, 0)
  return [kept, ...call.flags.includes('return_attention_scores') ? [scores] : []]
}

type Scores = (g: GraphBuilder, query: Value, key: Value, weights: Weights) => Value

/** [batch, queries, keys] */
const SCORES: Readonly<Record<DotAttentionConfig['mode'], Scores>> = {
  dot: (g, query, key, { scale }) => scaled(g, g.matmul(query, key, true), scale),
  concat: (g, query, key, weights) => g.mul(g.reduce('sum', g.unary('tanh', scaled(g, pairs(g, query, key), weights.scale)), [-1]), weightOf(weights, 'concat_score_weight')),
  additive: (g, query, key, { scale }) => g.reduce('sum', scaled(g, g.unary('tanh', pairs(g, query, key)), scale), [-1]),
}

function scaled (g: GraphBuilder, x: Value, scale: Value | undefined): Value {
  return scale === undefined ? x : g.mul(x, scale)
}

/** Sums of every query and every key, [batch, queries, keys, features]. */
function pairs (g: GraphBuilder, query: Value, key: Value): Value {
  return g.add(g.expand(query, 2), g.expand(key, 1))
}
