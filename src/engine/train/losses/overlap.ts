/** Losses of how two areas overlap, one value for the whole batch as Keras' default has it. */
import * as tf from '@tensorflow/tfjs-core'
import { aligned, EPSILON, type Loss } from './loss.ts'

/** Keras' default: what is missed and what is too much weigh the same. */
const ALPHA = 0.5
const BETA = 0.5

/** 1 - 2 shared / (sum of both). */
export const dice: Loss = {
  perExample (targets, outputs) {
    const y = aligned(targets, outputs)
    return tf.sub(1, tf.div(tf.mul(2, tf.sum(tf.mul(y, outputs))), tf.add(tf.add(tf.sum(y), tf.sum(outputs)), EPSILON)))
  },
}

/** 1 - shared / (shared + alpha missed + beta too much). Source: Salehi et al. 2017. */
export const tversky: Loss = {
  perExample (targets, outputs) {
    const y = aligned(targets, outputs)
    const shared = tf.sum(tf.mul(y, outputs))
    const missed = tf.mul(ALPHA, tf.sum(tf.mul(y, tf.sub(1, outputs))))
    const tooMuch = tf.mul(BETA, tf.sum(tf.mul(tf.sub(1, y), outputs)))
    return tf.sub(1, tf.div(shared, tf.add(tf.addN([shared, missed, tooMuch]), EPSILON)))
  },
}
