/** The table of operations of keras.ops, one line each, and the layer type that stands for them in a graph. */
import type { SymbolicShape } from '../../tensor.ts'
import { activation, cast, clip, gelu, like, place, where } from './choosing.ts'
import { broadcastTo, concatenate, expandDims, flip, moveAxis, pad, ravel, repeat, reshape, split, squeeze, stack, swapAxes, tile, transpose, unstack } from './arranging.ts'
import { getItem, take } from './indexing.ts'
import type { LayerType } from '../layer-type.ts'
import { ConfigReader } from '../reader.ts'
import { misfit } from '../shapes.ts'
import { binary, operandsOf, reduction, unary, type Operand, type Operation } from './operation.ts'
import { einsum, matmul } from './products.ts'

export const OPERATIONS = {
  Absolute: unary('Absolute', 'Abs', 'Fabs'),
  Negative: unary('Negative'),
  Square: unary('Square'),
  Sqrt: unary('Sqrt'),
  Rsqrt: unary('Rsqrt'),
  Reciprocal: unary('Reciprocal'),
  Exp: unary('Exp'),
  Expm1: unary('Expm1'),
  Log: unary('Log'),
  Log1p: unary('Log1p'),
  Erf: unary('Erf'),
  Sin: unary('Sin'),
  Cos: unary('Cos'),
  Tan: unary('Tan'),
  Sinh: unary('Sinh'),
  Cosh: unary('Cosh'),
  Arcsin: unary('Arcsin'),
  Arccos: unary('Arccos'),
  Arctan: unary('Arctan'),
  Floor: unary('Floor'),
  Ceil: unary('Ceil'),
  Sign: unary('Sign'),
  Copy: unary('Copy', 'ConvertToTensor'),
  StopGradient: unary('StopGradient'),
  OnesLike: like('OnesLike'),
  ZerosLike: like('ZerosLike'),
  Isnan: unary('Isnan'),
  Isinf: unary('Isinf'),
  Isfinite: unary('Isfinite'),
  LogicalNot: unary('LogicalNot'),
  Add: binary('Add'),
  Subtract: binary('Subtract'),
  Multiply: binary('Multiply'),
  Divide: binary('Divide', 'TrueDivide'),
  FloorDivide: binary('FloorDivide'),
  Mod: binary('Mod'),
  Power: binary('Power'),
  Maximum: binary('Maximum'),
  Minimum: binary('Minimum'),
  Arctan2: binary('Arctan2'),
  Equal: binary('Equal'),
  NotEqual: binary('NotEqual'),
  Greater: binary('Greater'),
  GreaterEqual: binary('GreaterEqual'),
  Less: binary('Less'),
  LessEqual: binary('LessEqual'),
  LogicalAnd: binary('LogicalAnd'),
  LogicalOr: binary('LogicalOr'),
  LogicalXor: binary('LogicalXor'),
  Mean: reduction('Mean'),
  Sum: reduction('Sum'),
  Max: reduction('Max', 'Amax'),
  Min: reduction('Min', 'Amin'),
  Prod: reduction('Prod'),
  Var: reduction('Var'),
  Std: reduction('Std'),
  Any: reduction('Any'),
  All: reduction('All'),
  Logsumexp: reduction('Logsumexp'),
  Argmax: place('Argmax'),
  Argmin: place('Argmin'),
  Clip: clip,
  Cast: cast,
  Where: where,
  Reshape: reshape,
  Ravel: ravel,
  Transpose: transpose,
  Swapaxes: swapAxes,
  Moveaxis: moveAxis,
  ExpandDims: expandDims,
  Squeeze: squeeze,
  Concatenate: concatenate,
  Stack: stack,
  Split: split,
  Unstack: unstack,
  Flip: flip,
  Tile: tile,
  Repeat: repeat,
  BroadcastTo: broadcastTo,
  Pad: pad,
  GetItem: getItem,
  Take: take,
  Matmul: matmul,
  Einsum: einsum,
  Celu: activation('celu', 'Celu'),
  Elu: activation('elu', 'Elu'),
  Gelu: gelu,
  HardShrink: activation('hard_shrink', 'HardShrink'),
  HardSigmoid: activation('hard_sigmoid', 'HardSigmoid'),
  HardSilu: activation('hard_silu', 'HardSilu'),
  HardTanh: activation('hard_tanh', 'HardTanh'),
  LeakyRelu: activation('leaky_relu', 'LeakyRelu'),
  LogSigmoid: activation('log_sigmoid', 'LogSigmoid'),
  LogSoftmax: activation('log_softmax', 'LogSoftmax'),
  Relu: activation('relu', 'Relu', 'ReLU'),
  Relu6: activation('relu6', 'Relu6'),
  Selu: activation('selu', 'Selu'),
  Sigmoid: activation('sigmoid', 'Sigmoid'),
  Silu: activation('silu', 'Silu'),
  SoftShrink: activation('soft_shrink', 'SoftShrink'),
  Softmax: activation('softmax', 'Softmax'),
  Softplus: activation('softplus', 'Softplus'),
  Softsign: activation('softsign', 'Softsign'),
  SparsePlus: activation('sparse_plus', 'SparsePlus'),
  SparseSigmoid: activation('sparse_sigmoid', 'SparseSigmoid'),
  Squareplus: activation('squareplus', 'Squareplus'),
  Tanh: activation('tanh', 'Tanh'),
  TanhShrink: activation('tanh_shrink', 'TanhShrink'),
} as const satisfies Record<string, Operation<unknown>>

export type OperationName = keyof typeof OPERATIONS

export type SettingsOf<Name extends OperationName> = ReturnType<typeof OPERATIONS[Name]['settings']>

export interface OperationConfig {
  readonly operation: OperationName
  readonly settings: unknown
  readonly operands: readonly Operand[]
}

const BY_CLASS_NAME = new Map(Object.entries(OPERATIONS).flatMap(([name, { classNames }]) => classNames.map((className) => [className, name as OperationName])))

export const operation: LayerType<OperationConfig> = {
  classNames: [...BY_CLASS_NAME.keys()],
  operation: true,
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    const name = BY_CLASS_NAME.get(where.className)
    if (name === undefined) throw reader.unsupported('as an operation')
    const type = OPERATIONS[name] as Operation<unknown>
    const { args = [], kwargs = {} } = (reader.value('call') ?? {}) as { readonly args?: readonly unknown[], readonly kwargs?: Readonly<Record<string, unknown>> }
    // Further arguments by name are settings; those that are null are not set.
    const given = [...args.slice(0, type.tensors), ...type.operands.slice(args.length).map((one) => kwargs[one]).filter((one) => one !== undefined)]
    const operands = given.map(operandsOf)
    if (operands.length === 0 || !operands.every((one) => one !== undefined)) throw reader.unsupported('with such arguments')
    return { operation: name, settings: type.settings(reader, args), operands: operands.flat() }
  },
  weights: () => [],
  outputShapes: (c, shapes) => (OPERATIONS[c.operation] as Operation<unknown>).shapes(c.settings, operandShapes(c, shapes)),
  macs: (c, shapes, [output]) => (OPERATIONS[c.operation] as Operation<unknown>).macs?.(c.settings, operandShapes(c, shapes), output!) ?? 0,
}

function operandShapes ({ operands }: OperationConfig, shapes: readonly SymbolicShape[]): SymbolicShape[] {
  const used = operands.filter((one) => 'input' in one).length
  if (shapes.length !== used) throw misfit(`it takes ${used} inputs, it is given ${shapes.length}`)
  return operands.map((one) => 'input' in one ? shapes[one.input]! : one.shape)
}
