/** Forward passes of layers that disturb their input in training. Source: keras.layers of the same names. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type * as Settings from '../../models/layers/noise.ts'
import type { Forward, RandomSource } from './forward.ts'
import { spatialAxes } from './layout.ts'

/** What SELU tends to far below 0: minus its scale times its alpha. Source: Klambauer et al. 2017. */
const SATURATION = -1.0507009873554805 * 1.6732632423543772

/** Each value is 0 with probability `rate`, else divided by 1 - rate. */
export const dropout: Forward<Settings.DropoutConfig> = noisy(({ rate }) => rate, (c, x, random) => dropped(x, c.rate, noiseShape(c, x), random))

export const spatialDropout: Forward<Settings.SpatialDropoutConfig> = noisy(({ rate }) => rate, (c, x, random) => {
  const positions = spatialAxes(c.format, x.rank)
  return dropped(x, c.rate, x.shape.map((size, axis) => positions.includes(axis) ? 1 : size), random)
})

/** Dropped values are SELU's lower bound; mean and variance stay. */
export const alphaDropout: Forward<Settings.DropoutConfig> = noisy(({ rate }) => rate, (c, x, random) => {
  const kept = tf.cast(tf.greaterEqual(random.uniform(noiseShape(c, x)), c.rate), 'float32')
  const factor = ((1 - c.rate) * (1 + c.rate * SATURATION ** 2)) ** -0.5
  const mixed = tf.add(tf.mul(x, kept), tf.mul(SATURATION, tf.sub(1, kept)))
  return tf.add(tf.mul(factor, mixed), -factor * SATURATION * c.rate)
})

export const gaussianNoise: Forward<Settings.GaussianNoiseConfig> = noisy(({ deviation }) => deviation, (c, x, random) =>
  tf.add(x, tf.mul(random.normal(x.shape), c.deviation)))

/** Times a normal draw of mean 1 and variance rate / (1 - rate). Throws `unsupported-layer` for rate 1, which has none. */
export const gaussianDropout: Forward<Settings.GaussianDropoutConfig> = noisy(({ rate }) => rate, (c, x, random) => {
  if (c.rate === 1) throw new EspalierError('unsupported-layer', 'layers of type GaussianDropout with rate 1 cannot be trained: the variance is rate / (1 - rate)')
  return tf.mul(x, tf.add(1, tf.mul(random.normal(x.shape), Math.sqrt(c.rate / (1 - c.rate)))))
})

/** Passes the input on at inference, and where there is no noise. */
function noisy<C> (amount: (c: C) => number, run: (c: C, x: Tensor, random: RandomSource) => Tensor): Forward<C> {
  return (c, [x], _, context) => [context.training && amount(c) > 0 ? run(c, x!, context.random) : x!]
}

function dropped (x: Tensor, rate: number, shape: readonly number[], random: RandomSource): Tensor {
  return tf.mul(x, dropoutFactors(rate, shape, random))
}

/** 0 with probability `rate`, else 1 / (1 - rate). */
export function dropoutFactors (rate: number, shape: readonly number[], random: RandomSource): Tensor {
  if (rate === 1) return tf.zeros([...shape])
  return tf.mul(tf.cast(tf.greaterEqual(random.uniform(shape), rate), 'float32'), 1 / (1 - rate))
}

function noiseShape (c: Settings.DropoutConfig, x: Tensor): readonly number[] {
  return c.noiseShape === null ? x.shape : c.noiseShape.map((size, axis) => size ?? x.shape[axis]!)
}
