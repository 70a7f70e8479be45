/** Which mask the outputs of a layer carry: most layers pass their input's on, some make, join or end it. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { EmbeddingConfig, MaskingConfig } from '../../models/layers/core.ts'
import type { ConcatenateConfig } from '../../models/layers/merging.ts'
import type { RecurrentConfig } from '../../models/layers/recurrent.ts'
import type { BidirectionalConfig } from '../../models/layers/wrappers.ts'
import type { LayerTypeName } from '../../models/layers/index.ts'
import { any, logicalOr, notEqual } from '../ops/flat.ts'
import { present } from './core.ts'
import { frontAxis } from '../../models/layers/shapes.ts'

/** bool [batch, steps] */
export type Mask = Tensor | undefined

/** Masks of the outputs, from the inputs and their masks. Source: `compute_mask` and `supports_masking` of the Keras layers. */
export type Masking<C = unknown> = (c: C, inputs: readonly Tensor[], masks: readonly Mask[], outputs: readonly Tensor[]) => readonly Mask[]

/** The first input's mask on every output, as Keras does for layers that support masks. */
export const passMask: Masking = (_, __, masks, outputs) => outputs.map(() => masks[0])

/** Layers that do not support masks. */
const none: Masking<never> = (_, __, ___, outputs) => outputs.map(() => undefined)

/** Where either input is there; no mask when one input has none. */
const either: Masking<never> = (_, __, masks, outputs) =>
  outputs.map(() => masks.some((mask) => mask === undefined) ? undefined : (masks as Tensor[]).reduce((a, b) => logicalOr(a, b)))

/** A step is there when a value of it is. */
const joined: Masking<ConcatenateConfig> = ({ axis }, inputs, masks, [output]) => {
  if (masks.every((mask) => mask === undefined)) return [undefined]
  const parts = inputs.map((x, index) => {
    const mask = masks[index]
    if (mask === undefined) return tf.ones(x.shape, 'bool')
    return mask.rank < x.rank ? tf.broadcastTo(tf.expandDims(mask, -1), x.shape) : mask
  })
  return [any(tf.concat(parts, frontAxis(axis, output!.rank)), [output!.rank - 1])]
}

const ofIndices: Masking<EmbeddingConfig> = ({ maskZero }, [x]) => [maskZero ? notEqual(x!, tf.scalar(0, x!.dtype)) : undefined]

const ofValues: Masking<MaskingConfig> = ({ value }, [x]) => [present(x!, value)]

/** The states have none. */
const ofSequence: Masking<RecurrentConfig> = ({ sequences }, _, masks, outputs) => outputs.map((__, index) => index === 0 && sequences ? masks[0] : undefined)

const ofBoth: Masking<BidirectionalConfig> = ({ forward, merge }, _, masks, outputs) =>
  outputs.map((__, index) => forward.sequences && index < (merge === null ? 2 : 1) ? masks[0] : undefined)

/** The scores have none. */
const ofQuery: Masking<never> = (_, __, masks, outputs) => outputs.map((___, index) => index === 0 ? masks[0] : undefined)

/** Layers that differ from passMask. */
export const MASKINGS: { readonly [Name in LayerTypeName]?: Masking<never> } = {
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
  Dot: none,
  EinsumDense: none,
  MultiHeadAttention: ofQuery,
  GroupedQueryAttention: ofQuery,
  Attention: ofQuery,
  AdditiveAttention: ofQuery,
  Operation: none,
  Conv1D: none,
  Conv2D: none,
  Conv3D: none,
  Conv1DTranspose: none,
  Conv2DTranspose: none,
  Conv3DTranspose: none,
  DepthwiseConv1D: none,
  DepthwiseConv2D: none,
  SeparableConv1D: none,
  SeparableConv2D: none,
  MaxPooling1D: none,
  MaxPooling2D: none,
  MaxPooling3D: none,
  AveragePooling1D: none,
  AveragePooling2D: none,
  AveragePooling3D: none,
  GlobalMaxPooling1D: none,
  GlobalMaxPooling2D: none,
  GlobalMaxPooling3D: none,
  GlobalAveragePooling1D: none,
  GlobalAveragePooling2D: none,
  GlobalAveragePooling3D: none,
  RMSNormalization: none,
  Flatten: none,
  Reshape: none,
  Permute: none,
  RepeatVector: none,
  Cropping1D: none,
  Cropping2D: none,
  Cropping3D: none,
  ZeroPadding1D: none,
  ZeroPadding2D: none,
  ZeroPadding3D: none,
  UpSampling1D: none,
  UpSampling2D: none,
  UpSampling3D: none,
}
