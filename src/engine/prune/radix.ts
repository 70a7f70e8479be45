/** The least of any number of scores inside the graph: exact counts, without reading a value to JavaScript. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { rawOp } from '../ops/raw.ts'

/** Bits of the lower of two digits of a float32's magnitude: 31 bits, whose order as an integer is the order of the magnitudes. */
const LOW_BITS = 15
const HIGH_BITS = 31 - LOW_BITS

const T = { type: 'int32' } as const

export interface Smallest {
  /** float32 in the scores' shapes: 0 for those that go, 1 for the rest. */
  readonly kept: Tensor[]
  /** float32 scalar: the largest magnitude that goes; 0 when none does. */
  readonly threshold: Tensor
}

/**
 * Tells the `zeros` least magnitudes of all scores together; of equal ones the first go first. `zeros` is an int32 scalar. A radix select of two digits: one
 * count of each instead of a sort.
 */
export function smallest (scores: readonly Tensor[], zeros: Tensor): Smallest {
  const flat = scores.map((score) => tf.reshape(score, [-1]))
  const magnitudes = tf.abs(flat.length === 1 ? flat[0]! : tf.concat(flat))
  const keys = bitsOf(magnitudes)
  const highs = binary('RightShift', keys, LOW_BITS)
  const high = bucketOf(highs, HIGH_BITS, zeros)
  // Keys that differ in the higher digit are counted apart, behind all others.
  const lows = tf.where(tf.equal(highs, high.bucket), binary('BitwiseAnd', keys, 2 ** LOW_BITS - 1), tf.scalar(2 ** LOW_BITS, 'int32'))
  const low = bucketOf(lows, LOW_BITS, high.left)
  const found = tf.add(tf.mul(high.bucket, tf.scalar(2 ** LOW_BITS, 'int32')), low.bucket)
  const left = low.left
  const tied = tf.equal(keys, found)
  const behind = tf.greater(countTo(keys.size), positionOf(tied, left))
  const kept = tf.cast(tf.logicalOr(tf.greater(keys, found), tf.logicalAnd(tied, behind)), 'float32')
  const parts = tf.split(kept, scores.map(({ size }) => size))
  const threshold = rawOp('Bitcast', { T, type: { type: 'float32' } }, [found])[0]!
  return { kept: scores.map(({ shape }, index) => tf.reshape(parts[index]!, shape)), threshold: tf.where(tf.greater(zeros, tf.scalar(0, 'int32')), threshold, tf.scalar(0)) }
}

/** The value of a digit at which the `wanted`th least stands, and how many of those with that value are wanted. Values of 2^bits are not counted. */
function bucketOf (digits: Tensor, bits: number, wanted: Tensor): { bucket: Tensor, left: Tensor } {
  const counts = tf.slice(rawOp('Bincount', { T }, [digits, tf.scalar(2 ** bits + 1, 'int32'), tf.tensor1d([], 'int32')])[0]!, 0, 2 ** bits)
  const bucket = tf.sum(tf.cast(tf.less(tf.cumsum(counts), wanted), 'int32'))
  const before = tf.sum(tf.mul(counts, tf.cast(tf.less(countTo(2 ** bits), bucket), 'int32')))
  return { bucket, left: tf.sub(wanted, before) }
}

/** A running count over all of them would take longer than everything else. */
const ROW = 512

/** Where the `wanted`th true stands, counted from 1; -1 for none. It is looked for by rows and then within its row. */
function positionOf (flags: Tensor, wanted: Tensor): Tensor {
  const rows = Math.ceil(flags.size / ROW)
  const padded = tf.pad(tf.cast(flags, 'int32'), [[0, rows * ROW - flags.size]])
  const sums = tf.sum(tf.reshape(padded, [rows, ROW]), 1)
  const row = tf.sum(tf.cast(tf.less(tf.cumsum(sums), wanted), 'int32'))
  const before = tf.sum(tf.mul(sums, tf.cast(tf.less(countTo(rows), row), 'int32')))
  const begin = tf.mul(row, tf.scalar(ROW, 'int32'))
  const within = rawOp('Slice', { T, Index: T }, [padded, tf.reshape(begin, [1]), tf.tensor1d([ROW], 'int32')])[0]!
  const column = tf.sum(tf.cast(tf.less(tf.cumsum(within), tf.sub(wanted, before)), 'int32'))
  return tf.where(tf.greater(wanted, tf.scalar(0, 'int32')), tf.add(begin, column), tf.scalar(-1, 'int32'))
}

/** 0, 1, ... made in the graph: tfjs-core's own would lie in it as a constant. */
function countTo (end: number): Tensor {
  return rawOp('Range', { Tidx: { type: 'int32' } }, [0, end, 1].map((value) => tf.scalar(value, 'int32')))[0]!
}

function binary (op: 'RightShift' | 'BitwiseAnd', keys: Tensor, other: number): Tensor {
  return rawOp(op, { T }, [keys, tf.scalar(other, 'int32')])[0]!
}

function bitsOf (magnitudes: Tensor): Tensor {
  return rawOp('Bitcast', { T: { type: 'float32' }, type: { type: 'int32' } }, [magnitudes])[0]!
}
