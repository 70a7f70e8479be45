/** Column: an output of a kernel as it is multiplied. */
import { Type, type Static } from 'typebox'
import type { Granularity } from './granularity.ts'
import { groupBy, matricesOf } from './matrices.ts'

const input = Type.Object({ type: Type.Literal('column') }, { additionalProperties: false, description: 'whole columns of the matrix [positions * inputs, outputs]' })

/**
 * Columns of the matrix [positions * inputs, outputs]: as channels, but each gate of a fused kernel has columns of its own, and the outputs of the model may go
 * too. Source: Wen et al., Learning Structured Sparsity in Deep Neural Networks, NIPS 2016.
 */
export const column: Granularity<Static<typeof input>, typeof input> = {
  description: 'all weights of one output; of recurrent layers, of one gate of a unit',
  input,
  group (tensor) {
    const matrices = matricesOf(tensor)
    return groupBy(matrices, matrices.outputs, [() => 0, () => 0, (output) => output])
  },
}
