/** Taylor: the square of what the loss would change by without the weight, or without the whole unit, to first order. */
import { combine, type Criterion } from './criterion.ts'
import { spreadOverUnits } from './unit-scores.ts'

/**
 * (w dL/dw)^2 of single weights, which ranks as snip does; of units that go as a whole the mean over batches of (sum of w dL/dw)^2, so that what cancels out within
 * a unit counts as nothing, and what cancels out between batches does not. Source: Molchanov et al. 2019, equations 8 and 9.
 */
export const taylor: Criterion = {
  description: 'the square of the weight times the derivative of the loss, of whole units of their sum, batch by batch',
  formula: '(w dL/dw)^2; mean (sum of w dL/dw)^2',
  source: 'Molchanov et al., Importance Estimation for Neural Network Pruning, CVPR 2019',
  observes: 'gradients',
  observesOfUnits: 'unitProducts',
  score: (weights, { observed: { gradients, unitProducts }, grouping }) => unitProducts !== undefined
    ? spreadOverUnits(weights, grouping, unitProducts)
    : combine(weights, gradients, (weight, one) => (weight * one) ** 2),
}
