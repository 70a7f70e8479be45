/** The table of operations and their channels: one line each. */
import type { OperationConfig, OperationName, SettingsOf } from '../../../../models/layers/operations/index.ts'
import type { EinsumConfig } from '../../../../models/layers/operations/products.ts'
import { productLabels } from '../einsum.ts'
import { withoutLabels, type StructureRule } from '../../rule.ts'
import { concatenate, expandDims, flip, moveAxis, pad, repeat, reshape, squeeze, stack, tile, transpose } from './arranging.ts'
import { activation, binary, place, reduction, unary } from './elementwise.ts'
import { refused, type OperationRule } from './rule.ts'
import { getItem, split, take, unstack } from './slicing.ts'

const einsum: OperationRule<EinsumConfig> = { couple: ({ settings, operands, sets }) => [productLabels(sets, settings.equation, operands)] }

/** Over the last two axes, the others as batches. */
const matmul: OperationRule<unknown> = {
  couple ({ operands: [a, b], sets }) {
    const [rank, other] = [a!.labels.length, b!.labels.length]
    const most = Math.max(rank, other)
    const batch = (count: number): string[] => Array.from({ length: count - 2 }, (_, axis) => `b${most - count + axis}`)
    const output = [...batch(most), 'i', 'k']
    return [productLabels(sets, { operands: [[...batch(rank), 'i', 'j'], [...batch(other), 'j', 'k']], output }, [a!, b!])]
  },
}

const RULES: { readonly [Name in OperationName]: OperationRule<SettingsOf<Name>> } = {
  Absolute: unary,
  Negative: unary,
  Square: unary,
  Sqrt: unary,
  Rsqrt: unary,
  Reciprocal: unary,
  Exp: unary,
  Expm1: unary,
  Log: unary,
  Log1p: unary,
  Erf: unary,
  Sin: unary,
  Cos: unary,
  Tan: unary,
  Sinh: unary,
  Cosh: unary,
  Arcsin: unary,
  Arccos: unary,
  Arctan: unary,
  Floor: unary,
  Ceil: unary,
  Sign: unary,
  Copy: unary,
  StopGradient: unary,
  OnesLike: unary,
  ZerosLike: unary,
  Isnan: unary,
  Isinf: unary,
  Isfinite: unary,
  LogicalNot: unary,
  Add: binary,
  Subtract: binary,
  Multiply: binary,
  Divide: binary,
  FloorDivide: binary,
  Mod: binary,
  Power: binary,
  Maximum: binary,
  Minimum: binary,
  Arctan2: binary,
  Equal: binary,
  NotEqual: binary,
  Greater: binary,
  GreaterEqual: binary,
  Less: binary,
  LessEqual: binary,
  LogicalAnd: binary,
  LogicalOr: binary,
  LogicalXor: binary,
  Mean: reduction,
  Sum: reduction,
  Max: reduction,
  Min: reduction,
  Prod: reduction,
  Var: reduction,
  Std: reduction,
  Any: reduction,
  All: reduction,
  Logsumexp: reduction,
  Argmax: place,
  Argmin: place,
  Clip: unary,
  Cast: unary,
  Where: binary,
  Reshape: reshape,
  Ravel: refused('all of its values become one axis'),
  Transpose: transpose,
  Swapaxes: moveAxis,
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
  BroadcastTo: refused('its shape stands in the configuration'),
  Pad: pad,
  GetItem: getItem,
  Take: take,
  Matmul: matmul,
  Einsum: einsum,
  Celu: activation,
  Elu: activation,
  Gelu: unary,
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

const ruleFor = (name: OperationName): OperationRule<unknown> => RULES[name] as OperationRule<unknown>

/** Numbers of the configuration take part without labels. */
export const operation: StructureRule<OperationConfig> = {
  couple ({ c, inputs, inputShapes, outputShapes, sets, frozen }) {
    const operands = c.operands.map((one) => 'input' in one ? { labels: inputs[one.input]!, shape: inputShapes[one.input]! } : { labels: withoutLabels(one.shape), shape: one.shape })
    return ruleFor(c.operation).couple({ settings: c.settings, operands, outputShapes, sets, frozen })
  },
  resize: (entry, resized) => {
    const { operation: name, settings } = resized.c as OperationConfig
    return ruleFor(name).resize?.(entry, resized, settings) ?? entry
  },
}
