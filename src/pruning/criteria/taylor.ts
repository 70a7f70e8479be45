/** Taylor: the square of what the loss would change by without the weight, to first order. */
import { combine, type Criterion } from './criterion.ts'

/** (w dL/dw)^2: of single weights it ranks as snip does; of units, large parts count more. Source: Molchanov et al. 2019, equation 8. */
export const taylor: Criterion = {
  description: 'the square of the weight times the derivative of the loss',
  formula: '(w dL/dw)^2',
  source: 'Molchanov et al., Importance Estimation for Neural Network Pruning, CVPR 2019',
  observes: 'gradients',
  score: (weights, { observed: { gradients } }) => combine(weights, gradients, (weight, one) => (weight * one) ** 2),
}
