/** Masks by magnitude inside the graph: exact counts over any number of weights, without reading a value to JavaScript. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { rawOp } from '../ops/raw.ts'

/** The digits of a float32's magnitude, from the highest: 31 bits, whose order as an integer is the order of the magnitudes. */
const DIGITS = [{ shift: 20, bits: 11 }, { shift: 9, bits: 11 }, { shift: 0, bits: 9 }] as const

const T = { type: 'int32' } as const

/**
 * Gives every weight's mask, float32 in its shape: 0 for the `zeros` least magnitudes of all together, 1 for the rest; of equal magnitudes the first go
 * first. `zeros` is an int32 scalar. A radix select: one count of each digit instead of a sort.
 */
export function magnitudeMasks (weights: readonly Tensor[], zeros: Tensor): Tensor[] {
  const flat = weights.map((weight) => tf.reshape(weight, [-1]))
  const magnitudes = tf.abs(flat.length === 1 ? flat[0]! : tf.concat(flat))
  const keys = rawOp('Bitcast', { T: { type: 'float32' }, type: { type: 'int32' } }, [magnitudes])[0]!
  let left = zeros
  let found: Tensor = tf.scalar(0, 'int32')
  for (const { shift, bits } of DIGITS) {
    const above = shiftRight(keys, shift + bits)
    const digit = bitAnd(shiftRight(keys, shift), 2 ** bits - 1)
    // Keys that differ in a higher digit are counted apart, behind all others.
    const counted = tf.where(tf.equal(above, found), digit, tf.fill(digit.shape, 2 ** bits, 'int32'))
    const counts = tf.slice(rawOp('Bincount', { T }, [counted, tf.scalar(2 ** bits + 1, 'int32'), tf.tensor1d([], 'int32')])[0]!, 0, 2 ** bits)
    const upTo = tf.cumsum(counts)
    const bucket = tf.sum(tf.cast(tf.less(upTo, left), 'int32'))
    left = tf.sub(left, tf.sum(tf.mul(counts, tf.cast(tf.less(tf.range(0, 2 ** bits, 1, 'int32'), bucket), 'int32'))))
    found = tf.add(tf.mul(found, tf.scalar(2 ** bits, 'int32')), bucket)
  }
  const tied = tf.equal(keys, found)
  const rank = tf.cumsum(tf.cast(tied, 'int32'))
  const kept = tf.cast(tf.logicalOr(tf.greater(keys, found), tf.logicalAnd(tied, tf.greater(rank, left))), 'float32')
  const parts = tf.split(kept, weights.map(({ size }) => size))
  return weights.map(({ shape }, index) => tf.reshape(parts[index]!, shape))
}

/** Sets masks anew and the weights that they leave out to 0. */
export function updateMasks (weights: ReadonlyArray<{ readonly variable: Variable, readonly mask: Variable }>, zeros: Tensor): void {
  const masks = magnitudeMasks(weights.map(({ variable }) => variable), zeros)
  for (const [index, { variable, mask }] of weights.entries()) {
    mask.assign(masks[index]!)
    variable.assign(tf.mul(variable, masks[index]!))
  }
}

function shiftRight (keys: Tensor, by: number): Tensor {
  return by === 0 ? keys : by > 30 ? tf.zerosLike(keys) : rawOp('RightShift', { T }, [keys, tf.scalar(by, 'int32')])[0]!
}

function bitAnd (keys: Tensor, mask: number): Tensor {
  return rawOp('BitwiseAnd', { T }, [keys, tf.scalar(mask, 'int32')])[0]!
}
