/** Forward passes that make one tensor of several. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { ConcatenateConfig, DotConfig, MergeConfig, MergeName } from '../../models/layers/merging.ts'
import { frontAxis } from '../../models/layers/shapes.ts'
import type { Forward } from './forward.ts'
import { range } from './layout.ts'
import { unitLength } from './normalization.ts'

/** Keras' backend.epsilon(), the least norm Dot divides by. */
const LEAST_NORM = 1e-7

type Binary = (a: Tensor, b: Tensor) => Tensor

/** tfjs' gradients of these do not reduce to the smaller input. */
const ofOneShape = (run: Binary): Binary => (a, b) => {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape)
  return run(tf.broadcastTo(a, shape), tf.broadcastTo(b, shape))
}

const maximum = ofOneShape(tf.maximum)
const minimum = ofOneShape(tf.minimum)

const MERGES: { readonly [Name in MergeName]: Binary } = {
  Add: tf.add, Subtract: tf.sub, Multiply: tf.mul, Average: tf.add, Maximum: maximum, Minimum: minimum,
}

export const merging: Forward<MergeConfig> = (c, inputs) => {
  const rank = Math.max(...inputs.map((x) => x.rank))
  // Missing axes come behind the batch.
  const aligned = inputs.map((x) => x.rank === rank ? x : tf.reshape(x, [x.shape[0]!, ...new Array<number>(rank - x.rank).fill(1), ...x.shape.slice(1)]))
  const merged = aligned.reduce(MERGES[c.merge])
  return [c.merge === 'Average' ? tf.div(merged, inputs.length) : merged]
}

export const concatenate: Forward<ConcatenateConfig> = (c, inputs) => [tf.concat([...inputs], frontAxis(c.axis, inputs[0]!.rank))]

export const dot: Forward<DotConfig> = (c, [a, b]) => {
  const axes = [frontAxis(c.axes[0], a!.rank), frontAxis(c.axes[1], b!.rank)] as const
  const left = matrices(c.normalize ? unitLength(a!, [axes[0]], LEAST_NORM) : a!, axes[0])
  const right = matrices(c.normalize ? unitLength(b!, [axes[1]], LEAST_NORM) : b!, axes[1])
  const rest = [...left.rest, ...right.rest]
  return [tf.reshape(tf.matMul(left.matrix, right.matrix, false, true), [a!.shape[0]!, ...(rest.length === 0 ? [1] : rest)])]
}

/** One matrix per example: what remains in rows, the summed axis in columns. */
function matrices (x: Tensor, axis: number): { matrix: Tensor, rest: number[] } {
  const others = range(1, x.rank).filter((at) => at !== axis)
  const rest = others.map((at) => x.shape[at]!)
  const matrix = tf.reshape(tf.transpose(x, [0, ...others, axis]), [x.shape[0]!, rest.reduce((product, size) => product * size, 1), x.shape[axis]!])
  return { matrix, rest }
}
