/** Inputs, dense layers, embeddings, and layers that do nothing at inference. */
import type { SymbolicShape } from '../tensor.ts'
import { parseActivation, type Activation } from './activations.ts'
import { layerType, type LayerType } from './layer-type.ts'
import { LAYOUTS } from './layouts.ts'
import { ConfigReader, MAX_RANK } from './reader.ts'
import { exampleSize, knownSize, misfit, onlyInput } from './shapes.ts'
import { biasIf, kernel } from './weights.ts'

export interface InputConfig {
  /** With the batch axis, which is always null. */
  readonly shape: SymbolicShape
}

export const input: LayerType<InputConfig> = layerType({
  classNames: ['InputLayer'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    if (config.sparse === true || config.ragged === true) throw reader.unsupported('with sparse or ragged values')
    const key = ['batch_shape', 'batch_input_shape', 'shape'].find((name) => reader.value(name) !== undefined) ?? 'batch_shape'
    const shape = symbolicShape(reader.value(key))
    if (shape === undefined || (key !== 'shape' && shape.length === 0)) throw reader.wrong(key, 'a list of sizes')
    return { shape: [null, ...(key === 'shape' ? shape : shape.slice(1))] }
  },
  outputShape: (c) => c.shape,
})

/** A list of sizes and nulls; undefined when it is none. */
export function symbolicShape (value: unknown): SymbolicShape | undefined {
  if (!Array.isArray(value) || value.length > MAX_RANK) return undefined
  return value.every((size) => size === null || (Number.isSafeInteger(size) && size > 0)) ? value : undefined
}

export interface DenseConfig { readonly units: number, readonly useBias: boolean, readonly activation: Activation }

export const dense: LayerType<DenseConfig> = layerType({
  classNames: ['Dense'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    return { units: reader.integer('units'), useBias: reader.flag('use_bias', true), activation: parseActivation(config, where) }
  },
  weights (c, shapes) {
    const inputs = knownSize(onlyInput(shapes), -1)
    return [kernel('kernel', [inputs, c.units], LAYOUTS.Dense.kernel), ...biasIf(c.useBias, c.units)]
  },
  outputShape (c, shapes) {
    const shape = onlyInput(shapes)
    if (shape.length < 2) throw misfit('its input must have a batch axis and one more')
    return [...shape.slice(0, -1), c.units]
  },
  macs: (_, shapes, [output]) => exampleSize(output!) * (onlyInput(shapes).at(-1) ?? 1),
})

export interface EmbeddingConfig {
  readonly entries: number
  readonly units: number
  /** The index 0 stands for steps that are not there. */
  readonly maskZero: boolean
}

export const embedding: LayerType<EmbeddingConfig> = layerType({
  classNames: ['Embedding'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    return { entries: reader.integer('input_dim'), units: reader.integer('output_dim'), maskZero: reader.flag('mask_zero', false) }
  },
  weights: (c) => [kernel('embeddings', [c.entries, c.units], LAYOUTS.Embedding.embeddings)],
  outputShape: (c, shapes) => [...onlyInput(shapes), c.units],
})

export interface MaskingConfig {
  /** Steps whose values all are this are not there. */
  readonly value: number
}

export const masking: LayerType<MaskingConfig> = layerType({
  classNames: ['Masking'],
  parse: (config, where) => ({ value: new ConfigReader(config, where).number('mask_value', 0) }),
  outputShape: (_, shapes) => onlyInput(shapes, 3),
})

/** Layers that pass their input on at inference. */
export function passing (...classNames: string[]): LayerType<null> {
  return layerType({ classNames, parse: () => null, outputShape: (_, shapes) => onlyInput(shapes) })
}
