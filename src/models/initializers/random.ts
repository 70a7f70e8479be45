/** Initialisers whose spread is given. Source: keras.initializers.random_initializers. */
import { sizeOf } from '../tensor.ts'
import { normal, truncatedNormal, uniform } from './draws.ts'
import type { Initializer } from './initializer.ts'

/** Keras' limit of uniform, and deviation of normal numbers, where the settings tell none. */
const SPREAD = 0.05

export const randomUniform: Initializer = (settings, { shape }, random) =>
  uniform(sizeOf(shape), settings.number('minval', -SPREAD), settings.number('maxval', SPREAD), random)

export const randomNormal: Initializer = (settings, { shape }, random) =>
  normal(sizeOf(shape), settings.number('mean', 0), settings.number('stddev', SPREAD), random)

export const truncated: Initializer = (settings, { shape }, random) =>
  truncatedNormal(sizeOf(shape), settings.number('mean', 0), settings.number('stddev', SPREAD), random)
