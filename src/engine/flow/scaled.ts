/** Tensors of any size: a float32 tensor times a power of two, as the flow through a deep model has no room in float32. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** value * 2^exponent; the exponent is a whole float32 scalar. */
export interface Scaled { readonly value: Tensor, readonly exponent: Tensor }

/** Beyond it a float32 is 0. */
const LOWEST = -126

export function plain (value: Tensor): Scaled {
  return { value, exponent: tf.scalar(0) }
}

/** The same with its largest value in [1, 2); what is 0 stays as it is. Nothing in it is negative. */
export function scaled ({ value, exponent }: Scaled): Scaled {
  const largest = tf.max(value)
  const shift = tf.floor(tf.div(tf.log(tf.where(tf.greater(largest, 0), largest, tf.onesLike(largest))), Math.LN2))
  return { value: tf.mul(value, power(tf.neg(shift))), exponent: tf.add(exponent, shift) }
}

/** Values with one exponent, the largest of all. */
export function aligned (all: readonly Scaled[]): { values: Tensor[], exponent: Tensor } {
  if (all.length === 1) return { values: [all[0]!.value], exponent: all[0]!.exponent }
  const exponent = all.slice(1).reduce((largest, one) => tf.maximum(largest, one.exponent), all[0]!.exponent)
  return { values: all.map((one) => tf.mul(one.value, power(tf.maximum(tf.sub(one.exponent, exponent), LOWEST)))), exponent }
}

/** Their sum. */
export function summed (all: readonly Scaled[]): Scaled {
  const { values, exponent } = aligned(all)
  return scaled({ value: values.length === 1 ? values[0]! : tf.addN(values), exponent })
}

function power (exponent: Tensor): Tensor {
  return tf.pow(tf.scalar(2), exponent)
}
