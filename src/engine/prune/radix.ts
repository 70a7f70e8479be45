/** The least of any number of scores inside the graph: exact counts, without reading a value to JavaScript. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { rawOp } from '../ops/raw.ts'

/** The digits of a float32's magnitude, from the highest: 31 bits, whose order as an integer is the order of the magnitudes. */
const DIGITS = [{ shift: 20, bits: 11 }, { shift: 9, bits: 11 }, { shift: 0, bits: 9 }] as const

const T = { type: 'int32' } as const

export interface Smallest {
  /** float32 in the scores' shapes: 0 for those that go, 1 for the rest. */
  readonly kept: Tensor[]
  /** float32 scalar: the largest magnitude that goes; 0 when none does. */
  readonly threshold: Tensor
}

/**
 * Tells the `zeros` least magnitudes of all scores together; of equal ones the first go first. `zeros` is an int32 scalar. A radix select: one count of
 * each digit instead of a sort.
 */
export function smallest (scores: readonly Tensor[], zeros: Tensor): Smallest {
  const flat = scores.map((score) => tf.reshape(score, [-1]))
  const magnitudes = tf.abs(flat.length === 1 ? flat[0]! : tf.concat(flat))
  const keys = bitsOf(magnitudes)
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
  const parts = tf.split(kept, scores.map(({ size }) => size))
  const threshold = rawOp('Bitcast', { T, type: { type: 'float32' } }, [found])[0]!
  return { kept: scores.map(({ shape }, index) => tf.reshape(parts[index]!, shape)), threshold: tf.where(tf.greater(zeros, tf.scalar(0, 'int32')), threshold, tf.scalar(0)) }
}

function shiftRight (keys: Tensor, by: number): Tensor {
  return by === 0 ? keys : by > 30 ? tf.zerosLike(keys) : rawOp('RightShift', { T }, [keys, tf.scalar(by, 'int32')])[0]!
}

function bitAnd (keys: Tensor, mask: number): Tensor {
  return rawOp('BitwiseAnd', { T }, [keys, tf.scalar(mask, 'int32')])[0]!
}

function bitsOf (magnitudes: Tensor): Tensor {
  return rawOp('Bitcast', { T: { type: 'float32' }, type: { type: 'int32' } }, [magnitudes])[0]!
}
