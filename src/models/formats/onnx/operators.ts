/** The table of ONNX operators whose weights are known: what their inputs are called, and what the axes of a weight mean. */
import type { WeightAxes, WeightSpec } from '../../architecture/types.ts'
import { ONNX_LAYOUTS } from '../../layers/layouts.ts'
import { kernel } from '../../layers/weights.ts'
import type { Shape } from '../../tensor.ts'
import { LEFT_ALONE } from '../left-alone.ts'

/** Integer attributes of a node. */
export type Attributes = ReadonlyMap<string, number>

/** The weight of this shape; undefined when an operator cannot have such a weight, or its axes cannot be told. */
type Describe = (role: string, shape: Shape, attributes: Attributes) => WeightSpec | undefined

export interface Operator {
  /** ONNX' names of the inputs, in order. */
  readonly inputs: readonly string[]
  /** Weights by the name of their input. Others are no weights of this operator as far as is known here. */
  readonly weights: Readonly<Record<string, Describe>>
}

const { bias, scale, statistics, constant, state, slope } = LEFT_ALONE

function from (axes: (rank: number, attributes: Attributes) => WeightAxes, fits: (rank: number) => boolean): Describe {
  return (role, shape, attributes) => fits(shape.length) ? kernel(role, shape, axes(shape.length, attributes)) : undefined
}

const isMatrix = (rank: number) => rank === 2
const isConvolution = (rank: number) => rank >= 3

const groupsOf = (attributes: Attributes) => attributes.get('group') ?? 1

const convolution = from((rank, attributes) => ONNX_LAYOUTS.Conv.W(rank, groupsOf(attributes)), isConvolution)

const transposed = from((rank, attributes) => ONNX_LAYOUTS.ConvTranspose.W(rank, groupsOf(attributes)), isConvolution)

const gemm = (side: 'A' | 'B') => from((_, attributes) => ONNX_LAYOUTS.Gemm[side]((attributes.get(`trans${side}`) ?? 0) !== 0), isMatrix)

const product = (side: 'A' | 'B') => from((rank) => ONNX_LAYOUTS.MatMul[side](rank), (rank) => rank >= 2)

const recurrent = (side: 'W' | 'R', gates: number) => from(() => ONNX_LAYOUTS.Recurrent[side](gates), (rank) => rank === 3)

/** [entries, units] when it is indexed by its first axis. */
const embedding: Describe = (role, shape, attributes) => shape.length === 2 && (attributes.get('axis') ?? 0) === 0
  ? kernel(role, shape, ONNX_LAYOUTS.Gather.data)
  : undefined

const recurrentLayer = (gates: number, ...more: string[]): Operator => ({
  inputs: ['X', 'W', 'R', 'B', 'sequence_lens', 'initial_h', ...more],
  weights: { W: recurrent('W', gates), R: recurrent('R', gates), B: bias, initial_h: state, initial_c: state, P: constant },
})

const elementwise = (weight: Describe): Operator => ({ inputs: ['A', 'B'], weights: { A: weight, B: weight } })

/** Of the default domain. Source: ONNX Operator Schemas, ai.onnx up to version 24. */
export const OPERATORS = {
  Conv: { inputs: ['X', 'W', 'B'], weights: { W: convolution, B: bias } },
  ConvTranspose: { inputs: ['X', 'W', 'B'], weights: { W: transposed, B: bias } },
  DeformConv: { inputs: ['X', 'W', 'offset', 'B', 'mask'], weights: { W: convolution, B: bias } },
  Gemm: { inputs: ['A', 'B', 'C'], weights: { A: gemm('A'), B: gemm('B'), C: bias } },
  MatMul: { inputs: ['A', 'B'], weights: { A: product('A'), B: product('B') } },
  Gather: { inputs: ['data', 'indices'], weights: { data: embedding } },
  LSTM: recurrentLayer(4, 'initial_c', 'P'),
  GRU: recurrentLayer(3),
  RNN: recurrentLayer(1),
  BatchNormalization: { inputs: ['X', 'scale', 'B', 'input_mean', 'input_var'], weights: { scale, B: scale, input_mean: statistics, input_var: statistics } },
  InstanceNormalization: { inputs: ['input', 'scale', 'B'], weights: { scale, B: scale } },
  LayerNormalization: { inputs: ['X', 'Scale', 'B'], weights: { Scale: scale, B: scale } },
  GroupNormalization: { inputs: ['X', 'scale', 'bias'], weights: { scale, bias: scale } },
  RMSNormalization: { inputs: ['X', 'scale'], weights: { scale } },
  PRelu: { inputs: ['X', 'slope'], weights: { slope } },
  Add: elementwise(constant),
  Sub: elementwise(constant),
  Mul: elementwise(constant),
  Div: elementwise(constant),
  Pow: { inputs: ['X', 'Y'], weights: { X: constant, Y: constant } },
} as const satisfies Readonly<Record<string, Operator>>

export function operatorOf (domain: string, name: string): Operator | undefined {
  return domain === '' && Object.hasOwn(OPERATORS, name) ? OPERATORS[name as keyof typeof OPERATORS] : undefined
}
