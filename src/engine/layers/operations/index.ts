/** Forward passes of the operations of keras.ops, keyed by the table of src/models. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { OperationConfig, OperationName, SettingsOf } from '../../../models/layers/operations/index.ts'
import type { TypeName } from '../../../models/layers/operations/choosing.ts'
import { frontAxis } from '../../../models/layers/shapes.ts'
import type { Literal, Reduction } from '../../../models/layers/operations/operation.ts'
import { absolute, tanh } from '../../ops/elementwise.ts'
import { einsum } from '../../ops/einsum.ts'
import * as flat from '../../ops/flat.ts'
import { stretch } from '../../ops/tile.ts'
import { activate } from '../activations.ts'
import type { Forward } from '../forward.ts'
import { broadcastTo, concatenated, flip, moved, padded, repeated, reshaped, splitParts, squeezed, tiled, transposed, unstacked, withNewAxes } from './arranging.ts'
import { item, taken } from './indexing.ts'

type Run<S> = (inputs: readonly Tensor[], settings: S) => readonly Tensor[]

type Runs = { readonly [Name in OperationName]: Run<SettingsOf<Name>> }

/** Of floats; integers become floats. */
const unary = (run: (x: Tensor) => Tensor): Run<null> => ([x]) => [run(x!.dtype === 'float32' ? x! : tf.cast(x!, 'float32'))]

/** The type stays. */
const keeping = (run: (x: Tensor) => Tensor): Run<null> => ([x]) => [run(x!)]

const binary = (run: (a: Tensor, b: Tensor) => Tensor): Run<null> => ([a, b]) => [run(a!, b!)]

/** tfjs' gradients of these do not reduce to the smaller input. */
const ofOneShape = (run: (a: Tensor, b: Tensor) => Tensor): Run<null> => ([a, b]) => {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a!.shape, b!.shape)
  return [run(stretch(a!, shape), stretch(b!, shape))]
}

/** Of bools: what is not 0 is true. */
const logical = (run: (a: Tensor, b: Tensor) => Tensor): Run<null> => ([a, b]) => [run(flat.toBool(a!), flat.toBool(b!))]

const reduction = (run: (x: Tensor, axes: number[] | undefined, keepAxes: boolean) => Tensor): Run<Reduction> =>
  ([x], { axes, keepAxes }) => [run(x!, axes?.map((axis) => frontAxis(axis, x!.rank)), keepAxes)]

const activation: Run<{ readonly activation: Parameters<typeof activate>[0] }> = ([x], c) => [activate(c.activation, x!)]

const RUNS: Runs = {
  Absolute: keeping((x) => x.dtype === 'float32' ? absolute(x) : tf.abs(x)),
  Negative: keeping(tf.neg),
  Square: keeping(tf.square),
  Sqrt: unary(tf.sqrt),
  Rsqrt: unary(tf.rsqrt),
  Reciprocal: unary(tf.reciprocal),
  Exp: unary(tf.exp),
  Expm1: unary(tf.expm1),
  Log: unary(tf.log),
  Log1p: unary(tf.log1p),
  Erf: unary(tf.erf),
  Sin: unary(tf.sin),
  Cos: unary(tf.cos),
  Tan: unary(tf.tan),
  Sinh: unary(tf.sinh),
  Cosh: unary(tf.cosh),
  Arcsin: unary(tf.asin),
  Arccos: unary(tf.acos),
  Arctan: unary(tf.atan),
  Floor: unary(tf.floor),
  Ceil: unary(tf.ceil),
  Sign: unary(tf.sign),
  Copy: keeping(tf.clone),
  StopGradient: keeping(flat.stopGradient),
  OnesLike: ([x], { to }) => [tf.ones(x!.shape, to ?? x!.dtype)],
  ZerosLike: ([x], { to }) => [tf.zeros(x!.shape, to ?? x!.dtype)],
  Isnan: unary(flat.isNaN),
  Isinf: unary(flat.isInf),
  Isfinite: unary(flat.isFinite),
  LogicalNot: keeping((x) => flat.logicalNot(flat.toBool(x))),
  Add: binary(tf.add),
  Subtract: binary(tf.sub),
  Multiply: binary(tf.mul),
  // tfjs divides integers to integers.
  Divide: binary((a, b) => tf.div(tf.cast(a, 'float32'), tf.cast(b, 'float32'))),
  FloorDivide: binary((a, b) => tf.floor(tf.div(tf.cast(a, 'float32'), tf.cast(b, 'float32')))),
  Mod: binary(tf.mod),
  Power: binary(tf.pow),
  Maximum: ofOneShape(tf.maximum),
  Minimum: ofOneShape(tf.minimum),
  Arctan2: ofOneShape(tf.atan2),
  Equal: binary(flat.equal),
  NotEqual: binary(flat.notEqual),
  Greater: binary(flat.greater),
  GreaterEqual: binary(flat.greaterEqual),
  Less: binary(flat.less),
  LessEqual: binary(flat.lessEqual),
  LogicalAnd: logical(flat.logicalAnd),
  LogicalOr: logical(flat.logicalOr),
  LogicalXor: logical(flat.logicalXor),
  Mean: reduction((x, axes, keep) => tf.mean(tf.cast(x, 'float32'), axes, keep)),
  Sum: reduction(tf.sum),
  Max: reduction(tf.max),
  Min: reduction(tf.min),
  Prod: reduction(tf.prod),
  Var: reduction((x, axes, keep) => tf.moments(x, axes, keep).variance),
  Std: reduction((x, axes, keep) => tf.sqrt(tf.moments(x, axes, keep).variance)),
  Any: reduction((x, axes, keep) => flat.any(flat.toBool(x), axes, keep)),
  All: reduction((x, axes, keep) => flat.all(flat.toBool(x), axes, keep)),
  Logsumexp: reduction(tf.logSumExp),
  Argmax: ([x], c) => [placeOf(x!, c, flat.argMax)],
  Argmin: ([x], c) => [placeOf(x!, c, flat.argMin)],
  Clip: ([x], { least, most }) => [tf.clipByValue(x!, least, most)],
  Cast: ([x], { to }) => [converted(x!, to)],
  Where: ([condition, a, b]) => [chosen(condition!, a!, b!)],
  Reshape: ([x], { shape }) => [reshaped(x!, shape)],
  Ravel: ([x]) => [tf.reshape(x!, [-1])],
  Transpose: ([x], { axes }) => [transposed(x!, axes)],
  Swapaxes: ([x], c) => [moved(x!, c)],
  Moveaxis: ([x], c) => [moved(x!, c)],
  ExpandDims: ([x], { axes }) => [withNewAxes(x!, axes!)],
  Squeeze: ([x], { axes }) => [squeezed(x!, axes)],
  Concatenate: (xs, { axis }) => [concatenated(xs, axis)],
  Stack: (xs, { axis }) => [tf.stack([...xs], axis < 0 ? axis + xs[0]!.rank + 1 : axis)],
  Split: ([x], c) => splitParts(x!, c),
  Unstack: ([x], { axis }) => unstacked(x!, axis),
  Flip: ([x], { axes }) => [flip(x!, axes)],
  Tile: ([x], { repeats }) => [tiled(x!, repeats)],
  Repeat: ([x], c) => [repeated(x!, c)],
  BroadcastTo: ([x], { shape }) => [broadcastTo(x!, shape)],
  Pad: ([x], c) => [padded(x!, c)],
  GetItem: ([x], c) => [item(x!, c)],
  Take: ([x], c) => [taken(x!, c)],
  Matmul: ([a, b]) => [matrices(a!, b!)],
  Einsum: (xs, { equation }) => [einsum(equation, xs)],
  Gelu: ([x], { approximate }) => [approximate ? tanhGelu(x!) : activate({ name: 'gelu' }, x!)],
  Celu: activation,
  Elu: activation,
  HardShrink: activation,
  HardSigmoid: activation,
  HardSilu: activation,
  HardTanh: activation,
  LeakyRelu: activation,
  LogSigmoid: activation,
  LogSoftmax: activation,
  Relu: activation,
  Relu6: activation,
  Selu: activation,
  Sigmoid: activation,
  Silu: activation,
  SoftShrink: activation,
  Softmax: activation,
  Softplus: activation,
  Softsign: activation,
  SparsePlus: activation,
  SparseSigmoid: activation,
  Squareplus: activation,
  Tanh: activation,
  TanhShrink: activation,
}

export const operation: Forward<OperationConfig> = (c, inputs) => {
  const whole = inputs.some(({ dtype }) => dtype === 'int32') && inputs.every(({ dtype }) => dtype !== 'float32')
  const operands = c.operands.map((one) => 'input' in one ? inputs[one.input]! : literal(one, whole))
  return [...(RUNS[c.operation] as Run<unknown>)(operands, c.settings)]
}

/** A number takes the type of what it stands beside, as a Python number does. */
function literal ({ values, shape, kind }: Literal, whole: boolean): Tensor {
  const type = kind === 'bool' ? 'bool' : kind === 'integer' || (whole && values.every(Number.isInteger)) ? 'int32' : 'float32'
  return tf.tensor([...values], [...shape], type)
}

function placeOf (x: Tensor, { axis, keepAxes }: SettingsOf<'Argmax'>, run: (x: Tensor, axis: number) => Tensor): Tensor {
  const found = axis === null ? run(tf.reshape(x, [-1]), 0) : run(x, axis < 0 ? axis + x.rank : axis)
  if (!keepAxes) return found
  return tf.reshape(found, x.shape.map((size, at) => axis === null || at === (axis < 0 ? axis + x.rank : axis) ? 1 : size))
}

/** All of one shape before: the gradient of tfjs does not reduce to the smaller input. */
function chosen (condition: Tensor, a: Tensor, b: Tensor): Tensor {
  const shape = [condition, a, b].map((x) => x.shape).reduce((all, one) => tf.backend_util.assertAndGetBroadcastShape(all, one))
  const type = a.dtype === b.dtype ? a.dtype : 'float32'
  return tf.where(stretch(flat.toBool(condition), shape), stretch(tf.cast(a, type), shape), stretch(tf.cast(b, type), shape))
}

function matrices (a: Tensor, b: Tensor): Tensor {
  const batch = tf.backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  const wide = (x: Tensor) => stretch(x, [...batch, ...x.shape.slice(-2)])
  return tf.matMul(wide(a), wide(b))
}

/** 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). Source: Hendrycks and Gimpel 2016, as keras.ops.gelu has it. */
function tanhGelu (x: Tensor): Tensor {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3))))
  return tf.mul(tf.mul(0.5, x), tf.add(1, tanh(inner)))
}

function converted (x: Tensor, to: TypeName): Tensor {
  if (x.dtype === to) return tf.clone(x)
  return to === 'bool' ? flat.toBool(x) : to === 'int32' ? flat.toWhole(x) : tf.cast(x, to)
}
