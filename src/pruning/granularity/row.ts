/** Row: an input at one kernel position, for all outputs at once. */
import { Type, type Static } from 'typebox'
import type { Granularity } from './granularity.ts'
import { groupBy, matricesOf } from './matrices.ts'

const input = Type.Object({ type: Type.Literal('row') }, { additionalProperties: false, description: 'whole rows of the matrix [positions * inputs, outputs]' })

/**
 * Rows of the matrix [positions * inputs, outputs] by which a layer multiplies the unfolded input: what is pruned need not be unfolded. A row of a grouped
 * convolution lies within its group, one of an embedding is an entry. Source: Wen et al., Learning Structured Sparsity in Deep Neural Networks, NIPS 2016 (filter shapes).
 */
export const row: Granularity<Static<typeof input>, typeof input> = {
  description: 'all weights of one input at one kernel position',
  input,
  group (tensor) {
    const matrices = matricesOf(tensor)
    const { positions, inputs, outputs, axes: [, inputAxes] } = matrices
    if (inputAxes.length === 0) {
      return { refused: (tensor.axes?.input.length ?? 0) > 0 ? 'every output of a depthwise kernel has an input of its own, so no row goes over several outputs' : 'it has no input axis to part into rows' }
    }
    const groups = tensor.axes?.groups ?? 1
    return groupBy(matrices, positions * inputs * groups, [
      (position) => position * inputs * groups, (index) => index * groups, (output) => Math.floor(output * groups / outputs),
    ])
  },
}
