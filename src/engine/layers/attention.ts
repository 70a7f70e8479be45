/** Forward passes of attention, with heads and without. Source: keras.layers.attention. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { attended, attentionEquations, placesOf, type AttentionConfig, type AttentionRole } from '../../models/layers/attention.ts'
import type { DotAttentionConfig } from '../../models/layers/dot-attention.ts'
import type { EinsumDenseConfig } from '../../models/layers/einsum-dense.ts'
import { biasAdd } from '../ops/bias.ts'
import { einsum } from '../ops/einsum.ts'
import { logicalAnd, toBool } from '../ops/flat.ts'
import { matMul2d } from '../ops/matmul.ts'
import { stretch, tile } from '../ops/tile.ts'
import { sigmoid, tanh } from '../ops/elementwise.ts'
import { activate } from './activations.ts'
import { dropoutFactors } from './noise.ts'
import { unary, weightOf, type Forward, type ForwardContext, type Weights } from './forward.ts'

export const einsumDense: Forward<EinsumDenseConfig> = unary((c, x, weights) => {
  const y = einsum(c.equation, [x, weightOf(weights, 'kernel')])
  return activate(c.activation, c.biasLabels === null ? y : tf.add(y, weightOf(weights, 'bias')))
})

export const multiHead: Forward<AttentionConfig> = (c, inputs, weights, context) => {
  const places = placesOf(context.call)
  const [query, value] = [inputs[places.query]!, inputs[places.value]!]
  const key = places.key === undefined ? value : inputs[places.key]!
  const axes = attended(c, query.rank)
  const scores = context.call.flags.includes('return_attention_scores')
  const mask = attentionMask(c, { query, value, inputs, places, context })
  const { dot, combine } = attentionEquations(query.rank, axes)
  const [q, k, v] = [projected(query, weights, 'query'), headsOf(c, projected(key, weights, 'key')), headsOf(c, projected(value, weights, 'value'))]
  const raw = einsum(dot, [tf.mul(q, 1 / Math.sqrt(c.keySize)), k])
  // Keras takes a fused kernel where it can, which differs for rows without anything to attend to.
  const masking = c.lowers ? 'lower' : c.dropout > 0 || scores || query.rank !== 3 ? 'zero' : 'replace'
  const weighted = maskedSoftmax(raw, mask, axes.length, masking)
  const combined = einsum(combine, [dropped(weighted, c.dropout, context), v])
  const gated = c.gate ? tf.mul(combined, sigmoid(projected(query, weights, 'gate'))) : combined
  return [output(gated, weights), ...scores ? [weighted] : []]
}

/** [..., features] to [..., heads, size]. */
function projected (x: Tensor, weights: Weights, part: string): Tensor {
  const kernel = weightOf(weights, `${part}/kernel`)
  const [features, heads, size] = kernel.shape as [number, number, number]
  const flat = matMul2d(tf.reshape(x, [-1, features]), tf.reshape(kernel, [features, heads * size]))
  return tf.reshape(biased(flat, weights, part), [...x.shape.slice(0, -1), heads, size])
}

/** [..., heads, size] to [..., ...output]. */
function output (x: Tensor, weights: Weights): Tensor {
  const kernel = weightOf(weights, 'attention_output/kernel')
  const [heads, size, ...rest] = kernel.shape as [number, number, ...number[]]
  const columns = rest.reduce((product, one) => product * one, 1)
  const flat = matMul2d(tf.reshape(x, [-1, heads * size]), tf.reshape(kernel, [heads * size, columns]))
  return tf.reshape(biased(flat, weights, 'attention_output'), [...x.shape.slice(0, -2), ...rest])
}

function biased (flat: Tensor, weights: Weights, part: string): Tensor {
  const bias = weights[`${part}/bias`]
  return bias === undefined ? flat : biasAdd(flat, tf.reshape(bias, [-1]))
}

/** Each head of keys or values as often as queries share it: [batch, steps, keyHeads, size] to [batch, steps, heads, size]. */
function headsOf ({ heads, keyHeads }: AttentionConfig, x: Tensor): Tensor {
  if (heads === keyHeads) return x
  const [batch, steps, , size] = x.shape as [number, number, number, number]
  return tf.reshape(tile(tf.expandDims(x, 3), [1, 1, 1, heads / keyHeads, 1]), [batch, steps, heads, size])
}

interface Masked {
  readonly query: Tensor
  readonly value: Tensor
  readonly inputs: readonly Tensor[]
  readonly places: ReturnType<typeof placesOf>
  readonly context: ForwardContext
}

/** bool [batch or 1, queries or 1, keys]: who sees whom; undefined when everyone sees everyone. */
function attentionMask (c: AttentionConfig, { query, value, inputs, places, context }: Masked): Tensor | undefined {
  const given = (role: AttentionRole) => {
    const place = places[role]
    return place === undefined ? undefined : toBool(inputs[place]!)
  }
  const carried = (role: 'query' | 'key' | 'value') => {
    const place = places[role]
    return place === undefined ? undefined : context.masks[place]
  }
  const causal = context.call.flags.includes('use_causal_mask')
  const [rows, columns] = [given('query_mask') ?? carried('query'), [given('value_mask') ?? carried('value'), given('key_mask') ?? carried('key')]]
  const masks = [
    rows === undefined ? undefined : tf.expandDims(rows, -1),
    ...columns.map((mask) => mask === undefined ? undefined : tf.expandDims(mask, -2)),
    causal ? band(query.shape[1]!, value.shape[1]!, (row, column) => row >= column) : undefined,
    c.window === null ? undefined : band(query.shape[1]!, value.shape[1]!, (row, column) => Math.abs(row - column) < c.window!),
    given('attention_mask'),
  ].filter((mask) => mask !== undefined)
  return masks.length === 0 ? undefined : masks.reduce((a, b) => logicalAnd(a, b))
}

/** bool [1, rows, columns] */
function band (rows: number, columns: number, sees: (row: number, column: number) => boolean): Tensor {
  const values = Array.from({ length: rows * columns }, (_, index) => Number(sees(Math.floor(index / columns), index % columns)))
  return tf.tensor(values, [1, rows, columns], 'bool')
}

const FAR_BELOW = -1e9

/** What becomes of scores of positions that are not seen: lowered, replaced by one far below, or that and zero weights. Rows that see nothing tell them apart. */
type SoftmaxMasking = 'lower' | 'replace' | 'zero'

/** Over the last `axes` axes. The mask has no axis for the heads. */
function maskedSoftmax (scores: Tensor, mask: Tensor | undefined, axes: number, masking: SoftmaxMasking): Tensor {
  const wide = mask === undefined ? undefined : stretch(withHeads(mask, scores.rank, axes), scores.shape)
  const kept = wide === undefined ? scores : tf.where(wide, scores, masking === 'lower' ? tf.add(scores, FAR_BELOW) : tf.fill(scores.shape, FAR_BELOW))
  const flat = tf.reshape(kept, [...scores.shape.slice(0, -axes), -1])
  const weights = tf.reshape(tf.softmax(flat), scores.shape)
  return wide !== undefined && masking === 'zero' ? tf.where(wide, weights, tf.zerosLike(weights)) : weights
}

function withHeads (mask: Tensor, rank: number, axes: number): Tensor {
  const at = mask.rank - 2 * axes
  return tf.reshape(mask, [...mask.shape.slice(0, at), ...new Array<number>(rank - mask.rank).fill(1), ...mask.shape.slice(at)])
}

function dropped (x: Tensor, rate: number, { training, random }: ForwardContext): Tensor {
  return training && rate > 0 ? tf.mul(x, dropoutFactors(rate, x.shape, random)) : x
}

export const dotAttention: Forward<DotAttentionConfig> = (c, [query, value, key = value], weights, context) => {
  const raw = SCORES[c.mode](query!, key!, weights)
  const [rows, columns] = context.masks
  const causal = context.call.flags.includes('use_causal_mask') ? band(query!.shape[1]!, key!.shape[1]!, (row, column) => row >= column) : undefined
  const masks = [columns === undefined ? undefined : tf.expandDims(columns, 1), causal].filter((mask) => mask !== undefined)
  const mask = masks.length === 0 ? undefined : stretch(masks.reduce((a, b) => logicalAnd(a, b)), raw.shape)
  const scores = tf.softmax(mask === undefined ? raw : tf.where(mask, raw, tf.add(raw, FAR_BELOW)))
  const combined = tf.matMul(dropped(scores, c.dropout, context), value!)
  const kept = rows === undefined ? combined : tf.where(stretch(tf.expandDims(rows, -1), combined.shape), combined, tf.zerosLike(combined))
  return [kept, ...context.call.flags.includes('return_attention_scores') ? [scores] : []]
}

type Scores = (query: Tensor, key: Tensor, weights: Weights) => Tensor

/** [batch, queries, keys] */
const SCORES: Readonly<Record<DotAttentionConfig['mode'], Scores>> = {
  dot: (query, key, { scale }) => scaled(tf.matMul(query, key, false, true), scale),
  concat: (query, key, weights) => tf.mul(weightOf(weights, 'concat_score_weight'), tf.sum(tanh(scaled(pairs(query, key), weights.scale)), -1)),
  additive: (query, key, { scale }) => tf.sum(scaled(tanh(pairs(query, key)), scale), -1),
}

function scaled (x: Tensor, scale: Tensor | undefined): Tensor {
  return scale === undefined ? x : tf.mul(x, scale)
}

/** Sums of every query and every key, [batch, queries, keys, features]. */
function pairs (query: Tensor, key: Tensor): Tensor {
  return tf.add(tf.expandDims(query, 2), tf.expandDims(key, 1))
}
