/** How each layer type passes on a flow that is never negative: by |w|, without shifts, every activation taken as the identity. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { ArchitectureLayer } from '../../models/architecture/types.ts'
import type { LayerTypeName } from '../../models/layers/index.ts'
import type { OperationConfig, OperationName } from '../../models/layers/operations/index.ts'
import type { TimeDistributedConfig } from '../../models/layers/wrappers.ts'
import type { Weights } from '../layers/index.ts'

/** A layer that is linear in its inputs, and what its weights are turned into. */
export interface LinearLayer {
  /** Null: the flow passes as it is. */
  readonly layer: ArchitectureLayer | null
  weights (weights: Weights): Weights
}

type Linear = (layer: ArchitectureLayer) => LinearLayer | undefined

/** Absolute values; what a layer without shifts does not read stays out. */
const absolute = (weights: Weights): Weights => Object.fromEntries(Object.entries(weights).map(([role, weight]) => [role, tf.abs(weight)]))

const changed = (layer: ArchitectureLayer, config: object, weights = absolute): LinearLayer => ({ layer: { ...layer, config: { ...layer.config as object, ...config } }, weights })

/** Activations, noise and scalings of the input, all of which keep the form of their input. */
const passed: Linear = (layer) => isGlu(layer) ? undefined : { layer: null, weights: () => ({}) }

/** Sums, maxima and changes of form: linear as they are. */
const asIs: Linear = (layer) => ({ layer, weights: () => ({}) })

/** By |w|, without a bias. */
const weighted: Linear = (layer) => changed(layer, { useBias: false, biasLabels: null, activation: { name: 'linear' } })

/** |gamma| / sqrt(variance + epsilon), as at inference, without mean and shift. */
const normalised: Linear = (layer) => changed(layer, { center: false }, (weights) => {
  const { moving_mean: mean, moving_variance: variance, gamma } = weights as Record<string, Tensor>
  return { moving_mean: tf.zerosLike(mean!), moving_variance: variance!, ...(gamma !== undefined && { gamma: tf.abs(gamma) }) }
})

const atEveryStep: Linear = (layer) => {
  const { inner } = layer.config as TimeDistributedConfig
  const linear = LINEAR[inner.type as LayerTypeName]?.({ ...layer, type: inner.type as LayerTypeName, config: inner.config })
  if (linear === undefined || linear.layer === null) return linear
  return { ...linear, layer: { ...layer, config: { inner: { ...inner, config: linear.layer.config } } } }
}

const SUMS: ReadonlySet<OperationName> = new Set(['Add', 'Maximum', 'Mean', 'Sum', 'Max', 'Reshape', 'Ravel', 'Transpose', 'Swapaxes', 'Moveaxis', 'ExpandDims', 'Squeeze', 'Concatenate'] as const)
const IDENTITIES: ReadonlySet<OperationName> = new Set(['Relu', 'Relu6', 'LeakyRelu', 'Elu', 'Selu', 'Celu', 'Gelu', 'Silu', 'Sigmoid', 'HardSigmoid', 'HardSilu', 'Tanh', 'Softmax', 'Softplus', 'Copy'] as const)

/** Operations between values of the model; constants would be shifts. */
const operation: Linear = (layer) => {
  const { operation: name, operands } = layer.config as OperationConfig
  if (!operands.every((one) => 'input' in one)) return undefined
  return IDENTITIES.has(name) ? passed(layer) : SUMS.has(name) ? asIs(layer) : undefined
}

/** What is not named here multiplies values with one another, takes their differences or looks them up. */
const LINEAR: { readonly [Name in LayerTypeName]?: Linear } = {
  InputLayer: passed,
  Dense: weighted,
  EinsumDense: weighted,
  Conv1D: weighted,
  Conv2D: weighted,
  Conv3D: weighted,
  Conv1DTranspose: weighted,
  Conv2DTranspose: weighted,
  Conv3DTranspose: weighted,
  DepthwiseConv1D: weighted,
  DepthwiseConv2D: weighted,
  SeparableConv1D: weighted,
  SeparableConv2D: weighted,
  BatchNormalization: normalised,
  TimeDistributed: atEveryStep,
  Operation: operation,
  ...each(passed, ['Activation', 'ReLU', 'LeakyReLU', 'PReLU', 'ELU', 'Softmax', 'Rescaling', 'Normalization', 'Identity', 'ActivityRegularization', 'Dropout', 'SpatialDropout1D', 'SpatialDropout2D', 'SpatialDropout3D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout']),
  ...each(asIs, ['MaxPooling1D', 'MaxPooling2D', 'MaxPooling3D', 'AveragePooling1D', 'AveragePooling2D', 'AveragePooling3D', 'GlobalMaxPooling1D', 'GlobalMaxPooling2D', 'GlobalMaxPooling3D', 'GlobalAveragePooling1D', 'GlobalAveragePooling2D', 'GlobalAveragePooling3D']),
  ...each(asIs, ['Add', 'Average', 'Maximum', 'Concatenate', 'Flatten', 'Reshape', 'Permute', 'RepeatVector', 'Cropping1D', 'Cropping2D', 'Cropping3D', 'ZeroPadding1D', 'ZeroPadding2D', 'ZeroPadding3D', 'UpSampling1D', 'UpSampling2D', 'UpSampling3D']),
}

/** Throws `unsupported-layer` for a layer through which no flow can be followed. */
export function linearLayer (layer: ArchitectureLayer): LinearLayer {
  const linear = layer.type === undefined ? undefined : LINEAR[layer.type]?.(layer)
  if (linear === undefined) {
    throw new EspalierError('unsupported-layer', `synflow follows a flow through layers that add up and multiply by weights; the layer "${layer.path}" of type ${layer.className} does something else`, { layer: layer.path })
  }
  return linear
}

function each (linear: Linear, names: readonly LayerTypeName[]): { readonly [Name in LayerTypeName]?: Linear } {
  return Object.fromEntries(names.map((name) => [name, linear]))
}

/** It multiplies one half of its input with the other. */
function isGlu ({ config }: ArchitectureLayer): boolean {
  return (config as { activation?: { name?: unknown } } | undefined)?.activation?.name === 'glu'
}
