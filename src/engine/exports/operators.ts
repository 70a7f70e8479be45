/** What each operator of exports computes, in TensorFlow's operations: the reference that written files are held against. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import type { Value, ValueType } from '../../models/exports/graph.ts'
import type { Operator, OperatorName, Pooling, Reducing, Spread } from '../../models/exports/operators.ts'
import { broadcast } from '../../models/layers/shapes.ts'
import { convolve, convolveTransposed } from '../ops/convolution.ts'
import { elu, leakyRelu, relu, relu6, sigmoid, tanh } from '../ops/elementwise.ts'
import * as flat from '../ops/flat.ts'
import { averagePool, maxPool } from '../ops/pooling.ts'
import { resizeBilinear } from '../ops/resize.ts'
import { sortDescending } from '../ops/sort.ts'
import { stridedSlice } from '../ops/strided-slice.ts'
import { stretch, tile } from '../ops/tile.ts'
import { activate } from '../layers/activations.ts'
import { depthwiseOf, dilated } from '../layers/convolution.ts'

/** `output`: its shape and type; sizes that are null are what remains. */
type Run<Attributes> = (inputs: readonly Tensor[], attributes: Attributes, output: Pick<Value, 'shape' | 'type'>) => Tensor

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
  cast: ([x], _, { type }) => converted(x!, type),
  conv2d: ([x, kernel, bias], { strides, padding, dilation }) => biased(tf.conv2d(x as Tensor4D, kernel as Tensor4D, [...strides] as [number, number], padding, 'NHWC', [...dilation] as [number, number]), bias),
  depthwise: ([x, kernel, bias], { dilation, ...window }) => biased(depthwiseOf(x!, dilated(kernel!, dilation), window), bias),
  conv3d: ([x, kernel, bias], { strides, padding, dilation }) => biased(convolve(x!, dilated(kernel!, dilation), { strides, padding }), bias),
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
  reshape: ([x], _, { shape }) => tf.reshape(x!, shape.map((size) => size ?? -1)),
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

function converted (x: Tensor, type: ValueType): Tensor {
  return type === 'bool' ? flat.toBool(x) : type === 'int32' ? (x.dtype === 'float32' ? flat.toWhole(x) : tf.cast(x, 'int32')) : tf.cast(x, 'float32')
}
