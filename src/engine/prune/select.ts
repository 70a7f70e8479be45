/** Which units go, inside the graph: the least of all that compete, until so many elements are zero. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { gatherRows, segmentSum } from '../ops/gather.ts'
import { smallest, type Smallest } from './radix.ts'
import type { Units } from './units.ts'

/** Scores >= 0 of the units of one tensor, float32 [count]. */
export interface Contender { readonly scores: Tensor, readonly units: Units }

/**
 * Tells the units with the least scores whose removal makes `zeros` (int32 scalar) elements zero; where units differ in size, or `zeros` is no multiple of
 * it, the nearest number that whole units give. Masks of units come in the contenders' order.
 */
export function selectUnits (contenders: readonly Contender[], zeros: Tensor): Smallest {
  const sizes = new Set(contenders.map(({ units: { removed } }) => removed))
  const [size] = sizes
  if (sizes.size !== 1 || typeof size !== 'number') return bySize(contenders, zeros)
  const units = size === 1 ? zeros : tf.cast(tf.floor(tf.div(tf.add(tf.cast(zeros, 'float32'), size / 2), size)), 'int32')
  return smallest(contenders.map(({ scores }) => scores), units)
}

function bySize (contenders: readonly Contender[], zeros: Tensor): Smallest {
  const counts = contenders.map(({ units }) => units.count)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const scores = tf.concat(contenders.map((one) => one.scores))
  const sizes = Float32Array.from(contenders.flatMap(({ units: { count, removed } }) => typeof removed === 'number' ? Array<number>(count).fill(removed) : [...removed]))
  const { indices: order } = tf.topk(tf.neg(scores), total)
  const inOrder = gatherRows(tf.tensor1d(sizes), order)
  // A unit goes when the zeros with it are nearer to what is asked than without it.
  const goes = tf.cast(tf.lessEqual(tf.sub(tf.cumsum(inOrder), tf.div(inOrder, 2)), tf.cast(zeros, 'float32')), 'float32')
  const kept = segmentSum(tf.sub(1, goes), order, total)
  return { kept: tf.split(kept, counts), threshold: tf.max(tf.mul(scores, tf.sub(1, kept))) }
}
