/** The table of layer types: one line each. The engine's forward passes are keyed by it, so that a missing one is a type error. */
import { activationLayer, prelu } from './activation-layers.ts'
import { groupedQueryAttention, multiHeadAttention } from './attention.ts'
import { convolution, depthwise, separable, transposed } from './convolution.ts'
import { dense, embedding, input, masking, passing } from './core.ts'
import { additiveAttention, dotAttention } from './dot-attention.ts'
import { einsumDense } from './einsum-dense.ts'
import type { LayerType } from './layer-type.ts'
import { concatenate, dot, merging } from './merging.ts'
import { alphaDropout, dropout, gaussianDropout, gaussianNoise, spatialDropout } from './noise.ts'
import { batchNormalization, groupNormalization, layerNormalization, normalization, rmsNormalization, unitNormalization } from './normalization.ts'
import { operation } from './operations/index.ts'
import { globalPooling, pooling } from './pooling.ts'
import { recurrent, rnn } from './recurrent.ts'
import { cropping, flatten, permute, repeatVector, rescaling, reshape, upSampling, zeroPadding } from './reshaping.ts'
import { bidirectional, timeDistributed, type InnerTypes } from './wrappers.ts'

export type { KerasConfig, LayerType, Where } from './layer-type.ts'

export const LAYER_TYPES = {
  InputLayer: input,
  Dense: dense,
  Embedding: embedding,
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  Conv3D: convolution(3),
  Conv1DTranspose: transposed(1),
  Conv2DTranspose: transposed(2),
  Conv3DTranspose: transposed(3),
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  SeparableConv1D: separable(1),
  SeparableConv2D: separable(2),
  MaxPooling1D: pooling('max', 1),
  MaxPooling2D: pooling('max', 2),
  MaxPooling3D: pooling('max', 3),
  AveragePooling1D: pooling('average', 1),
  AveragePooling2D: pooling('average', 2),
  AveragePooling3D: pooling('average', 3),
  GlobalMaxPooling1D: globalPooling('max', 1),
  GlobalMaxPooling2D: globalPooling('max', 2),
  GlobalMaxPooling3D: globalPooling('max', 3),
  GlobalAveragePooling1D: globalPooling('average', 1),
  GlobalAveragePooling2D: globalPooling('average', 2),
  GlobalAveragePooling3D: globalPooling('average', 3),
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  RMSNormalization: rmsNormalization,
  UnitNormalization: unitNormalization,
  Normalization: normalization,
  Activation: activationLayer('Activation'),
  ReLU: activationLayer('ReLU'),
  LeakyReLU: activationLayer('LeakyReLU'),
  PReLU: prelu,
  ELU: activationLayer('ELU'),
  Softmax: activationLayer('Softmax'),
  Add: merging('Add'),
  Subtract: merging('Subtract'),
  Multiply: merging('Multiply'),
  Average: merging('Average'),
  Maximum: merging('Maximum'),
  Minimum: merging('Minimum'),
  Concatenate: concatenate,
  Dot: dot,
  Operation: operation,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  RepeatVector: repeatVector,
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Cropping3D: cropping(3),
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
  ZeroPadding3D: zeroPadding(3),
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling(2),
  UpSampling3D: upSampling(3),
  SimpleRNN: recurrent('SimpleRNN'),
  LSTM: recurrent('LSTM'),
  GRU: recurrent('GRU'),
  RNN: rnn,
  Bidirectional: bidirectional(() => INNER_TYPES),
  TimeDistributed: timeDistributed(() => INNER_TYPES),
  Masking: masking,
  EinsumDense: einsumDense,
  MultiHeadAttention: multiHeadAttention,
  GroupedQueryAttention: groupedQueryAttention,
  Attention: dotAttention,
  AdditiveAttention: additiveAttention,
  Rescaling: rescaling,
  Identity: passing('Identity'),
  Dropout: dropout,
  SpatialDropout1D: spatialDropout(1),
  SpatialDropout2D: spatialDropout(2),
  SpatialDropout3D: spatialDropout(3),
  GaussianNoise: gaussianNoise,
  GaussianDropout: gaussianDropout,
  AlphaDropout: alphaDropout,
  ActivityRegularization: passing('ActivityRegularization'),
} as const satisfies Record<string, LayerType<unknown>>

export type LayerTypeName = keyof typeof LAYER_TYPES

/** The checked settings of a layer type. */
export type ConfigOf<Name extends LayerTypeName> = ReturnType<typeof LAYER_TYPES[Name]['parse']>

const INNER_TYPES: InnerTypes = { typeOf: layerTypeOf, get: (type) => LAYER_TYPES[type as LayerTypeName] as LayerType<unknown> }

const BY_CLASS_NAME = namesOf(false)
const OPERATIONS_BY_CLASS_NAME = namesOf(true)

/** The table's key for a Keras class name; `operation` tells `h + x` (class Add of keras.ops) from the layer Add. */
export function layerTypeOf (className: string, operation = false): LayerTypeName | undefined {
  return (operation ? OPERATIONS_BY_CLASS_NAME : BY_CLASS_NAME).get(className)
}

function namesOf (operation: boolean): Map<string, LayerTypeName> {
  const entries = Object.entries(LAYER_TYPES) as Array<[LayerTypeName, LayerType<unknown>]>
  return new Map(entries.filter(([, type]) => type.operation === operation).flatMap(([name, { classNames }]) => classNames.map((className) => [className, name])))
}
