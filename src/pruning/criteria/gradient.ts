/** Gradient: a weight matters as much as the loss changes with it. */
import type { Criterion } from './criterion.ts'

/** |dL/dw|, of the mean loss over the calibration data; weights that are 0 go first. Source: Mozer and Smolensky 1989. */
export const gradient: Criterion = {
  description: 'the absolute value of the derivative of the loss',
  formula: '|dL/dw|',
  source: 'Mozer and Smolensky, Skeletonization, NIPS 1988',
  observes: 'gradients',
  score: (weights, { observed: { gradients } }) => weights.map((weight, index) => weight === 0 ? 0 : gradients![index]!),
}
