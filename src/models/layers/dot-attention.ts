/** Attention without heads: Attention and AdditiveAttention. Source: keras.layers.attention. */
import { layerType, type LayerType } from './layer-type.ts'
import type { SymbolicShape } from '../tensor.ts'
import type { WeightSpec } from '../architecture/types.ts'
import { ConfigReader } from './reader.ts'
import { exampleSize, knownSize, misfit } from './shapes.ts'
import { kept } from './weights.ts'

export interface DotAttentionConfig {
  /** How a score is made of query and key: their product, a sum of tanh of their sum, or that with a weight for each feature. */
  readonly mode: 'dot' | 'concat' | 'additive'
  readonly useScale: boolean
  readonly dropout: number
}

const ARGUMENTS = { flags: ['return_attention_scores', 'use_causal_mask'] }

export const dotAttention: LayerType<DotAttentionConfig> = attention('Attention', (reader) => ({
  mode: reader.choice('score_mode', ['dot', 'concat'], 'dot'),
  useScale: reader.flag('use_scale', false),
}))

export const additiveAttention: LayerType<DotAttentionConfig> = attention('AdditiveAttention', (reader) => ({ mode: 'additive', useScale: reader.flag('use_scale', true) }))

function attention (className: string, own: (reader: ConfigReader) => Omit<DotAttentionConfig, 'dropout'>): LayerType<DotAttentionConfig> {
  return {
    ...layerType<DotAttentionConfig>({
      classNames: [className],
      arguments: ARGUMENTS,
      parse (config, where) {
        const reader = new ConfigReader(config, where)
        if (reader.flag('causal', false)) throw reader.unsupported('with causal: true')
        return { ...own(reader), dropout: reader.number('dropout', 0) }
      },
      outputShape: (_, shapes) => outputOf(shapes),
      weights ({ mode, useScale }, shapes): WeightSpec[] {
        if (shapes.length === 0) throw misfit('it takes [query, value] or [query, value, key]')
        return [
          ...useScale ? [kept('scale', mode === 'additive' ? [knownSize(shapes[0]!, -1)] : [], 'normalisation')] : [],
          ...mode === 'concat' ? [kept('concat_score_weight', [], 'normalisation')] : [],
        ]
      },
      macs: (_, [query, value], [output]) => exampleSize(output!) * (value?.at(-2) ?? 1) + exampleSize(query!) * (value?.at(-2) ?? 1),
    }),
    outputShapes (_, shapes, { flags }) {
      const output = outputOf(shapes)
      const [query, value] = shapes as [SymbolicShape, SymbolicShape]
      return [output, ...flags.includes('return_attention_scores') ? [[...query.slice(0, -1), value.at(-2)!]] : []]
    },
  }
}

function outputOf (shapes: readonly SymbolicShape[]): SymbolicShape {
  const [query, value, key] = shapes
  if (query === undefined || value === undefined || shapes.length > 3 || shapes.some(({ length }) => length !== 3)) throw misfit('it takes [query, value] or [query, value, key], each with 3 axes with the batch')
  const [size, other] = [query.at(-1)!, (key ?? value).at(-1)!]
  if (size !== null && other !== null && size !== other) throw misfit(`its query has ${size} features and its key ${other}`)
  return [...query.slice(0, -1), value.at(-1)!]
}
