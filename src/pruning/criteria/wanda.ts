/** Wanda: a weight matters as much as what it adds to the outputs. */
import { combine, type Criterion } from './criterion.ts'

/**
 * |w| times the root mean square of the inputs it is multiplied with, kernel position by kernel position and channel by channel, padding counted as 0.
 * The paper's norm is this times the root of the number of rows, which is the same within a layer; the mean lets layers be compared. Source: Sun et al. 2024, equation 1.
 */
export const wanda: Criterion = {
  description: 'the absolute value of the weight times the root mean square of its input',
  formula: '|w| sqrt(E[x^2])',
  source: 'Sun et al., A Simple and Effective Pruning Approach for Large Language Models, ICLR 2024',
  observes: 'inputs',
  score: (weights, { observed: { inputs } }) => combine(weights, inputs, (weight, one) => weight * one),
}
