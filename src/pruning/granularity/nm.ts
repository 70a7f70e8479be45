/** N:M: of every m neighbours along the input channels n are kept, as sparse tensor cores can use it. */
import { Type, type Static } from 'typebox'
import type { Granularity } from './granularity.ts'
import { groupBy, matricesOf } from './matrices.ts'

/** Hardware has m = 4 and kernels of compilers at most 32. */
const MAX_M = 32

const input = Type.Object({
  type: Type.Literal('n:m'),
  n: Type.Integer({ minimum: 1, maximum: MAX_M - 1, description: 'how many of each m are kept' }),
  m: Type.Integer({ minimum: 2, maximum: MAX_M, description: 'neighbours along the input channels' }),
}, { additionalProperties: false, description: 'n of every m neighbours along the input channels are kept' })

/**
 * Groups of m consecutive inputs (several input axes flattened in row-major order) at one kernel position and one output; a pruned group keeps n.
 * Source: Mishra et al., Accelerating Sparse Deep Neural Networks, 2021, section 3: the products of one output are what the hardware skips, so
 * groups never cross outputs or kernel positions.
 */
export const nm: Granularity<Static<typeof input>, typeof input> = {
  description: 'of every m neighbouring inputs of an output n are kept (2:4 runs on sparse tensor cores)',
  input,
  problems: ({ n, m }, path) => n < m ? [] : [{ path: `${path}/n`, message: `must be below "m", ${m}, not ${n}: it is how many of each m are kept` }],
  group (tensor, { n, m }) {
    const { role, shape, axes } = tensor
    if (role.split('/').at(-1) === 'embeddings') return { refused: 'an embedding looks its entries up and sums over no inputs, so n:m has no axis to run along' }
    if (axes === undefined && shape.length > 2) return { refused: `which of its ${shape.length} axes are inputs is not known, so n:m has no axis to run along` }
    const matrices = matricesOf(tensor)
    const { inputs, outputs, axes: [, inputAxes] } = matrices
    if (inputAxes.length === 0) {
      return { refused: (axes?.input.length ?? 0) > 0 ? 'every output of a depthwise kernel has one input channel, so n:m has no axis to run along' : 'it has no input axis for n:m to run along' }
    }
    if (inputs % m !== 0) return { refused: `its ${inputs} input channels cannot be parted into groups of ${m}` }
    const rows = inputs / m
    const grouping = groupBy(matrices, matrices.positions * rows * outputs, [
      (position) => position * rows * outputs, (index) => Math.floor(index / m) * outputs, (output) => output,
    ])
    return grouping && { ...grouping, removes: m - n }
  },
}
