/** How ONNX writes each operator of exports: one line each. */
import type { Value, ValueType } from '../graph.ts'
import type { Operator, OperatorName, Reducing } from '../operators.ts'
import type { OnnxEncoder } from './encoder.ts'
import { DATA_TYPES } from './messages.ts'
import { convolution, depthwise, inFront, pooling, transposed } from './windows.ts'

export type Encoding<Attributes> = (e: OnnxEncoder, inputs: readonly Value[], output: Value, attributes: Attributes, layer: string) => void

const LAST = 2n ** 63n - 1n
const FIRST = -(2n ** 63n)

const plain = (operator: string): Encoding<unknown> => (e, inputs, y) => { e.add(operator, inputs.map((input) => e.name(input)), y.name) }

const reduction = (operator: string): Encoding<Reducing> => (e, [x], y, { axes, keep }) => {
  e.add(operator, [e.name(x!), e.integers(axes)], y.name, { keepdims: Number(keep) })
}

/** Of bools, as whole numbers. */
const ofBools = (operator: string): Encoding<Reducing> => (e, [x], y, { axes, keep }) => {
  const numbers = e.between('Cast', [e.name(x!)], { to: DATA_TYPES.int32 })
  e.add('Cast', [e.between(operator, [numbers, e.integers(axes)], { keepdims: Number(keep) })], y.name, { to: DATA_TYPES.bool })
}

const place = (operator: string): Encoding<{ readonly axis: number }> => (e, [x], y, { axis }) => {
  e.add('Cast', [e.between(operator, [e.name(x!)], { axis, keepdims: 0 })], y.name, { to: DATA_TYPES.int32 })
}

export const ENCODINGS: { readonly [Name in OperatorName]: Encoding<Operator[Name]> } = {
  relu: plain('Relu'),
  relu6: (e, [x], y) => { e.add('Clip', [e.name(x!), e.number(0), e.number(6)], y.name) },
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  rsqrt: (e, [x], y) => { e.add('Reciprocal', [e.between('Sqrt', [e.name(x!)])], y.name) },
  square: (e, [x], y) => { e.add('Mul', [e.name(x!), e.name(x!)], y.name) },
  abs: plain('Abs'),
  neg: plain('Neg'),
  sin: plain('Sin'),
  cos: plain('Cos'),
  elu: plain('Elu'),
  floor: plain('Floor'),
  ceil: plain('Ceil'),
  sign: plain('Sign'),
  gelu: plain('Gelu'),
  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  floorMod: (e, [a, b], y) => {
    // Mod has the sign of the divisor for whole numbers only.
    if (y.type === 'int32') return e.add('Mod', [e.name(a!), e.name(b!)], y.name)
    const whole = e.between('Floor', [e.between('Div', [e.name(a!), e.name(b!)])])
    e.add('Sub', [e.name(a!), e.between('Mul', [whole, e.name(b!)])], y.name)
  },
  maximum: plain('Max'),
  minimum: plain('Min'),
  pow: plain('Pow'),
  atan2: (e, [a, b], y) => {
    // Half a turn more or less where the second is negative.
    const turned = e.between('Where', [e.between('Less', [e.name(a!), e.number(0)]), e.number(-Math.PI), e.number(Math.PI)])
    const added = e.between('Where', [e.between('Less', [e.name(b!), e.number(0)]), turned, e.number(0)])
    e.add('Add', [e.between('Atan', [e.between('Div', [e.name(a!), e.name(b!)])]), added], y.name)
  },
  less: plain('Less'),
  lessEqual: plain('LessOrEqual'),
  greater: plain('Greater'),
  greaterEqual: plain('GreaterOrEqual'),
  equal: plain('Equal'),
  notEqual: (e, [a, b], y) => { e.add('Not', [e.between('Equal', [e.name(a!), e.name(b!)])], y.name) },
  logicalAnd: plain('And'),
  logicalOr: plain('Or'),
  logicalNot: plain('Not'),
  select: plain('Where'),
  mean: reduction('ReduceMean'),
  sum: reduction('ReduceSum'),
  max: reduction('ReduceMax'),
  min: reduction('ReduceMin'),
  prod: reduction('ReduceProd'),
  any: ofBools('ReduceMax'),
  all: ofBools('ReduceMin'),
  maxPool: (e, [x], y, window) => { pooling(e, 'MaxPool', x!, y, window) },
  averagePool: (e, [x], y, window) => { pooling(e, 'AveragePool', x!, y, window) },
  argMax: place('ArgMax'),
  argMin: place('ArgMin'),
  softmax: plain('Softmax'),
  logSoftmax: plain('LogSoftmax'),
  leakyRelu: (e, [x], y, { slope }) => { e.add('LeakyRelu', [e.name(x!)], y.name, { alpha: { float: slope } }) },
  cast: (e, [x], y) => { e.add('Cast', [e.name(x!)], y.name, { to: typeOf(y.type) }) },
  conv2d: convolution,
  depthwise,
  transposed2d: transposed,
  conv3d: convolution,
  transposed3d: transposed,
  dense: (e, inputs, y) => {
    const [x, , bias] = inputs
    // With quantized inputs a bias of int32 is added within, which only the operator for two axes does.
    if (bias !== undefined && x!.shape.length === 2 && e.quantizationOf(x!) !== undefined) return e.add('Gemm', [e.name(x!), ...e.product('product', inputs, 1, [0, 1])], y.name)
    const [weights] = e.product('product', inputs.slice(0, 2), 1, [0, 1])
    if (bias === undefined) return e.add('MatMul', [e.name(x!), weights!], y.name)
    e.add('Add', [e.between('MatMul', [e.name(x!), weights!]), e.name(bias)], y.name)
  },
  matmul: (e, [a, b], y, { adjoint }) => {
    const rank = b!.shape.length
    const order = [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2]
    e.add('MatMul', [e.name(a!), adjoint ? e.between('Transpose', [e.name(b!)], { perm: order }) : e.name(b!)], y.name)
  },
  reshape: (e, [x], y) => { e.add('Reshape', [e.name(x!), e.integers(y.shape.map((size) => size ?? -1))], y.name) },
  transpose: (e, [x], y, { order }) => { e.add('Transpose', [e.name(x!)], y.name, { perm: order }) },
  concat: (e, inputs, y, { axis }) => { e.add('Concat', inputs.map((input) => e.name(input)), y.name, { axis }) },
  pad: (e, [x], y, { edges, value }) => {
    e.add('Pad', [e.name(x!), e.integers([...edges.map(([before]) => before), ...edges.map(([, after]) => after)]), ...value === 0 ? [] : [e.number(value)]], y.name)
  },
  slice: (e, [x], y, { begins, ends, strides }) => {
    e.add('Slice', [e.name(x!), e.integers(begins), e.integers(ends.map((end) => end ?? LAST)), e.integers([...begins.keys()]), e.integers(strides)], y.name)
  },
  tile: (e, [x], y, { times }) => { e.add('Tile', [e.name(x!), e.integers(times)], y.name) },
  gather: (e, [x, indices], y, { axis }) => { e.add('Gather', [e.name(x!), e.name(indices!)], y.name, { axis }) },
  resizeBilinear: (e, [x], y, { sizes }) => {
    const scales = e.name({ name: 'scales', shape: [4], type: 'float32', numbers: Float32Array.of(1, 1, sizes[0]! / x!.shape[1]!, sizes[1]! / x!.shape[2]!) })
    inFront(e, x!, y, (image) => e.between('Resize', [image, '', scales], { mode: 'linear', coordinate_transformation_mode: 'half_pixel' }))
  },
  reverse: (e, [x], y, { axis }) => { e.add('Slice', [e.name(x!), e.integers([-1]), e.integers([FIRST]), e.integers([axis]), e.integers([-1])], y.name) },
  cumsum: (e, [x], y, { axis }) => { e.add('CumSum', [e.name(x!), e.integers([axis])], y.name) },
  sort: (e, [x], y) => { e.add('TopK', [e.name(x!), e.integers([x!.shape.at(-1)!])], [y.name, `${y.name}/places`]) },
}

function typeOf (type: ValueType): number {
  return DATA_TYPES[type]
}
