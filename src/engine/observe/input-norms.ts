/** The size of every input of every kernel over the calibration data: what wanda weighs weights with. */
import { sizeOf, type Shape } from '../../models/tensor.ts'
import { linearObserver } from './linear-observer.ts'
import { squaresOf } from './linear.ts'
import type { Observation } from './observation.ts'
import { compensatedSum } from './sums.ts'

/** Source: Sun et al. 2024, "A simple and effective pruning approach for large language models", ||X_j||_2. */
export interface InputNorms {
  /**
   * The kernel's, with 1 along axes that tell outputs apart: Dense [inputs, 1], Conv2D [height, width, channels, 1], depthwise [height, width,
   * channels, 1], Conv2DTranspose [height, width, 1, channels]. A grouped convolution has the number of groups in that place.
   */
  readonly shape: Shape
  /** The L2 norm of each column of the unfolded input (kernel position x input channel, padding counts as 0), in the units of the input. */
  readonly values: Float32Array
  /** Rows of the unfolded input: examples times output positions. values / sqrt(rows) is the root mean square. */
  readonly rows: number
}

export const inputNorms: Observation<InputNorms> = {
  description: 'L2 norm of every input of every prunable kernel',
  create: (context) => linearObserver(context, {
    sum: ({ name }, { columns, groups }) => compensatedSum(`inputNorms:${name}`, [...columns, groups]),
    add (sum, part, x) {
      const { squares, rows } = squaresOf(part, x)
      sum.add(squares)
      return rows
    },
    result: ({ name }, { normShape }, read, rows) => ({ shape: normShape, values: read(`inputNorms:${name}`).map(Math.sqrt), rows }),
  }),
}

/** The norm that belongs to each weight of a kernel of shape `kernel`, row-major. */
export function spreadNorms ({ shape, values }: InputNorms, kernel: Shape): Float32Array {
  const spread = new Float32Array(sizeOf(kernel))
  const index = kernel.map(() => 0)
  for (let at = 0; at < spread.length; at++) {
    spread[at] = values[kernel.reduce((place, size, axis) => place * shape[axis]! + Math.floor(index[axis]! * shape[axis]! / size), 0)]!
    for (let axis = kernel.length - 1; axis >= 0 && ++index[axis]! === kernel[axis]; axis--) index[axis] = 0
  }
  return spread
}
