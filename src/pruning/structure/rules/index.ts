/** The table of layer types and their channels: one line each, a missing one is a type error. */
import type { ConfigOf, LayerTypeName } from '../../../models/layers/index.ts'
import { passOn, refuse, type StructureRule } from '../rule.ts'
import { activation, prelu } from './activations.ts'
import { flatten, permute, repeatVector, rescaling, reshape } from './arranging.ts'
import { dotAttention, groupedQuery, multiHead } from './attention.ts'
import { convolution, depthwise, separable, transposed } from './convolution.ts'
import { dense, dropout, embedding, input, masking } from './core.ts'
import { einsumDense } from './einsum.ts'
import { concatenate, merging } from './merging.ts'
import { batchNormalization, groupNormalization, layerNormalization, normalization, rmsNormalization, unitNormalization } from './normalization.ts'
import { operation } from './operations/index.ts'
import { recurrent } from './recurrent.ts'
import { globalPooling, spatial } from './spatial.ts'
import { bidirectional, timeDistributed } from './wrappers.ts'

export const STRUCTURE_RULES: { readonly [Name in LayerTypeName]: StructureRule<ConfigOf<Name>> } = {
  InputLayer: input,
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
  MaxPooling1D: spatial,
  MaxPooling2D: spatial,
  MaxPooling3D: spatial,
  AveragePooling1D: spatial,
  AveragePooling2D: spatial,
  AveragePooling3D: spatial,
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
  Dot: refuse('products of its channels are summed'),
  Operation: operation,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  RepeatVector: repeatVector,
  Cropping1D: spatial,
  Cropping2D: spatial,
  Cropping3D: spatial,
  ZeroPadding1D: spatial,
  ZeroPadding2D: spatial,
  ZeroPadding3D: spatial,
  UpSampling1D: spatial,
  UpSampling2D: spatial,
  UpSampling3D: spatial,
  SimpleRNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  Bidirectional: bidirectional,
  TimeDistributed: timeDistributed(ruleOf),
  Masking: masking,
  EinsumDense: einsumDense,
  MultiHeadAttention: multiHead,
  GroupedQueryAttention: groupedQuery,
  Attention: dotAttention,
  AdditiveAttention: dotAttention,
  Rescaling: rescaling,
  Identity: passOn,
  Dropout: dropout,
  SpatialDropout1D: passOn,
  SpatialDropout2D: passOn,
  SpatialDropout3D: passOn,
  GaussianNoise: passOn,
  GaussianDropout: passOn,
  AlphaDropout: dropout,
  ActivityRegularization: passOn,
}

export function ruleOf (type: string): StructureRule<unknown> {
  return STRUCTURE_RULES[type as LayerTypeName] as StructureRule<unknown>
}
