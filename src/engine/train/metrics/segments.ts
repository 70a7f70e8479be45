/** Sums by index inside the graph. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { FLOAT, INT, rawOp } from '../../ops/raw.ts'

/** `values` [n, ...rest] float32, `segments` int32 [n] below `count`; gives [count, ...rest]. Negative segments are left out. */
export function segmentSum (values: Tensor, segments: Tensor, count: number): Tensor {
  return rawOp('UnsortedSegmentSum', { T: FLOAT, Tindices: INT, Tnumsegments: INT }, [values, segments, tf.scalar(count, 'int32')])[0]!
}
