/** Attention with heads: MultiHeadAttention and GroupedQueryAttention. Source: keras.layers.attention. */
import type { WeightSpec } from '../architecture/types.ts'
import type { SymbolicShape } from '../tensor.ts'
import type { Equation } from './einsum.ts'
import type { KerasConfig, LayerType, NodeCall, Where } from './layer-type.ts'
import { LAYOUTS } from './layouts.ts'
import { ConfigReader } from './reader.ts'
import { knownSize, misfit } from './shapes.ts'
import { kept, kernel } from './weights.ts'

export interface AttentionConfig {
  readonly heads: number
  /** Heads of keys and values, each used by heads / keyHeads heads of queries. */
  readonly keyHeads: number
  readonly keySize: number
  readonly valueSize: number
  readonly useBias: boolean
  /** A sigmoid of the query times what the heads give. */
  readonly gate: boolean
  readonly dropout: number
  /** Null: the size of the query. */
  readonly outputShape: readonly number[] | null
  /** Attended over; null: all between batch and features. */
  readonly axes: readonly number[] | null
  /** Positions farther apart than this do not see each other; null: no limit. */
  readonly window: number | null
  /** Keras 2 lowers the scores of positions that are not seen, Keras 3 replaces them: rows that see nothing differ. */
  readonly lowers: boolean
  /** The names under which a `.keras` file keeps the parts. */
  readonly stores: Readonly<Record<Part, string>>
}

type Part = 'query' | 'key' | 'gate' | 'value' | 'attention_output'

/** As the arguments of the call stand. */
const POSITIONAL = ['query', 'value', 'key', 'query_mask', 'value_mask', 'key_mask', 'attention_mask'] as const

export type AttentionRole = typeof POSITIONAL[number]

const ARGUMENTS = { positional: POSITIONAL, flags: ['return_attention_scores', 'use_causal_mask'] }

export const multiHeadAttention: LayerType<AttentionConfig> = attention(['MultiHeadAttention'], (reader, config, where) => {
  const heads = reader.integer('num_heads')
  const keySize = reader.integer('key_dim')
  const axes = reader.value('attention_axes') === undefined ? null : reader.axes('attention_axes')
  const shape = reader.value('output_shape')
  return {
    heads,
    keyHeads: heads,
    keySize,
    valueSize: reader.integer('value_dim', { fallback: keySize }),
    outputShape: shape === undefined ? null : typeof shape === 'number' ? [reader.integer('output_shape')] : reader.list('output_shape', 1),
    axes,
    lowers: where.keras === 2,
    stores: { query: 'query_dense', key: 'key_dense', value: 'value_dense', gate: '_gate_dense', attention_output: 'output_dense' },
  }
})

export const groupedQueryAttention: LayerType<AttentionConfig> = attention(['GroupedQueryAttention', 'GroupQueryAttention'], (reader) => {
  const [heads, keyHeads, size] = [reader.integer('num_query_heads'), reader.integer('num_key_value_heads'), reader.integer('head_dim')]
  if (heads % keyHeads !== 0) throw reader.wrong('num_key_value_heads', `a divisor of "num_query_heads", ${heads}`)
  return {
    heads,
    keyHeads,
    keySize: size,
    valueSize: size,
    outputShape: null,
    axes: null,
    lowers: false,
    stores: { query: '_query_dense', key: '_key_dense', value: '_value_dense', gate: '_gate_dense', attention_output: '_output_dense' },
  }
})

type Own = Omit<AttentionConfig, 'useBias' | 'gate' | 'dropout' | 'window'>

function attention (classNames: readonly string[], own: (reader: ConfigReader, config: KerasConfig, where: Where) => Own): LayerType<AttentionConfig> {
  return {
    classNames,
    operation: false,
    arguments: ARGUMENTS,
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      return {
        ...own(reader, config, where),
        useBias: reader.flag('use_bias', true),
        gate: reader.flag('use_gate', false),
        dropout: reader.number('dropout', 0),
        window: reader.value('sliding_window') === undefined ? null : reader.integer('sliding_window'),
      }
    },
    weights (c, shapes, call) {
      const { query, key, value } = inputsOf(shapes, call)
      const output = c.outputShape ?? [knownSize(query, -1)]
      const project = (part: Exclude<Part, 'attention_output'>, shape: SymbolicShape, sizes: readonly number[]) => projection(c, part, [knownSize(shape, -1), ...sizes], LAYOUTS.Attention[`${part}/kernel`], sizes)
      return [
        ...project('query', query, [c.heads, c.keySize]),
        ...project('key', key, [c.keyHeads, c.keySize]),
        ...c.gate ? project('gate', query, [c.heads, c.valueSize]) : [],
        ...project('value', value, [c.keyHeads, c.valueSize]),
        ...projection(c, 'attention_output', [c.heads, c.valueSize, ...output], LAYOUTS.Attention['attention_output/kernel'](output.length), output),
      ]
    },
    outputShapes (c, shapes, call) {
      const { query, key, value } = inputsOf(shapes, call)
      if (query.length !== value.length || key.length !== value.length) throw misfit(`query, key and value must have the same number of axes, they have ${query.length}, ${key.length} and ${value.length}`)
      if (query.length !== 3 && (c.keyHeads !== c.heads || c.window !== null)) throw misfit(`its query must have 3 axes with the batch, it has ${query.length}`)
      const output = [...query.slice(0, -1), ...c.outputShape ?? [query.at(-1)!]]
      if (!call.flags.includes('return_attention_scores')) return [output]
      const { source, scores } = attentionLabels(query.length, attended(c, query.length))
      const sizes = new Map([...source.map((label, axis) => [label, [...value.slice(0, -1), c.heads, c.keySize][axis]!] as const), ...TARGET(query.length).map((label, axis) => [label, [...query.slice(0, -1), c.heads, c.keySize][axis]!] as const)])
      return [output, scores.map((label) => sizes.get(label)!)]
    },
    macs (c, shapes, [output], call) {
      const { query, key, value } = inputsOf(shapes, call)
      const places = (shape: SymbolicShape) => shape.slice(1, -1).reduce<number>((product, size) => product * (size ?? 1), 1)
      const attendedTo = attended(c, value.length).reduce((product, axis) => product * (value[axis] ?? 1), 1)
      const features = (shape: SymbolicShape) => shape.at(-1) ?? 1
      const inner = c.heads * (c.keySize + c.valueSize) * places(query) * attendedTo
      const projections = places(query) * features(query) * c.heads * (c.keySize + (c.gate ? c.valueSize : 0)) + places(key) * features(key) * c.keyHeads * c.keySize + places(value) * features(value) * c.keyHeads * c.valueSize
      return inner + projections + c.heads * c.valueSize * output!.slice(1).reduce<number>((product, size) => product * (size ?? 1), 1)
    },
  }
}

/** A projection: kernel and bias, in a group of their own. */
function projection ({ useBias, stores }: AttentionConfig, part: Part, shape: readonly number[], axes: NonNullable<WeightSpec['axes']>, bias: readonly number[]): WeightSpec[] {
  const specs = [kernel(`${part}/kernel`, [...shape], axes), ...useBias ? [kept(`${part}/bias`, [...bias], 'bias')] : []]
  return specs.map((spec) => ({ ...spec, store: stores[part] }))
}

/** Which input is what; without a key the values are keys too. */
export function placesOf ({ roles }: NodeCall): Readonly<Partial<Record<AttentionRole, number>>> & { readonly query: number, readonly value: number } {
  const at = (role: AttentionRole) => {
    const place = roles.indexOf(role)
    return place < 0 ? undefined : place
  }
  const found = Object.fromEntries(POSITIONAL.map((role) => [role, at(role)]).filter(([, place]) => place !== undefined)) as Partial<Record<AttentionRole, number>>
  return { ...found, query: found.query ?? 0, value: found.value ?? 1 }
}

function inputsOf (shapes: readonly SymbolicShape[], call: NodeCall): Record<'query' | 'key' | 'value', SymbolicShape> {
  const places = placesOf(call)
  const [query, value] = [shapes[places.query], shapes[places.value]]
  const key = places.key === undefined ? value : shapes[places.key]
  if (query === undefined || value === undefined || key === undefined || [query, value, key].some(({ length }) => length < 3)) throw misfit('it takes a query and a value, each with 3 axes or more with the batch')
  return { query, key, value }
}

/** Axes attended over, counted from the front. */
export function attended ({ axes }: AttentionConfig, rank: number): number[] {
  if (axes === null) return Array.from({ length: rank - 2 }, (_, axis) => axis + 1)
  const found = axes.map((axis) => axis < 0 ? axis + rank : axis)
  if (!found.every((axis) => axis > 0 && axis < rank - 1)) throw misfit(`its attention_axes ${axes.join(', ')} must lie between the batch and the features of its ${rank} axes`)
  return found
}

const TARGET = (rank: number) => Array.from({ length: rank + 1 }, (_, axis) => `t${axis}`)

interface AttentionLabels { readonly target: readonly string[], readonly source: readonly string[], readonly scores: readonly string[] }

/** Labels of the axes of projected queries, of keys and values, and of the scores; inputs have `rank` axes, the heads come in one more. */
export function attentionLabels (rank: number, axes: readonly number[]): AttentionLabels {
  const target = TARGET(rank)
  const source = target.map((label, axis) => axes.includes(axis) ? `s${axis}` : label)
  const batches = target.filter((_, axis) => axis !== rank && !axes.includes(axis))
  return { target, source, scores: [...batches, ...axes.map((axis) => target[axis]!), ...axes.map((axis) => source[axis]!)] }
}

/** Scores of queries and keys, and what the scores make of the values. */
export function attentionEquations (rank: number, axes: readonly number[]): { readonly dot: Equation, readonly combine: Equation } {
  const { target, source, scores } = attentionLabels(rank, axes)
  return { dot: { operands: [target, source], output: scores }, combine: { operands: [scores, source], output: target } }
}
