/** The forward pass of every layer type, keyed by the same table: a missing one is a type error. */
import type { ConfigOf, LayerTypeName } from '../../models/layers/index.ts'
import type { ActivationConfig, PReLUConfig } from '../../models/layers/activation-layers.ts'
import * as tf from '@tensorflow/tfjs-core'
import { activate } from './activations.ts'
import { dotAttention, einsumDense, multiHead } from './attention.ts'
import { batchNormalization } from './batch-normalization.ts'
import { convolution, depthwise, separable, transposed } from './convolution.ts'
import { dense, embedding, masking, pass } from './core.ts'
import { unary, weightOf, type Forward } from './forward.ts'
import { concatenate, dot, merging } from './merging.ts'
import { alphaDropout, dropout, gaussianDropout, gaussianNoise, spatialDropout } from './noise.ts'
import { groupNormalization, layerNormalization, normalization, rmsNormalization, unitNormalization } from './normalization.ts'
import { operation } from './operations/index.ts'
import { globalPooling, pooling } from './pooling.ts'
import { recurrent } from './recurrent.ts'
import { cropping, flatten, permute, repeatVector, rescaling, reshape, upSampling, zeroPadding } from './reshaping.ts'
import { bidirectional, timeDistributed } from './wrappers.ts'

export type { Forward, ForwardContext, RandomSource, Weights } from './forward.ts'

const activation: Forward<ActivationConfig> = unary((c, x) => activate(c.activation, x))

const prelu: Forward<PReLUConfig> = unary((_, x, weights) => tf.sub(tf.relu(x), tf.mul(weightOf(weights, 'alpha'), tf.relu(tf.neg(x)))))

export const FORWARDS: { readonly [Name in LayerTypeName]: Forward<ConfigOf<Name>> } = {
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
  TimeDistributed: timeDistributed((type) => FORWARDS[type as LayerTypeName] as Forward<unknown>),
  Masking: masking,
  EinsumDense: einsumDense,
  MultiHeadAttention: multiHead,
  GroupedQueryAttention: multiHead,
  Attention: dotAttention,
  AdditiveAttention: dotAttention,
  Rescaling: rescaling,
  Identity: pass,
  Dropout: dropout,
  SpatialDropout1D: spatialDropout,
  SpatialDropout2D: spatialDropout,
  SpatialDropout3D: spatialDropout,
  GaussianNoise: gaussianNoise,
  GaussianDropout: gaussianDropout,
  AlphaDropout: alphaDropout,
  ActivityRegularization: pass,
}
