/** Lowers the operations of keras.ops, keyed by their table. */
import type { OperationConfig, OperationName, SettingsOf } from '../../layers/operations/index.ts'
import type { Literal, Reduction } from '../../layers/operations/operation.ts'
import { broadcast, frontAxis } from '../../layers/shapes.ts'
import type { Binary, Comparison, GraphBuilder, Unary } from '../builder.ts'
import type { Value } from '../graph.ts'
import type { REDUCTIONS } from '../operators.ts'
import { activate } from './activations.ts'
import * as arranging from './arranging.ts'
import { einsum } from './einsum.ts'
import { notExported, type Lowering } from './lowering.ts'

type Run<S> = (g: GraphBuilder, inputs: readonly Value[], settings: S) => readonly Value[]

const float = (g: GraphBuilder, x: Value) => g.cast(x, 'float32')

/** Of floats; integers become floats. */
const unary = (run: (g: GraphBuilder, x: Value) => Value): Run<null> => (g, [x]) => [run(g, float(g, x!))]
const plain = (kind: Unary): Run<null> => unary((g, x) => g.unary(kind, x))
/** The type stays. */
const keeping = (run: (g: GraphBuilder, x: Value) => Value): Run<null> => (g, [x]) => [run(g, x!)]
const binary = (kind: Binary): Run<null> => (g, [a, b]) => [g.binary(kind, ...alike(g, a!, b!))]
const comparison = (kind: Comparison): Run<null> => (g, [a, b]) => [g.compare(kind, ...alike(g, a!, b!))]
const logical = (run: (g: GraphBuilder, a: Value, b: Value) => Value): Run<null> => (g, [a, b]) => [run(g, g.bool(a!), g.bool(b!))]
const reduction = (run: (g: GraphBuilder, x: Value, axes: number[], keep: boolean) => Value): Run<Reduction> =>
  (g, [x], { axes, keepAxes }) => [run(g, x!, [...axes ?? x!.shape.keys()], keepAxes)]
const reduced = (kind: typeof REDUCTIONS[number]) => reduction((g, x, axes, keep) => g.reduce(kind, x.type === 'bool' && kind !== 'any' && kind !== 'all' ? g.cast(x, 'int32') : x, axes, keep))
const activation: Run<{ readonly activation: Parameters<typeof activate>[1] }> = (g, [x], c) => [activate(g, c.activation, float(g, x!))]
const exp = (g: GraphBuilder, x: Value) => g.unary('exp', x)

const RUNS: { readonly [Name in OperationName]: Run<SettingsOf<Name>> } = {
  Absolute: keeping((g, x) => x.type === 'float32' ? g.unary('abs', x) : g.maximum(x, g.mul(x, -1))),
  Negative: keeping((g, x) => g.mul(x, -1)),
  Square: keeping((g, x) => g.mul(x, x)),
  Sqrt: plain('sqrt'),
  Rsqrt: plain('rsqrt'),
  Reciprocal: unary((g, x) => g.div(1, x)),
  Exp: plain('exp'),
  Expm1: unary((g, x) => g.sub(exp(g, x), 1)),
  Log: plain('log'),
  Log1p: unary((g, x) => g.unary('log', g.add(x, 1))),
  Erf: unary(erf),
  Sin: plain('sin'),
  Cos: plain('cos'),
  Tan: unary((g, x) => g.div(g.unary('sin', x), g.unary('cos', x))),
  Sinh: unary((g, x) => g.mul(g.sub(exp(g, x), exp(g, g.unary('neg', x))), 0.5)),
  Cosh: unary((g, x) => g.mul(g.add(exp(g, x), exp(g, g.unary('neg', x))), 0.5)),
  Arcsin: unary((g, x) => g.binary('atan2', x, legOf(g, x))),
  Arccos: unary((g, x) => g.binary('atan2', legOf(g, x), x)),
  Arctan: unary((g, x) => g.binary('atan2', x, g.add(g.mul(x, 0), 1))),
  Floor: plain('floor'),
  Ceil: plain('ceil'),
  Sign: plain('sign'),
  Copy: keeping((_, x) => x),
  StopGradient: keeping((_, x) => x),
  OnesLike: (g, [x], { to }) => [g.cast(g.add(g.mul(numbers(g, x!), 0), 1), to ?? x!.type)],
  ZerosLike: (g, [x], { to }) => [g.cast(g.mul(numbers(g, x!), 0), to ?? x!.type)],
  Isnan: unary((g, x) => g.compare('notEqual', x, x)),
  Isinf: unary((g, x) => g.compare('equal', g.unary('abs', x), Infinity)),
  Isfinite: unary((g, x) => g.compare('less', g.unary('abs', x), Infinity)),
  LogicalNot: keeping((g, x) => g.not(g.bool(x))),
  Add: binary('add'),
  Subtract: binary('sub'),
  Multiply: binary('mul'),
  Divide: (g, [a, b]) => [g.div(float(g, a!), float(g, b!))],
  FloorDivide: (g, [a, b]) => [g.unary('floor', g.div(float(g, a!), float(g, b!)))],
  Mod: binary('floorMod'),
  Power: binary('pow'),
  Maximum: binary('maximum'),
  Minimum: binary('minimum'),
  Arctan2: (g, [a, b]) => [g.binary('atan2', ...sameShape(g, a!, b!))],
  Equal: comparison('equal'),
  NotEqual: comparison('notEqual'),
  Greater: comparison('greater'),
  GreaterEqual: comparison('greaterEqual'),
  Less: comparison('less'),
  LessEqual: comparison('lessEqual'),
  LogicalAnd: logical((g, a, b) => g.logical('logicalAnd', a, b)),
  LogicalOr: logical((g, a, b) => g.logical('logicalOr', a, b)),
  LogicalXor: logical((g, a, b) => g.compare('notEqual', float(g, a), float(g, b))),
  Mean: reduction((g, x, axes, keep) => g.reduce('mean', float(g, x), axes, keep)),
  Sum: reduced('sum'),
  Max: reduced('max'),
  Min: reduced('min'),
  Prod: reduced('prod'),
  Var: reduction(variance),
  Std: reduction((g, x, axes, keep) => g.unary('sqrt', variance(g, x, axes, keep))),
  Any: reduction((g, x, axes, keep) => g.reduce('any', g.bool(x), axes, keep)),
  All: reduction((g, x, axes, keep) => g.reduce('all', g.bool(x), axes, keep)),
  Logsumexp: reduction(logSumExp),
  Argmax: (g, [x], c) => [placeOf(g, x!, c, 'argMax')],
  Argmin: (g, [x], c) => [placeOf(g, x!, c, 'argMin')],
  Clip: (g, [x], { least, most }) => [g.clip(x!, least, most)],
  Cast: (g, [x], { to }) => [to === 'bool' ? g.bool(x!) : g.cast(x!, to)],
  Where: (g, [condition, a, b]) => [g.select(g.bool(condition!), ...alike(g, a!, b!))],
  Reshape: (g, [x], { shape }) => [arranging.reshaped(g, x!, shape)],
  Ravel: (g, [x]) => [arranging.reshaped(g, x!, [null])],
  Transpose: (g, [x], { axes }) => [arranging.transposed(g, x!, axes)],
  Swapaxes: (g, [x], c) => [arranging.moved(g, x!, c)],
  Moveaxis: (g, [x], c) => [arranging.moved(g, x!, c)],
  ExpandDims: (g, [x], { axes }) => [arranging.withNewAxes(g, x!, axes!)],
  Squeeze: (g, [x], { axes }) => [arranging.squeezed(g, x!, axes)],
  Concatenate: (g, xs, { axis }) => [g.concat(xs, axis)],
  Stack: (g, xs, { axis }) => [g.concat(xs.map((x) => g.expand(x, axis)), frontAxis(axis, xs[0]!.shape.length + 1))],
  Split: (g, [x], c) => arranging.splitParts(g, x!, c),
  Unstack: (g, [x], { axis }) => arranging.unstacked(g, x!, axis),
  Flip: (g, [x], { axes }) => [arranging.flip(g, x!, axes)],
  Tile: (g, [x], { repeats }) => [arranging.tiled(g, x!, repeats)],
  Repeat: (g, [x], c) => [arranging.repeated(g, x!, c)],
  BroadcastTo: (g) => { throw notExported(g, 'it broadcasts to a shape that tells the batch') },
  Pad: (g, [x], { pairs, value }) => [g.pad(x!, pairs, value)],
  GetItem: (g, [x], c) => [arranging.item(g, x!, c)],
  Take: (g, [x], c) => [arranging.taken(g, x!, c)],
  Matmul: (g, [a, b]) => [g.matmul(...alike(g, a!, b!))],
  Einsum: (g, xs, { equation }) => [einsum(g, equation, xs)],
  Gelu: (g, [x], { approximate }) => [approximate ? tanhGelu(g, float(g, x!)) : g.unary('gelu', float(g, x!))],
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

export const operation: Lowering<OperationConfig> = (g, c, inputs) => {
  const whole = inputs.some(({ type }) => type === 'int32') && inputs.every(({ type }) => type !== 'float32')
  const operands = c.operands.map((one) => 'input' in one ? inputs[one.input]! : literal(g, one, whole))
  return (RUNS[c.operation] as Run<unknown>)(g, operands, c.settings)
}

/** A number takes the type of what it stands beside, as a Python number does. */
function literal (g: GraphBuilder, { values, shape, kind }: Literal, whole: boolean): Value {
  if (kind === 'bool') return g.bool(g.constant(Float32Array.from(values), shape))
  return g.constant(kind === 'integer' || (whole && values.every(Number.isInteger)) ? Int32Array.from(values) : Float32Array.from(values), shape)
}

/** Both of one type that can be computed with. */
function alike (g: GraphBuilder, a: Value, b: Value): [Value, Value] {
  const type = a.type === b.type && a.type !== 'bool' ? a.type : a.type !== 'float32' && b.type !== 'float32' ? 'int32' : 'float32'
  return [g.cast(a, type), g.cast(b, type)]
}

function numbers (g: GraphBuilder, x: Value): Value {
  return x.type === 'bool' ? g.cast(x, 'float32') : x
}

/** Operators without broadcasting. */
function sameShape (g: GraphBuilder, a: Value, b: Value): [Value, Value] {
  const shape = broadcast(a.shape, b.shape)
  const wide = (x: Value, other: Value) => String(x.shape) === String(shape) ? float(g, x) : g.add(float(g, x), g.mul(float(g, other), 0))
  return [wide(a, b), wide(b, a)]
}

/** The other leg of a right triangle with the hypotenuse 1. */
function legOf (g: GraphBuilder, x: Value): Value {
  return g.unary('sqrt', g.mul(g.sub(1, x), g.add(x, 1)))
}

/** By gelu(y) = y (1 + erf(y / sqrt(2))) / 2, which runtimes have. */
function erf (g: GraphBuilder, x: Value): Value {
  const y = g.mul(x, Math.SQRT2)
  const isZero = g.compare('equal', x, 0)
  return g.select(isZero, 0, g.sub(g.div(g.mul(g.unary('gelu', y), 2), g.select(isZero, 1, y)), 1))
}

function variance (g: GraphBuilder, given: Value, axes: readonly number[], keep: boolean): Value {
  const x = float(g, given)
  const centred = g.sub(x, g.reduce('mean', x, axes, true))
  return g.reduce('mean', g.unary('square', centred), axes, keep)
}

function logSumExp (g: GraphBuilder, given: Value, axes: readonly number[], keep: boolean): Value {
  const x = float(g, given)
  const largest = g.reduce('max', x, axes, true)
  const sum = g.unary('log', g.reduce('sum', exp(g, g.sub(x, largest)), axes, keep))
  return g.add(sum, keep ? largest : g.reshape(largest, sum.shape))
}

function placeOf (g: GraphBuilder, x: Value, { axis, keepAxes }: SettingsOf<'Argmax'>, kind: 'argMax' | 'argMin'): Value {
  const flat = axis === null ? arranging.reshaped(g, x, [null]) : x
  const at = axis === null ? 0 : frontAxis(axis, x.shape.length)
  const found = g.apply(kind, [flat], flat.shape.filter((_, other) => other !== at), { axis: at }, 'int32')
  return keepAxes ? g.reshape(found, x.shape.map((size, other) => axis === null || other === at ? 1 : size)) : found
}

/** 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). Source: Hendrycks and Gimpel 2016, as keras.ops.gelu has it. */
function tanhGelu (g: GraphBuilder, x: Value): Value {
  const inner = g.mul(g.add(x, g.mul(g.mul(x, g.mul(x, x)), 0.044715)), Math.sqrt(2 / Math.PI))
  return g.mul(g.mul(x, 0.5), g.add(g.unary('tanh', inner), 1))
}
