/** What each operator of exports computes, in TensorFlow's operations: the reference that written files are held against. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import type { Operator, OperatorName, Pooling, Reducing, Spread } from '../../models/exports/operators.ts'
import { spreadKernel } from '../../models/exports/constants.ts'
import { broadcast } from '../../models/layers/shapes.ts'
import type { SymbolicShape } from '../../models/tensor.ts'
import { convolve, convolveTransposed } from '../ops/convolution.ts'
import { elu, leakyRelu, relu, relu6, sigmoid, tanh } from '../ops/elementwise.ts'
import * as flat from '../ops/flat.ts'
import { averagePool, maxPool } from '../ops/pooling.ts'
import { resizeBilinear } from '../ops/resize.ts'
import { sortDescending } from '../ops/sort.ts'
import { stridedSlice } from '../ops/strided-slice.ts'
import { stretch, tile } from '../ops/tile.ts'
import { activate } from '../layers/activations.ts'

/** `shape`: of the output; null is what remains. */
type Run<Attributes> = (inputs: readonly Tensor[], attributes: Attributes, shape: SymbolicShape) => Tensor

const unary = (run: (x: Tensor) => Tensor): Run<unknown> => ([x]) => run(x!)
const binary = (run: (a: Tensor, b: Tensor) => Tensor): Run<unknown> => ([a, b]) => run(a!, b!)
const reduction = (run: (x: Tensor, axes: number[], keep: boolean) => Tensor): Run<Reducing> => ([x], { axes, keep }) => run(x!, [...axes], keep)
const pooling = (run: (x: Tensor, c: Pooling) => Tensor): Run<Pooling> => ([x], c) => run(x!, c)

export const RUNS: { readonly [Name in OperatorName]: Run<Operator[Name]> } = {
  relu: unary(relu),
  relu6: unary(relu6),
  tanh: unary(tanh),
  sigmoid: unary(sigmoid),
  exp: unary(tf.exp),
  log: unary(tf.log),
  sqrt: unary(tf.sqrt),
  rsqrt: unary(tf.rsqrt),
  square: unary(tf.square),
  abs: unary(tf.abs),
  neg: unary(tf.neg),
  sin: unary(tf.sin),
  cos: unary(tf.cos),
  elu: unary(elu),
  floor: unary(tf.floor),
  ceil: unary(tf.ceil),
  sign: unary(tf.sign),
  gelu: unary((x) => activate({ name: 'gelu' }, x)),
  softmax: unary((x) => tf.softmax(x)),
  logSoftmax: unary((x) => tf.logSoftmax(x)),
  add: binary(tf.add),
  sub: binary(tf.sub),
  mul: binary(tf.mul),
  div: binary(tf.div),
  floorMod: binary(tf.mod),
  maximum: binary(tf.maximum),
  minimum: binary(tf.minimum),
  pow: binary(tf.pow),
  atan2: binary(tf.atan2),
  less: binary(flat.less),
  lessEqual: binary(flat.lessEqual),
  greater: binary(flat.greater),
  greaterEqual: binary(flat.greaterEqual),
  equal: binary(flat.equal),
  notEqual: binary(flat.notEqual),
  logicalAnd: binary(flat.logicalAnd),
  logicalOr: binary(flat.logicalOr),
  logicalNot: unary(flat.logicalNot),
  select: (inputs) => {
    const [condition, a, b] = inputs.map((x) => stretch(x, broadcastShape(inputs.map(({ shape }) => shape)))) as [Tensor, Tensor, Tensor]
    return tf.where(condition, a, b)
  },
  mean: reduction(tf.mean),
  sum: reduction(tf.sum),
  max: reduction(tf.max),
  min: reduction(tf.min),
  prod: reduction(tf.prod),
  any: reduction(flat.any),
  all: reduction(flat.all),
  maxPool: pooling(maxPool),
  averagePool: pooling(averagePool),
  argMax: ([x], { axis }) => flat.argMax(x!, axis),
  argMin: ([x], { axis }) => flat.argMin(x!, axis),
  leakyRelu: ([x], { slope }) => leakyRelu(x!, slope),
  cast: ([x], _, __) => x!,
  conv2d: ([x, kernel, bias], { strides, padding, dilation }) => biased(tf.conv2d(x as Tensor4D, kernel as Tensor4D, [...strides] as [number, number], padding, 'NHWC', [...dilation] as [number, number]), bias),
  depthwise: ([x, kernel, bias], { strides, padding, dilation }) => {
    const run = (image: Tensor, at: readonly number[], edges: typeof padding) => tf.depthwiseConv2d(image as Tensor4D, spread(kernel!, dilation) as Tensor4D, [...at] as [number, number], edges)
    // TensorFlow's kernel takes one stride for both axes: unequal ones pick from all positions.
    if (strides.every((stride) => stride === strides[0])) return biased(run(x!, strides, padding), bias)
    const sizes = [0, 1].map((axis) => (kernel!.shape[axis]! - 1) * dilation[axis]! + 1)
    const edges = strides.map((stride, axis): [number, number] => padding === 'same' ? edgesOfSame(x!.shape[axis + 1]!, sizes[axis]!, stride) : [0, 0])
    const everywhere = run(tf.pad(x!, [[0, 0], ...edges, [0, 0]]), [1, 1], 'valid')
    const picked = stridedSlice(everywhere, { begins: [0, 0, 0, 0], ends: everywhere.shape, strides: [1, ...strides, 1] })
    return biased(picked, bias)
  },
  conv3d: ([x, kernel, bias], { strides, padding, dilation }) => biased(convolve(x!, spread(kernel!, dilation), { strides, padding }), bias),
  transposed2d: transposed,
  transposed3d: transposed,
  dense: ([x, kernel, bias]) => {
    const [inputs, units] = kernel!.shape as [number, number]
    return biased(tf.reshape(tf.matMul(tf.reshape(x!, [-1, inputs]), kernel!), [...x!.shape.slice(0, -1), units]), bias)
  },
  matmul: ([a, b], { adjoint }) => {
    const batch = broadcastShape([a!.shape.slice(0, -2), b!.shape.slice(0, -2)])
    const wide = (one: Tensor) => stretch(one, [...batch, ...one.shape.slice(-2)])
    return tf.matMul(wide(a!), wide(b!), false, adjoint)
  },
  reshape: ([x], _, shape) => tf.reshape(x!, shape.map((size) => size ?? -1)),
  transpose: ([x], { order }) => tf.transpose(x!, [...order]),
  concat: (inputs, { axis }) => tf.concat([...inputs], axis),
  pad: ([x], { edges, value }) => tf.pad(x!, edges.map(([before, after]) => [before, after]), value),
  slice: ([x], { begins, ends, strides }) => stridedSlice(x!, { begins, ends: ends.map((end, axis) => end ?? x!.shape[axis]!), strides }),
  tile: ([x], { times }) => tile(x!, times),
  gather: ([x, indices], { axis }) => tf.gather(x!, indices as tf.Tensor1D, axis),
  resizeBilinear: ([x], { sizes }) => resizeBilinear(x!, sizes as [number, number]),
  reverse: ([x], { axis }) => tf.reverse(x!, axis),
  cumsum: ([x], { axis }) => tf.cumsum(x!, axis),
  sort: ([x]) => sortDescending(x!),
}

function transposed ([x, kernel]: readonly Tensor[], { strides, padding, sizes }: Spread): Tensor {
  return convolveTransposed(x!, kernel!, { strides, padding, shape: [x!.shape[0]!, ...sizes, kernel!.shape.at(-2)!] })
}

function broadcastShape (shapes: ReadonlyArray<readonly number[]>): number[] {
  return shapes.reduce((a, b) => broadcast(a, b) as number[], []) as number[]
}

function biased (y: Tensor, bias: Tensor | undefined): Tensor {
  return bias === undefined ? y : tf.add(y, bias)
}

/** With zeros in place of what dilation leaves out: TensorFlow's kernels for the CPU dilate only some convolutions. */
function spread (kernel: Tensor, dilation: readonly number[]): Tensor {
  if (dilation.every((rate) => rate === 1)) return kernel
  const { numbers, shape } = spreadKernel(kernel.dataSync() as Float32Array, kernel.shape, dilation)
  return tf.tensor(numbers, shape)
}

function edgesOfSame (size: number, window: number, stride: number): [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}
