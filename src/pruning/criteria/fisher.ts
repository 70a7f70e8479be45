/** Fisher: what the loss would change by without the weight, to second order, the Hessian's diagonal taken as that of the Fisher information. */
import { combine, type Criterion } from './criterion.ts'

/** w^2 mean(g^2) / 2 over the gradients g of single examples. Sources: LeCun et al. 1989; Theis et al. 2018, equation 8. */
export const fisher: Criterion = {
  description: 'half the square of the weight times the mean square of the derivatives of single examples\' losses',
  formula: 'w^2 E[(dL/dw)^2] / 2',
  source: 'LeCun, Denker, Solla, Optimal Brain Damage, NIPS 1989; Theis et al., Faster gaze prediction with dense networks and Fisher pruning, 2018',
  observes: 'squaredGradients',
  score: (weights, { observed: { squaredGradients } }) => combine(weights, squaredGradients, (weight, one) => weight * weight * one / 2),
}
