/** Random: no weight matters more than another, which is what every other criterion has to beat. */
import { uniformAt } from '../draws.ts'
import type { Criterion } from './criterion.ts'

/** Above 0, so that only weights that are 0 have that score. */
const LEAST = 2 ** -33

/** Uniform in (0, 1), by the seed, the tensor and the position in it; weights that are 0 go first. */
export const random: Criterion = {
  description: 'a random number, drawn by the seed',
  formula: 'u, uniform in (0, 1)',
  source: 'Blalock et al., What is the State of Neural Network Pruning?, MLSys 2020, which has it as the baseline',
  elementwise: true,
  score: (weights, { seed, place, first = 0 }) => weights.map((weight, index) => weight === 0 ? 0 : uniformAt(seed, first + index, place) + LEAST),
}
