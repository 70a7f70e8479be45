/** The table of TensorFlow operations whose constants are known: what their inputs are called, and what the axes of a kernel mean. */
import type { WeightAxes, WeightSpec } from '../../architecture/types.ts'
import { parseEquation, REST } from '../../layers/einsum.ts'
import { positions } from '../../layers/layouts.ts'
import { kernel } from '../../layers/weights.ts'
import type { Shape } from '../../tensor.ts'
import { LEFT_ALONE } from '../left-alone.ts'
import type { Json } from '../json.ts'
import { flagOf, textOf } from './graph-def.ts'

/** The weight of this shape; undefined when an operation cannot have such a weight, or its axes cannot be told. */
type Describe = (role: string, shape: Shape, attributes: Json, input: number) => WeightSpec | undefined

export interface Operator {
  /** TensorFlow's names of the inputs, in order. */
  readonly inputs: readonly string[]
  /** Weights by the name of their input. Others are no weights of this operation. */
  readonly weights: Readonly<Record<string, Describe>>
}

const { bias, scale, statistics, constant, slope } = LEFT_ALONE

function from (axes: (rank: number, attributes: Json) => WeightAxes, fits: (rank: number) => boolean): Describe {
  return (role, shape, attributes) => fits(shape.length) ? kernel(role, shape, axes(shape.length, attributes)) : undefined
}

/** [...positions, channels / groups, filters], whatever the order of the data's axes. */
const convolution = (window: number) => from(() => ({ output: [window + 1], input: [window], spatial: positions(window) }), (rank) => rank === window + 2)

/** [...positions, filters, channels]: the gradient of a convolution, which has the channels last. */
const transposed = from(() => ({ output: [2], input: [3], spatial: positions(2) }), (rank) => rank === 4)

/** [...positions, channels, multiplier]: each output has one input. */
const depthwise = from(() => ({ output: [2, 3], input: [2], spatial: positions(2) }), (rank) => rank === 4)

/** [..., inputs, outputs] on the right, [..., outputs, inputs] on the left, the other way round with `flag`; axes in front are products of their own. */
const product = (side: 'left' | 'right', flag: string) => from((rank, attributes) => {
  const isInputFirst = (side === 'right') !== flagOf(attributes, flag)
  const [input, output] = isInputFirst ? [rank - 2, rank - 1] : [rank - 1, rank - 2]
  return { input: [input], output: [output], spatial: positions(rank - 2) }
}, (rank) => rank >= 2)

/** Labels that the output lacks are summed over; labels of both operands that it has are products of their own. */
const einsum: Describe = (role, shape, attributes, input) => {
  const equation = parseEquation(textOf(attributes, 'equation'))
  if (equation?.operands.length !== 2 || equation.operands[input]!.length !== shape.length || equation.operands[input]!.includes(REST)) return undefined
  const other = equation.operands[1 - input]!
  const axesOf = (isWanted: (label: string) => boolean) => positions(shape.length).filter((axis) => isWanted(equation.operands[input]![axis]!))
  const axes = {
    input: axesOf((label) => !equation.output.includes(label)),
    output: axesOf((label) => equation.output.includes(label) && !other.includes(label)),
    spatial: axesOf((label) => equation.output.includes(label) && other.includes(label)),
  }
  return axes.input.length > 0 && axes.output.length > 0 ? kernel(role, shape, axes) : undefined
}

/** [entries, units]. */
const embedding = from(() => ({ input: [0], output: [1], spatial: [] }), (rank) => rank === 2)

/** What is added, and the slope of PReLU, behind the kernel of a fused operation. */
const fused = (filter: Describe): Operator => ({ inputs: ['input', 'filter', 'bias', 'slope'], weights: { filter, bias, slope } })
const convolved = (filter: Describe): Operator => ({ inputs: ['input', 'filter'], weights: { filter } })
const batched: Operator = { inputs: ['x', 'y'], weights: { x: product('left', 'adj_x'), y: product('right', 'adj_y') } }
const multiplied = { a: product('left', 'transpose_a'), b: product('right', 'transpose_b') }
const normalised: Operator = { inputs: ['x', 'scale', 'offset', 'mean', 'variance'], weights: { scale, offset: scale, mean: statistics, variance: statistics } }
const elementwise: Operator = { inputs: ['x', 'y'], weights: { x: constant, y: constant } }
/** The role is that of Keras, by which embeddings are known. */
const looked: Operator = { inputs: ['embeddings'], weights: { embeddings: embedding } }

/** Source: tensorflow/core/ops of those that @tensorflow/tfjs-converter 4.22 runs. */
export const OPERATORS = {
  Conv1D: convolved(convolution(1)),
  Conv2D: convolved(convolution(2)),
  Conv3D: convolved(convolution(3)),
  _FusedConv2D: fused(convolution(2)),
  DepthwiseConv2d: convolved(depthwise),
  DepthwiseConv2dNative: convolved(depthwise),
  FusedDepthwiseConv2dNative: fused(depthwise),
  Conv2DBackpropInput: { inputs: ['input_sizes', 'filter', 'out_backprop'], weights: { filter: transposed } },
  MatMul: { inputs: ['a', 'b'], weights: multiplied },
  _FusedMatMul: { inputs: ['a', 'b', 'bias', 'slope'], weights: { ...multiplied, bias, slope } },
  BatchMatMul: batched,
  BatchMatMulV2: batched,
  Einsum: { inputs: ['x', 'y'], weights: { x: einsum, y: einsum } },
  Gather: looked,
  GatherV2: looked,
  BiasAdd: { inputs: ['value', 'bias'], weights: { bias } },
  FusedBatchNorm: normalised,
  FusedBatchNormV2: normalised,
  FusedBatchNormV3: normalised,
  Prelu: { inputs: ['x', 'slope'], weights: { slope } },
  Add: elementwise,
  AddV2: elementwise,
  Sub: elementwise,
  Mul: elementwise,
  RealDiv: elementwise,
  Div: elementwise,
  Pow: elementwise,
  Maximum: elementwise,
  Minimum: elementwise,
} as const satisfies Readonly<Record<string, Operator>>

export function operatorOf (op: string): Operator | undefined {
  return Object.hasOwn(OPERATORS, op) ? OPERATORS[op as keyof typeof OPERATORS] : undefined
}
