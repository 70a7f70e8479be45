/** Copies side by side, at any rank; the gradient of tfjs' tile ends at four axes. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** `counts`: how often, for each axis of x. */
export function tile (x: Tensor, counts: readonly number[]): Tensor {
  return counts.reduce((tiled, count, axis) => count === 1 ? tiled : tf.concat(new Array<Tensor>(count).fill(tiled), axis), x)
}

/** x with its axes of size 1 stretched to `shape`; missing ones come in front. */
export function stretch (x: Tensor, shape: readonly number[]): Tensor {
  if (String(x.shape) === String(shape)) return x
  if (shape.length <= MAX_RANK) return tf.broadcastTo(x, [...shape])
  const full = [...new Array<number>(shape.length - x.rank).fill(1), ...x.shape]
  return tile(tf.reshape(x, full), shape.map((size, axis) => full[axis] === 1 ? size : 1))
}

/** The most axes that the gradient of tfjs' tile takes. */
const MAX_RANK = 4
