/** Which mask the outputs of a layer carry in an export. Source: `compute_mask` and `supports_masking` of the Keras layers. */
import type { EmbeddingConfig, MaskingConfig } from '../../layers/core.ts'
import type { LayerTypeName } from '../../layers/index.ts'
import type { ConcatenateConfig } from '../../layers/merging.ts'
import type { RecurrentConfig } from '../../layers/recurrent.ts'
import { frontAxis } from '../../layers/shapes.ts'
import type { BidirectionalConfig } from '../../layers/wrappers.ts'
import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { present } from './core.ts'

/** bool [batch, steps] */
export type Mask = Value | undefined

export type Masking<C = unknown> = (g: GraphBuilder, c: C, inputs: readonly Value[], masks: readonly Mask[], outputs: readonly Value[]) => readonly Mask[]

/** The first input's mask on every output, as Keras does for layers that support masks. */
export const passMask: Masking = (_, __, ___, masks, outputs) => outputs.map(() => masks[0])

const none: Masking<never> = (_, __, ___, ____, outputs) => outputs.map(() => undefined)

/** Where either input is there; no mask when one input has none. */
const either: Masking<never> = (g, _, __, masks, outputs) =>
  outputs.map(() => masks.some((mask) => mask === undefined) ? undefined : (masks as Value[]).reduce((a, b) => g.logical('logicalOr', a, b)))

/** A step is there when a value of it is. */
const joined: Masking<ConcatenateConfig> = (g, { axis }, inputs, masks, [output]) => {
  if (masks.every((mask) => mask === undefined)) return [undefined]
  // Numbers in the shape of each input, as the batch is known with the data only.
  const parts = inputs.map((x, index) => {
    const zeros = g.mul(x, 0)
    const mask = masks[index]
    if (mask === undefined) return g.add(zeros, 1)
    return g.select(mask.shape.length < x.shape.length ? g.expand(mask, -1) : mask, g.add(zeros, 1), 0)
  })
  return [g.compare('greater', g.reduce('max', g.concat(parts, frontAxis(axis, output!.shape.length)), [-1]), 0)]
}

const ofIndices: Masking<EmbeddingConfig> = (g, { maskZero }, [x]) => [maskZero ? g.compare('notEqual', x!, 0) : undefined]

const ofValues: Masking<MaskingConfig> = (g, { value }, [x]) => [present(g, x!, value)]

const ofSequence: Masking<RecurrentConfig> = (_, { sequences }, __, masks, outputs) => outputs.map((___, index) => index === 0 && sequences ? masks[0] : undefined)

const ofBoth: Masking<BidirectionalConfig> = (_, { forward, merge }, __, masks, outputs) =>
  outputs.map((___, index) => forward.sequences && index < (merge === null ? 2 : 1) ? masks[0] : undefined)

/** The scores have none. */
const ofQuery: Masking<never> = (_, __, ___, masks, outputs) => outputs.map((____, index) => index === 0 ? masks[0] : undefined)

const WITHOUT: readonly LayerTypeName[] = [
  'Dot', 'EinsumDense', 'Operation', 'Conv1D', 'Conv2D', 'Conv3D', 'Conv1DTranspose', 'Conv2DTranspose', 'Conv3DTranspose', 'DepthwiseConv1D', 'DepthwiseConv2D',
  'SeparableConv1D', 'SeparableConv2D', 'MaxPooling1D', 'MaxPooling2D', 'MaxPooling3D', 'AveragePooling1D', 'AveragePooling2D', 'AveragePooling3D',
  'GlobalMaxPooling1D', 'GlobalMaxPooling2D', 'GlobalMaxPooling3D', 'GlobalAveragePooling1D', 'GlobalAveragePooling2D', 'GlobalAveragePooling3D', 'RMSNormalization',
  'Flatten', 'Reshape', 'Permute', 'RepeatVector', 'Cropping1D', 'Cropping2D', 'Cropping3D', 'ZeroPadding1D', 'ZeroPadding2D', 'ZeroPadding3D',
  'UpSampling1D', 'UpSampling2D', 'UpSampling3D',
]

/** Layers that differ from passMask. */
export const MASKINGS: { readonly [Name in LayerTypeName]?: Masking<never> } = {
  ...Object.fromEntries(WITHOUT.map((name) => [name, none])),
  Embedding: ofIndices,
  Masking: ofValues,
  SimpleRNN: ofSequence,
  LSTM: ofSequence,
  GRU: ofSequence,
  RNN: ofSequence,
  Bidirectional: ofBoth,
  Add: either,
  Subtract: either,
  Multiply: either,
  Average: either,
  Maximum: either,
  Minimum: either,
  Concatenate: joined,
  MultiHeadAttention: ofQuery,
  GroupedQueryAttention: ofQuery,
  Attention: ofQuery,
  AdditiveAttention: ofQuery,
}
