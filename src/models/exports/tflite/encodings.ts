/** How TFLite writes each operator of exports: one line each. */
import { EspalierError } from '../../../errors.ts'
import type { Value, ValueType } from '../graph.ts'
import type { Dilated, Operator, OperatorName, Pooling, Reducing, Sliding } from '../operators.ts'
import type { TfliteEncoder } from './encoder.ts'
import { PADDING, TENSOR_TYPES, type BuiltinName } from './schema.ts'

export type Encoding<Attributes> = (e: TfliteEncoder, inputs: readonly Value[], output: Value, attributes: Attributes, layer: string) => void

/** TFLite's kernels broadcast, slice and pad so many axes. */
const MAX_AXES = 5

/** Inputs and output as they are. */
const plain = (builtin: BuiltinName, version = 1): Encoding<unknown> => (e, inputs, output, _, layer) => {
  assertAxes(inputs, output, layer)
  e.add(builtin, inputs.map((input) => e.tensor(input)), [e.tensor(output)], {}, version)
}

const reduction = (builtin: BuiltinName): Encoding<Reducing> => (e, [x], output, { axes, keep }) => {
  e.add(builtin, [e.tensor(x!), e.integers(axes)], [e.tensor(output)], { keepAxes: keep })
}

const pooling = (builtin: BuiltinName): Encoding<Pooling> => (e, [x], output, { size, ...window }) => {
  e.add(builtin, [e.tensor(x!)], [e.tensor(output)], { ...sliding(window), height: size[0]!, width: size[1]! })
}

const place = (builtin: BuiltinName): Encoding<{ readonly axis: number }> => (e, [x], output, { axis }) => {
  e.add(builtin, [e.tensor(x!), e.integers([axis])], [e.tensor(output)], { type: TENSOR_TYPES.int32 })
}

export const ENCODINGS: { readonly [Name in OperatorName]: Encoding<Operator[Name]> } = {
  relu: plain('RELU'),
  relu6: plain('RELU6'),
  tanh: plain('TANH'),
  sigmoid: plain('LOGISTIC'),
  exp: plain('EXP'),
  log: plain('LOG'),
  sqrt: plain('SQRT'),
  rsqrt: plain('RSQRT'),
  square: plain('SQUARE'),
  abs: plain('ABS'),
  neg: plain('NEG'),
  sin: plain('SIN'),
  cos: plain('COS'),
  elu: plain('ELU'),
  floor: plain('FLOOR'),
  ceil: plain('CEIL'),
  sign: plain('SIGN'),
  gelu: plain('GELU'),
  add: plain('ADD'),
  sub: plain('SUB'),
  mul: plain('MUL'),
  div: plain('DIV'),
  floorMod: plain('FLOOR_MOD'),
  maximum: plain('MAXIMUM'),
  minimum: plain('MINIMUM'),
  pow: plain('POW'),
  atan2: plain('ATAN2'),
  less: plain('LESS'),
  lessEqual: plain('LESS_EQUAL'),
  greater: plain('GREATER'),
  greaterEqual: plain('GREATER_EQUAL'),
  equal: plain('EQUAL'),
  notEqual: plain('NOT_EQUAL'),
  logicalAnd: plain('LOGICAL_AND'),
  logicalOr: plain('LOGICAL_OR'),
  logicalNot: plain('LOGICAL_NOT'),
  select: plain('SELECT_V2'),
  mean: reduction('MEAN'),
  sum: reduction('SUM'),
  max: reduction('REDUCE_MAX'),
  min: reduction('REDUCE_MIN'),
  prod: reduction('REDUCE_PROD'),
  any: reduction('REDUCE_ANY'),
  all: reduction('REDUCE_ALL'),
  maxPool: pooling('MAX_POOL_2D'),
  averagePool: pooling('AVERAGE_POOL_2D'),
  argMax: place('ARG_MAX'),
  argMin: place('ARG_MIN'),
  softmax: (e, [x], y) => { e.add('SOFTMAX', [e.tensor(x!)], [e.tensor(y)], { beta: 1 }) },
  logSoftmax: plain('LOG_SOFTMAX'),
  leakyRelu: (e, [x], y, { slope }) => { e.add('LEAKY_RELU', [e.tensor(x!)], [e.tensor(y)], { alpha: slope }) },
  cast: (e, [x], y) => { e.add('CAST', [e.tensor(x!)], [e.tensor(y)], { from: typeOf(x!.type), to: typeOf(y.type) }) },
  conv2d: (e, [x, kernel, bias], y, window) => {
    e.add('CONV_2D', [e.tensor(x!), e.laidOut(kernel!, [3, 0, 1, 2]), biasOf(e, y, bias)], [e.tensor(y)], dilated(window))
  },
  depthwise: (e, [x, kernel, bias], y, window) => {
    const [height, width, channels, multiplier] = kernel!.shape as number[] as [number, number, number, number]
    const weights = e.laidOut(kernel!, [0, 1, 2, 3], [1, height, width, channels * multiplier])
    e.add('DEPTHWISE_CONV_2D', [e.tensor(x!), weights, biasOf(e, y, bias)], [e.tensor(y)], { ...dilated(window), multiplier }, isDilated(window) ? 2 : 1)
  },
  transposed2d: (e, [x, kernel], y, { sizes, ...window }) => {
    e.add('TRANSPOSE_CONV', [outputShape(e, x!, [...sizes, y.shape[3]!]), e.laidOut(kernel!, [2, 0, 1, 3]), e.tensor(x!)], [e.tensor(y)], sliding(window))
  },
  conv3d: (e, [x, kernel, bias], y, window) => {
    e.add('CONV_3D', [e.tensor(x!), e.tensor(kernel!), ...bias === undefined ? [] : [e.tensor(bias)]], [e.tensor(y)], deep(window))
  },
  transposed3d: (e, [x, kernel], y, { sizes, ...window }) => {
    e.add('CONV_3D_TRANSPOSE', [outputShape(e, x!, [...sizes, y.shape[4]!]), e.tensor(kernel!), e.tensor(x!)], [e.tensor(y)], deep({ ...window, dilation: [1, 1, 1] }))
  },
  dense: (e, [x, kernel, bias], y) => {
    e.add('FULLY_CONNECTED', [e.tensor(x!), e.laidOut(kernel!, [1, 0]), biasOf(e, y, bias)], [e.tensor(y)], { keepAxes: x!.shape.length > 2 }, x!.shape.length > 2 ? 5 : 1)
  },
  matmul: (e, [a, b], y, { adjoint }, layer) => {
    assertAxes([a!, b!], y, layer)
    e.add('BATCH_MATMUL', [e.tensor(a!), e.tensor(b!)], [e.tensor(y)], { adjointX: false, adjointY: adjoint })
  },
  reshape: (e, [x], y) => { e.add('RESHAPE', [e.tensor(x!), e.integers(y.shape.map((size) => size ?? -1))], [e.tensor(y)]) },
  transpose: (e, [x], y, { order }) => { e.add('TRANSPOSE', [e.tensor(x!), e.integers(order)], [e.tensor(y)]) },
  concat: (e, inputs, y, { axis }) => { e.add('CONCATENATION', inputs.map((input) => e.tensor(input)), [e.tensor(y)], { axis }) },
  pad: (e, [x], y, { edges, value }, layer) => {
    assertAxes([x!], y, layer)
    const pairs = e.integers(edges.flat(), [edges.length, 2])
    if (value === 0) e.add('PAD', [e.tensor(x!), pairs], [e.tensor(y)])
    else e.add('PADV2', [e.tensor(x!), pairs, e.float(value)], [e.tensor(y)])
  },
  slice: (e, [x], y, { begins, ends, strides }, layer) => {
    assertAxes([x!], y, layer)
    const endMask = ends.reduce<number>((mask, end, axis) => end === null ? mask | 1 << axis : mask, 0)
    e.add('STRIDED_SLICE', [e.tensor(x!), e.integers(begins), e.integers(ends.map((end) => end ?? 0)), e.integers(strides)], [e.tensor(y)], { endMask })
  },
  tile: (e, [x], y, { times }) => { e.add('TILE', [e.tensor(x!), e.integers(times)], [e.tensor(y)]) },
  gather: (e, [x, indices], y, { axis }) => { e.add('GATHER', [e.tensor(x!), e.tensor(indices!)], [e.tensor(y)], { axis }) },
  resizeBilinear: (e, [x], y, { sizes }) => { e.add('RESIZE_BILINEAR', [e.tensor(x!), e.integers(sizes)], [e.tensor(y)], { halfPixelCenters: true }, 3) },
  reverse: (e, [x], y, { axis }) => { e.add('REVERSE_V2', [e.tensor(x!), e.integers([axis])], [e.tensor(y)]) },
  cumsum: (e, [x], y, { axis }) => { e.add('CUMSUM', [e.tensor(x!), e.integers([axis], [])], [e.tensor(y)]) },
  sort: (e, [x], y) => {
    const places = e.between(`${y.name}/places`, y.shape.map((size) => size ?? 1), 'int32')
    e.add('TOPK_V2', [e.tensor(x!), e.integers([x!.shape.at(-1)!], [])], [e.tensor(y), places])
  },
}

function sliding ({ strides, padding }: Sliding): Record<string, number> {
  return { padding: PADDING[padding], strideH: strides[0]!, strideW: strides[1]! }
}

function dilated (window: Dilated): Record<string, number> {
  return { ...sliding(window), dilationH: window.dilation[0]!, dilationW: window.dilation[1]! }
}

function deep ({ strides, padding, dilation }: Dilated): Record<string, number> {
  return {
    padding: PADDING[padding], strideD: strides[0]!, strideH: strides[1]!, strideW: strides[2]!, dilationD: dilation[0]!, dilationH: dilation[1]!, dilationW: dilation[2]!,
  }
}

function isDilated ({ dilation }: Dilated): boolean {
  return dilation.some((rate) => rate > 1)
}

/** Some runtimes want one in any case. */
function biasOf (e: TfliteEncoder, y: Value, bias: Value | undefined): number {
  return bias === undefined ? e.zeros(y.shape.at(-1)!) : e.tensor(bias)
}

/** The batch of `x` with the sizes that are known. */
function outputShape (e: TfliteEncoder, x: Value, sizes: readonly number[]): number {
  if (x.shape[0] !== null) return e.integers([x.shape[0]!, ...sizes])
  const [shape, batch, whole] = [e.between('shape', [x.shape.length], 'int32'), e.between('batch', [1], 'int32'), e.between('sizes', [x.shape.length], 'int32')]
  e.add('SHAPE', [e.tensor(x)], [shape], { type: TENSOR_TYPES.int32 })
  e.add('STRIDED_SLICE', [shape, e.integers([0]), e.integers([1]), e.integers([1])], [batch])
  e.add('CONCATENATION', [batch, e.integers(sizes)], [whole], { axis: 0 })
  return whole
}

function typeOf (type: ValueType): number {
  return TENSOR_TYPES[type]
}

function assertAxes (inputs: readonly Value[], output: Value, layer: string): void {
  if (Math.max(...inputs.map(({ shape }) => shape.length), output.shape.length) <= MAX_AXES) return
  throw new EspalierError('unsupported-layer', `the layer "${layer}" cannot be exported to TFLite: it computes with more than ${MAX_AXES} axes`, { layer })
}
