/** SNIP: a weight matters as much as the loss would change without it, to first order. */
import { combine, type Criterion } from './criterion.ts'

/** |w dL/dw|, of the mean loss over the calibration data. Source: Lee et al. 2019, equation 5. */
export const snip: Criterion = {
  description: 'the absolute value of the weight times the derivative of the loss',
  formula: '|w dL/dw|',
  source: 'Lee, Ajanthan, Torr, SNIP: Single-shot Network Pruning based on Connection Sensitivity, ICLR 2019',
  observes: 'gradients',
  score: (weights, { observed: { gradients } }) => combine(weights, gradients, (weight, one) => weight * one),
}
