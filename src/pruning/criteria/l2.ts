/** L2: as magnitude, but of units of several weights the large ones count more. */
import type { Criterion } from './criterion.ts'

/** |w|; of units the root of the mean of w^2. Source: Wen et al. 2016, whose groups are measured so; of single weights it is the magnitude. */
export const l2: Criterion = {
  description: 'the absolute value of the weight; of units the root mean square',
  formula: '|w|; sqrt(mean w^2)',
  source: 'Wen et al., Learning Structured Sparsity in Deep Neural Networks, NIPS 2016',
  units: 'rms',
  elementwise: true,
  score: (weights) => weights,
}
