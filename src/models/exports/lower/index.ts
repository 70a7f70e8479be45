/** The table of lowerings, keyed by the layer table: a missing one is a type error. */
import type { ConfigOf, LayerTypeName } from '../../layers/index.ts'
import { activation, prelu } from './activations.ts'
import { dotAttention, multiHead } from './attention.ts'
import { convolution, depthwise, separable, transposed } from './convolution.ts'
import { dense, embedding, masking, pass } from './core.ts'
import { einsumDense } from './einsum.ts'
import type { Lowering } from './lowering.ts'
import { concatenate, dot, merging } from './merging.ts'
import { batchNormalization, groupNormalization, layerNormalization, normalization, rmsNormalization, unitNormalization } from './normalization.ts'
import { operation } from './operations.ts'
import { globalPooling, pooling } from './pooling.ts'
import { recurrent } from './recurrent.ts'
import { cropping, flatten, permute, repeatVector, rescaling, reshape, upSampling, zeroPadding } from './reshaping.ts'
import { bidirectional, timeDistributed } from './wrappers.ts'

export type { Application, Lowering, Weights } from './lowering.ts'

export const LOWERINGS: { readonly [Name in LayerTypeName]: Lowering<ConfigOf<Name>> } = {
  InputLayer: pass,
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
  MaxPooling1D: pooling,
  MaxPooling2D: pooling,
  MaxPooling3D: pooling,
  AveragePooling1D: pooling,
  AveragePooling2D: pooling,
  AveragePooling3D: pooling,
  GlobalMaxPooling1D: globalPooling,
  GlobalMaxPooling2D: globalPooling,
  GlobalMaxPooling3D: globalPooling,
  GlobalAveragePooling1D: globalPooling,
  GlobalAveragePooling2D: globalPooling,
  GlobalAveragePooling3D: globalPooling,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  RMSNormalization: rmsNormalization,
  UnitNormalization: unitNormalization,
  Normalization: normalization,
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
  Dot: dot,
  Operation: operation,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  RepeatVector: repeatVector,
  Cropping1D: cropping,
  Cropping2D: cropping,
  Cropping3D: cropping,
  ZeroPadding1D: zeroPadding,
  ZeroPadding2D: zeroPadding,
  ZeroPadding3D: zeroPadding,
  UpSampling1D: upSampling,
  UpSampling2D: upSampling,
  UpSampling3D: upSampling,
  SimpleRNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  Bidirectional: bidirectional,
  TimeDistributed: timeDistributed((type) => LOWERINGS[type as LayerTypeName] as Lowering<unknown>),
  Masking: masking,
  EinsumDense: einsumDense,
  MultiHeadAttention: multiHead,
  GroupedQueryAttention: multiHead,
  Attention: dotAttention,
  AdditiveAttention: dotAttention,
  Rescaling: rescaling,
  Identity: pass,
  Dropout: pass,
  SpatialDropout1D: pass,
  SpatialDropout2D: pass,
  SpatialDropout3D: pass,
  GaussianNoise: pass,
  GaussianDropout: pass,
  AlphaDropout: pass,
  ActivityRegularization: pass,
}
