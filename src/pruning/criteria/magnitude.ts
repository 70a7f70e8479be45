/** Magnitude: a small weight changes the output little. */
import type { Criterion } from './criterion.ts'

/** |w|. Source: Han, Pool, Tran, Dally: Learning both Weights and Connections for Efficient Neural Networks, NIPS 2015. */
export const magnitude: Criterion = {
  description: 'the absolute value of the weight',
  formula: '|w|',
  source: 'Han et al., Learning both Weights and Connections for Efficient Neural Networks, NIPS 2015',
  elementwise: true,
  // Scores are compared without their sign: the weights are their own scores and need no copy.
  score: (weights) => weights,
}
