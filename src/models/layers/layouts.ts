/** The table of layouts: what the axes of every kernel mean, for each layer type and weight, as each format stores it. */
import type { WeightAxes } from '../architecture/types.ts'

/** The axes 0, 1, ... of kernel positions. */
export function positions (rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis)
}

const groupsIf = (groups: number) => groups > 1 ? { groups } : {}
const gatesIf = (gates: number) => gates > 1 ? { gates } : {}

/** [inputs, outputs]. */
const MATRIX: WeightAxes = { input: [0], output: [1], spatial: [] }

/** [...positions, channels / groups, filters]. */
const convolution = (rank: number, groups = 1): WeightAxes => ({ input: [rank], output: [rank + 1], spatial: positions(rank), ...groupsIf(groups) })

/** [...positions, channels, multiplier]: output channel = channel * multiplier + m, with kh * kw inputs; the axis of channels tells outputs apart too. */
const depthwise = (rank: number): WeightAxes => ({ input: [rank], output: [rank, rank + 1], spatial: positions(rank) })

/** [...positions, filters, channels]. */
const transposed = (rank: number): WeightAxes => ({ input: [rank + 1], output: [rank], spatial: positions(rank) })

/** [inputs, gates * units], of a recurrent kernel [units, gates * units]. */
const gated = (gates: number): WeightAxes => ({ ...MATRIX, ...gatesIf(gates) })

/** [features, heads, size]: what is projected stays within the layer. */
const projected: WeightAxes = { input: [0], output: [1, 2], spatial: [], inner: true }

/**
 * Of Keras, by layer type and role; of TF.js and SavedModels too, which store kernels as Keras does. Layers within Bidirectional, TimeDistributed and RNN have the layouts of
 * their own type. Functions take what the layout depends on.
 */
export const LAYOUTS = {
  Dense: { kernel: MATRIX },
  /** [entries, units]: an entry is looked up, not multiplied. */
  Embedding: { embeddings: MATRIX },
  /** By the labels of its kernel: those of the output tell outputs apart, the others are summed over. */
  EinsumDense: {
    kernel (labels: readonly string[], output: readonly string[]): WeightAxes {
      const axes = (isOutput: boolean) => [...labels.keys()].filter((axis) => output.includes(labels[axis]!) === isOutput)
      return { input: axes(false), output: axes(true), spatial: [] }
    },
  },
  /** Over one, two or three axes. */
  Conv: { kernel: convolution },
  ConvTranspose: { kernel: transposed },
  DepthwiseConv: { kernel: depthwise },
  /** What is between both kernels stays within the layer. */
  SeparableConv: { depthwise_kernel: (rank: number): WeightAxes => ({ ...depthwise(rank), inner: true }), pointwise_kernel: convolution },
  /** SimpleRNN has one gate, GRU 3, LSTM 4: fused side by side, a unit is the same column in every gate. `last`: the cell whose units are the layer's outputs. */
  Recurrent: {
    kernel: (gates: number, last: boolean): WeightAxes => ({ ...gated(gates), ...innerUnless(last) }),
    recurrent_kernel: (gates: number, last: boolean): WeightAxes => ({ ...gated(gates), ...innerUnless(last) }),
    /** [gates * units]; with a row for each product [2, gates * units]. */
    bias: (gates: number, rows: 1 | 2): WeightAxes => ({ input: [], output: [rows - 1], spatial: positions(rows - 1), ...gatesIf(gates) }),
  },
  /** Multi-head and grouped-query attention. */
  Attention: {
    'query/kernel': projected,
    'key/kernel': projected,
    'value/kernel': projected,
    'gate/kernel': projected,
    /** [heads, size, ...outputs]. */
    'attention_output/kernel': (outputs: number): WeightAxes => ({ input: [0, 1], output: positions(outputs).map((axis) => axis + 2), spatial: [] }),
  },
} as const

/** Of ONNX, by operator and name of the input. `rank`: number of axes of the weight. */
export const ONNX_LAYOUTS = {
  /** [filters, channels / groups, ...positions]. */
  Conv: { W: (rank: number, groups: number): WeightAxes => ({ input: [1], output: [0], spatial: positions(rank).slice(2), ...groupsIf(groups) }) },
  /** [channels, filters / groups, ...positions]. With groups, axis 0 tells (by its group) together with axis 1 which filter it is. */
  ConvTranspose: { W: (rank: number, groups: number): WeightAxes => ({ input: [0], output: groups > 1 ? [0, 1] : [1], spatial: positions(rank).slice(2) }) },
  /** [inputs, outputs] on the right and [outputs, inputs] on the left, the other way round when transposed. */
  Gemm: {
    A: (isTransposed: boolean): WeightAxes => isTransposed ? MATRIX : flipped(MATRIX),
    B: (isTransposed: boolean): WeightAxes => isTransposed ? flipped(MATRIX) : MATRIX,
  },
  /** The same behind axes of products of their own. */
  MatMul: {
    A: (rank: number): WeightAxes => ({ input: [rank - 1], output: [rank - 2], spatial: positions(rank - 2) }),
    B: (rank: number): WeightAxes => ({ input: [rank - 2], output: [rank - 1], spatial: positions(rank - 2) }),
  },
  /** [entries, units]. */
  Gather: { data: MATRIX },
  /** RNN, GRU and LSTM: [directions, gates * units, inputs]. */
  Recurrent: { W: onnxGated, R: onnxGated },
} as const

/** Of layers that are not known: the last axis tells outputs apart and the others inputs. */
export function unknownLayout (rank: number): WeightAxes {
  return { input: positions(rank - 1), output: rank === 0 ? [] : [rank - 1], spatial: [] }
}

function onnxGated (gates: number): WeightAxes {
  return { input: [2], output: [1], spatial: [0], ...gatesIf(gates) }
}

function flipped ({ input, output, spatial }: WeightAxes): WeightAxes {
  return { input: output, output: input, spatial }
}

function innerUnless (last: boolean): { inner?: true } {
  return last ? {} : { inner: true }
}
