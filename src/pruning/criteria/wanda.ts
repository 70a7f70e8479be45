/** Wanda: a weight matters as much as what it adds to the outputs. */
import { combine, type Criterion } from './criterion.ts'

/**
 * |w| times the norm of the inputs it is multiplied with, kernel position by kernel position and channel by channel, padding counted as 0: how far the layer's outputs move
 * without the weight. The norm is taken per example, so that it does not grow with the data; a weight of a convolution counts at all its positions, which is what lets
 * layers be compared. Source: Sun et al. 2024, equation 1.
 */
export const wanda: Criterion = {
  description: 'the absolute value of the weight times the norm of its inputs',
  formula: '|w| ||x||_2',
  source: 'Sun et al., A Simple and Effective Pruning Approach for Large Language Models, ICLR 2024',
  observes: 'inputs',
  score: (weights, { observed: { inputs } }) => combine(weights, inputs, (weight, one) => weight * one),
}
