/** The second moments of the inputs of every kernel: the Hessian of a layer's squared output error, which sparsegpt prunes by. */
import * as tf from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import { sizeOf } from '../../models/tensor.ts'
import { matMul2d } from '../ops/matmul.ts'
import { linearObserver } from './linear-observer.ts'
import { columnsOf, type LinearPart } from './linear.ts'
import type { Observation } from './observation.ts'
import { plainSum } from './sums.ts'

/** Source: Frantar and Alistarh 2023, "SparseGPT", H = X^T X; without its factor 2 and its damping. */
export interface Hessian {
  /** Columns of one block: kernel positions times input channels, counted as the kernel has them with its output axis left out. */
  readonly size: number
  /** Convolution groups; a depthwise kernel has one for each channel. Block g belongs to the outputs of group g. */
  readonly groups: number
  /** X^T X of the unfolded input, row-major [groups, size, size], in squared units of the input. */
  readonly blocks: Float32Array
  /** Rows of X: examples times output positions. */
  readonly rows: number
}

const FLOAT_BYTES = 4

export const hessians: Observation<Hessian> = {
  description: 'X^T X of the unfolded inputs of every prunable kernel',
  create: (context) => linearObserver(context, {
    refuse: ({ kind }) => kind === 'indices' ? 'the inputs of a lookup are indices: their second moments are the counts that inputNorms gives' : undefined,
    admit (parts) {
      const bytes = [...parts.values()].reduce((sum, part) => sum + bytesOf(part), 0)
      if (bytes <= context.hessianBytes) return
      const [largest, part] = [...parts].reduce((a, b) => bytesOf(b[1]) > bytesOf(a[1]) ? b : a)
      const size = sizeOf(part.columns)
      throw new EspalierError('limit-exceeded', `the Hessian blocks take ${bytes} bytes, more than the ${context.hessianBytes} allowed: observe fewer weights at a time, or leave out ` +
        `${largest} (${part.groups} of ${size} x ${size}, ${bytesOf(part)} bytes)`, { bytes, limit: context.hessianBytes, weight: largest })
    },
    sum: ({ name }, { groups, columns }) => plainSum(`hessians:${name}`, [groups, sizeOf(columns), sizeOf(columns)]),
    add (sum, part, x) {
      const [columns, size] = [columnsOf(part, x), sizeOf(part.columns)]
      if (part.groups === 1) sum.add(tf.expandDims(matMul2d(columns, columns, { transposeA: true }), 0))
      else {
        const apart = tf.transpose(tf.reshape(columns, [-1, part.groups, size]), [1, 0, 2])
        sum.add(tf.matMul(apart, apart, true))
      }
      return columns.shape[0]!
    },
    result: ({ name }, { groups, columns }, read, rows) => ({ size: sizeOf(columns), groups, blocks: read(`hessians:${name}`), rows }),
  }),
}

function bytesOf ({ groups, columns }: LinearPart): number {
  return groups * sizeOf(columns) ** 2 * FLOAT_BYTES
}
