/** Where a layer multiplies a kernel with what: the columns that its kernel weighs, as the layer's own forward pass sees them, padding included. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { ArchitectureLayer, WeightAxes } from '../../models/architecture/types.ts'
import type { ConvolutionConfig, DepthwiseConfig, SeparableConfig, TransposedConfig, WindowConfig } from '../../models/layers/convolution.ts'
import type { LayerTypeName } from '../../models/layers/index.ts'
import { placesOf } from '../../models/layers/attention.ts'
import type { EinsumDenseConfig } from '../../models/layers/einsum-dense.ts'
import { LAYOUTS } from '../../models/layers/layouts.ts'
import { PLAIN_CALL, type NodeCall } from '../../models/layers/layer-type.ts'
import type { TimeDistributedConfig } from '../../models/layers/wrappers.ts'
import { sizeOf, type Shape } from '../../models/tensor.ts'
import { runAlone } from '../forward.ts'
import { channelsLast } from '../layers/layout.ts'
import type { Weights } from '../layers/index.ts'
import { gatherRows } from '../ops/gather.ts'
import { matMul2d } from '../ops/matmul.ts'

/** A kernel as one matrix for each group of outputs: outputs of a group are the group's columns times its matrix. */
export interface LinearPart {
  readonly groups: number
  /** What the columns of one group are counted by: kernel positions, then input channels. */
  readonly columns: Shape
  /** [...columns, groups] with the axes as the kernel has them. */
  readonly normShape: Shape
  /** `values`: the columns come out of the input by sums; `rows`: as they are, along its last axis; `indices`: each input names one column. */
  readonly kind: 'values' | 'rows' | 'indices'
  /** What the kernel is applied to. */
  input (inputs: readonly Tensor[], weights: Weights, call?: NodeCall): Tensor
  /** The outputs [..., groups * n] of another kernel [...columns, groups * n]. */
  run (x: Tensor, kernel: Tensor): Tensor
}

type Part<C> = (layer: ArchitectureLayer & { readonly config: C }, kernel: Shape) => LinearPart | string

/** The settings of a layer that only multiplies. */
const BARE = { format: 'channels_last', useBias: false, activation: { name: 'linear' } } as const

const convolution: Part<ConvolutionConfig> = ({ config: c }, kernel) => windowed(c, {
  ...laidOut(LAYOUTS.Conv.kernel(c.rank, c.groups), kernel, c.groups),
  run: (x, weight) => apply(`Conv${c.rank}D` as LayerTypeName, { ...c, ...BARE }, x, { kernel: weight }),
})

const depthwise: Part<DepthwiseConfig> = ({ config: c }, kernel) => windowed(c, perChannel(c, kernel))

const pointwise: Part<SeparableConfig> = ({ config: c }, kernel) => ({
  ...laidOut(LAYOUTS.SeparableConv.pointwise_kernel(c.rank), kernel),
  ...flat(kernel.at(-2)!),
  input: ([x], weights) => apply(`DepthwiseConv${c.rank}D` as LayerTypeName, { ...c, ...BARE }, channelsLast(x!, c.format), { kernel: weights.depthwise_kernel! }),
})

const transposed: Part<TransposedConfig> = ({ config: c }, kernel) => {
  const part = laidOut(LAYOUTS.ConvTranspose.kernel(c.rank), kernel)
  return windowed(c, {
    ...part,
    run (x, weight) {
      // Keras has the outputs before the inputs.
      const swapped = tf.transpose(weight, [...c.kernelSize.keys(), c.rank + 1, c.rank])
      return apply(`Conv${c.rank}DTranspose` as LayerTypeName, { ...c, ...BARE, filters: weight.shape.at(-1)! }, x, { kernel: swapped })
    },
  })
}

/** The last axis of the layer's first input. */
const lastAxis = (_: unknown, kernel: Shape): LinearPart => ({ ...laidOut(LAYOUTS.Dense.kernel, kernel), ...flat(kernel[0]!), input: ([x]) => x! })

/** The last axis of the argument that attention projects. */
const argument = (role: 'query' | 'key' | 'value'): Part<unknown> => (_, kernel) => ({
  ...laidOut(LAYOUTS.Attention[`${role}/kernel`], kernel),
  ...flat(kernel[0]!),
  input (inputs, _, call = PLAIN_CALL) {
    const places = placesOf(call)
    return inputs[places[role] ?? places.value]!
  },
})

/** The last axes of the input, where the equation sums over them and the kernel begins with them. */
const summedAxes = ({ config: { equation } }: { readonly config: EinsumDenseConfig }, kernel: Shape): LinearPart | string => {
  const [inputs, labels] = equation.operands as [readonly string[], readonly string[]]
  const summed = labels.filter((label) => !equation.output.includes(label))
  const own = labels.slice(summed.length)
  if (String(labels.slice(0, summed.length)) !== String(summed) || String(inputs.slice(-summed.length)) !== String(summed) || own.some((label) => inputs.includes(label))) {
    return 'its equation does not multiply the last axes of the input with the first of the kernel'
  }
  const part = laidOut(LAYOUTS.EinsumDense.kernel(labels, equation.output), kernel)
  const size = sizeOf(part.columns)
  return {
    ...flat(size),
    ...part,
    input: ([x]) => tf.reshape(x!, [...x!.shape.slice(0, -summed.length), size]),
    run: (x, weight) => matMul2d(tf.reshape(x, [-1, size]), tf.reshape(weight, [size, -1])),
  }
}

const lookup: Part<unknown> = (_, kernel) => ({
  ...laidOut(LAYOUTS.Embedding.embeddings, kernel),
  kind: 'indices',
  input: ([x]) => x!,
  run: (x, kernel) => gatherRows(kernel, tf.cast(x, 'int32')),
})

const ATTENTION = { 'query/kernel': argument('query'), 'key/kernel': argument('key'), 'value/kernel': argument('value'), 'gate/kernel': argument('query') } as const

/** By layer type and role of the weight. */
const PARTS: { readonly [Name in LayerTypeName]?: Readonly<Record<string, Part<never>>> } = {
  Dense: { kernel: lastAxis },
  Embedding: { embeddings: lookup },
  Conv1D: { kernel: convolution },
  Conv2D: { kernel: convolution },
  Conv3D: { kernel: convolution },
  Conv1DTranspose: { kernel: transposed },
  Conv2DTranspose: { kernel: transposed },
  Conv3DTranspose: { kernel: transposed },
  DepthwiseConv1D: { kernel: depthwise },
  DepthwiseConv2D: { kernel: depthwise },
  SeparableConv1D: { depthwise_kernel: depthwise, pointwise_kernel: pointwise },
  SeparableConv2D: { depthwise_kernel: depthwise, pointwise_kernel: pointwise },
  EinsumDense: { kernel: summedAxes },
  MultiHeadAttention: ATTENTION,
  GroupedQueryAttention: ATTENTION,
  // Masked steps count. The inputs of recurrent kernels are states, which stay within the layer.
  SimpleRNN: { kernel: lastAxis },
  LSTM: { kernel: lastAxis },
  GRU: { kernel: lastAxis },
  RNN: { kernel: lastAxis, 'cell_0/kernel': lastAxis },
  Bidirectional: { 'forward_layer/kernel': lastAxis, 'backward_layer/kernel': lastAxis, 'forward_layer/cell_0/kernel': lastAxis, 'backward_layer/cell_0/kernel': lastAxis },
}

/** The part of a weight; as text why there is none. */
export function linearPart (layer: ArchitectureLayer, role: string, kernel: Shape): LinearPart | string {
  if (layer.type === 'TimeDistributed') {
    const { inner } = layer.config as TimeDistributedConfig
    const part = linearPart({ ...layer, className: inner.type, type: inner.type as LayerTypeName, config: inner.config }, role, kernel)
    return typeof part === 'string' ? part : { ...part, input: ([x], weights) => part.input([stepsAsExamples(x!)], weights) }
  }
  const part = layer.type === undefined ? undefined : PARTS[layer.type]?.[role]
  if (part === undefined) return `what the weight ${role} of a layer of type ${layer.className} is multiplied with cannot be seen from outside the layer`
  return (part as Part<unknown>)(layer as ArchitectureLayer & { config: unknown }, kernel)
}

/** The columns of all positions of a batch: [rows, groups * k], group after group, k = product of `columns`. */
export function columnsOf (part: LinearPart, x: Tensor): Tensor {
  const size = sizeOf(part.columns)
  if (part.kind === 'rows') return tf.reshape(x, [-1, size])
  // A kernel that picks one column for each output gives the columns. It is made in the graph: as a constant it would be as large as a block.
  const pick = tf.cast(tf.oneHot(tf.range(0, size, 1, 'int32'), size), 'float32')
  const kernel = tf.reshape(part.groups === 1 ? pick : tf.tile(pick, [1, part.groups]), [...part.columns, part.groups * size])
  return tf.reshape(part.run(x, kernel), [-1, part.groups * size])
}

/**
 * The sum of squares of every column over all positions of a batch, [...columns, groups], and the number of positions. It is the derivative by the
 * kernel of the sum of all outputs for squared inputs.
 */
export function squaresOf (part: LinearPart, x: Tensor): { squares: Tensor, rows: number } {
  let rows = 0
  const outputs = (kernel: Tensor): Tensor => {
    const y = part.run(part.kind === 'indices' ? x : tf.square(x), kernel)
    rows = y.size / part.groups
    return y
  }
  return { squares: tf.grad(outputs)(tf.zeros([...part.columns, part.groups])), rows }
}

/** [batch, steps, ...] as [batch * steps, ...]. */
function stepsAsExamples (x: Tensor): Tensor {
  return tf.reshape(x, [x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)])
}

function windowed (c: WindowConfig, part: Pick<LinearPart, 'groups' | 'columns' | 'normShape' | 'run'>): LinearPart {
  return { kind: 'values', input: ([x]) => channelsLast(x!, c.format), ...part }
}

function perChannel (c: DepthwiseConfig, kernel: Shape): Pick<LinearPart, 'groups' | 'columns' | 'normShape' | 'run'> {
  const [window, channels] = [kernel.slice(0, -2), kernel.at(-2)!]
  return {
    ...laidOut(LAYOUTS.DepthwiseConv.kernel(c.rank), kernel, channels),
    run: (x, weight) => apply(`DepthwiseConv${c.rank}D` as LayerTypeName, { ...c, ...BARE }, x, { kernel: tf.reshape(weight, [...window, channels, -1]) }),
  }
}

/** Columns are counted along the axes that tell no outputs apart; groups stand in the place of the first that does. */
function laidOut ({ output }: WeightAxes, kernel: Shape, groups = 1): Pick<LinearPart, 'groups' | 'columns' | 'normShape'> {
  return {
    groups,
    columns: kernel.filter((_, axis) => !output.includes(axis)),
    normShape: kernel.map((size, axis) => !output.includes(axis) ? size : axis === output[0] ? groups : 1),
  }
}

function flat (inputs: number): Pick<LinearPart, 'groups' | 'columns' | 'kind' | 'run'> {
  return { groups: 1, columns: [inputs], kind: 'rows', run: (x, kernel) => matMul2d(tf.reshape(x, [-1, inputs]), kernel) }
}

/** A layer with these settings by itself. */
function apply (type: LayerTypeName, config: unknown, x: Tensor, weights: Weights): Tensor {
  const layer: ArchitectureLayer = { path: type, className: type, type, config, trainable: true, containers: [], indexInContainer: 0 }
  return runAlone(layer, [x], weights)[0]!
}
