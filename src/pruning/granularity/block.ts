/** Block: rectangles of a kernel, which dense matrix units can skip as a whole. */
import { Type, type Static } from 'typebox'
import type { Granularity } from './granularity.ts'
import { groupBy, matricesOf } from './matrices.ts'

/** Larger blocks than matrix units compute at once help no further. */
const MAX_SIDE = 256

const side = (description: string) => Type.Integer({ minimum: 1, maximum: MAX_SIDE, description })

const input = Type.Object({
  type: Type.Literal('block'),
  rows: side('inputs of a block'),
  columns: side('outputs of a block'),
}, { additionalProperties: false, description: 'rectangles of a kernel' })

/**
 * Blocks of rows x columns of the matrix [inputs, outputs] at each kernel position; those at the edges are smaller where the sizes do not divide.
 * The matrix of a fused gate kernel is [inputs, gates * units], as it is multiplied. Each output of a depthwise kernel has one input: its blocks
 * have one row. Source: Gray, Radford, Kingma: GPU Kernels for Block-Sparse Weights, 2017.
 */
export const block: Granularity<Static<typeof input>, typeof input> = {
  description: 'rectangles of rows x columns of the matrix [inputs, outputs] at each kernel position',
  input,
  group (tensor, { rows, columns }) {
    const matrices = matricesOf(tensor)
    const [down, across] = [Math.ceil(matrices.inputs / rows), Math.ceil(matrices.outputs / columns)]
    return groupBy(matrices, matrices.positions * down * across, [
      (position) => position * down * across, (index) => Math.floor(index / rows) * across, (output) => Math.floor(output / columns),
    ])
  },
}
