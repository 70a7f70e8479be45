/** The table of layer types and their dead channels: one line each, a missing one is a type error. */
import type { ConfigOf, LayerTypeName } from '../../../../models/layers/index.ts'
import type { TimeDistributedConfig } from '../../../../models/layers/wrappers.ts'
import { moved, nothingKnown, passOn, type DeadRule } from '../rule.ts'
import { dotAttention, heads } from './attention.ts'
import { concatenate, merging } from './merging.ts'
import { operation } from './operations.ts'
import { dense, einsumDense, embedding } from './products.ts'
import { bidirectional, recurrent } from './recurrent.ts'
import { activation, batchNormalization, globalPooling, positions, prelu, rescaling, zeroPadding } from './values.ts'
import { convolution, depthwise, separable, transposed } from './windows.ts'

/** One step is as the other. */
const timeDistributed: DeadRule<TimeDistributedConfig> = {
  pass (passage) {
    const { c, inputs, inputLabels, inputShapes, outputLabels, outputShapes } = passage
    const atOneStep = <T>([batch, , ...rest]: readonly T[]): T[] => [batch!, ...rest]
    const inner = deadRuleOf(c.inner.type).pass({
      ...passage, c: c.inner.config, inputs: inputs.map(atOneStep), inputLabels: inputLabels.map(atOneStep), inputShapes: inputShapes.map(atOneStep), outputLabels: outputLabels.map(atOneStep), outputShapes: outputShapes.map(atOneStep),
      foldBehind: (axis, axes) => passage.foldBehind(axis + 1, axes),
    })
    return inner.map(([batch, ...rest]) => [batch!, null, ...rest])
  },
}

export const DEAD_RULES: { readonly [Name in LayerTypeName]: DeadRule<ConfigOf<Name>> } = {
  InputLayer: nothingKnown,
  Dense: dense,
  Embedding: embedding,
  Conv1D: convolution,
  Conv2D: convolution,
  Conv3D: convolution,
  Conv1DTranspose: transposed,
  Conv2DTranspose: transposed,
  Conv3DTranspose: transposed,
  DepthwiseConv1D: depthwise,
  DepthwiseConv2D: depthwise,
  SeparableConv1D: separable,
  SeparableConv2D: separable,
  MaxPooling1D: positions,
  MaxPooling2D: positions,
  MaxPooling3D: positions,
  AveragePooling1D: positions,
  AveragePooling2D: positions,
  AveragePooling3D: positions,
  GlobalMaxPooling1D: globalPooling,
  GlobalMaxPooling2D: globalPooling,
  GlobalMaxPooling3D: globalPooling,
  GlobalAveragePooling1D: globalPooling,
  GlobalAveragePooling2D: globalPooling,
  GlobalAveragePooling3D: globalPooling,
  BatchNormalization: batchNormalization,
  LayerNormalization: nothingKnown,
  GroupNormalization: nothingKnown,
  RMSNormalization: nothingKnown,
  UnitNormalization: nothingKnown,
  Normalization: nothingKnown,
  Activation: activation,
  ReLU: activation,
  LeakyReLU: activation,
  PReLU: prelu,
  ELU: activation,
  Softmax: activation,
  Add: merging,
  Subtract: merging,
  Multiply: merging,
  Average: merging,
  Maximum: merging,
  Minimum: merging,
  Concatenate: concatenate,
  Dot: nothingKnown,
  Operation: operation,
  Flatten: moved,
  Reshape: moved,
  Permute: moved,
  RepeatVector: moved,
  Cropping1D: positions,
  Cropping2D: positions,
  Cropping3D: positions,
  ZeroPadding1D: zeroPadding,
  ZeroPadding2D: zeroPadding,
  ZeroPadding3D: zeroPadding,
  UpSampling1D: positions,
  UpSampling2D: positions,
  UpSampling3D: positions,
  SimpleRNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  Bidirectional: bidirectional,
  TimeDistributed: timeDistributed,
  Masking: nothingKnown,
  EinsumDense: einsumDense,
  MultiHeadAttention: heads,
  GroupedQueryAttention: heads,
  Attention: dotAttention,
  AdditiveAttention: dotAttention,
  Rescaling: rescaling,
  Identity: passOn,
  Dropout: passOn,
  SpatialDropout1D: passOn,
  SpatialDropout2D: passOn,
  SpatialDropout3D: passOn,
  GaussianNoise: passOn,
  GaussianDropout: passOn,
  AlphaDropout: passOn,
  ActivityRegularization: passOn,
}

export function deadRuleOf (type: string): DeadRule<unknown> {
  return DEAD_RULES[type as LayerTypeName] as DeadRule<unknown>
}
