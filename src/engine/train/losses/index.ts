/** Losses by name. Source of every formula: keras.losses. */
import {
  binaryCrossEntropy, binaryFocalCrossEntropy, categoricalCrossEntropy, categoricalFocalCrossEntropy, klDivergence, sparseCategoricalCrossEntropy,
} from './cross-entropy.ts'
import type { Loss } from './loss.ts'
import { categoricalHinge, hinge, squaredHinge } from './margin.ts'
import { dice, tversky } from './overlap.ts'
import {
  cosineSimilarity, huber, logCosh, meanAbsoluteError, meanAbsolutePercentageError, meanSquaredError, meanSquaredLogarithmicError, poisson,
} from './regression.ts'

export type { Loss } from './loss.ts'
export { reduceLoss } from './reduce.ts'

export const LOSSES = {
  'categorical-crossentropy': categoricalCrossEntropy,
  'sparse-categorical-crossentropy': sparseCategoricalCrossEntropy,
  'binary-crossentropy': binaryCrossEntropy,
  'mean-squared-error': meanSquaredError,
  'mean-absolute-error': meanAbsoluteError,
  'mean-absolute-percentage-error': meanAbsolutePercentageError,
  'mean-squared-logarithmic-error': meanSquaredLogarithmicError,
  huber,
  'log-cosh': logCosh,
  hinge,
  'squared-hinge': squaredHinge,
  'kl-divergence': klDivergence,
  poisson,
  'categorical-focal-crossentropy': categoricalFocalCrossEntropy,
  'binary-focal-crossentropy': binaryFocalCrossEntropy,
  'categorical-hinge': categoricalHinge,
  'cosine-similarity': cosineSimilarity,
  dice,
  tversky,
} as const satisfies Record<string, Loss>

export type LossName = keyof typeof LOSSES
