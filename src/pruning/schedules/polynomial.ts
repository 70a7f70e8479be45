/** Polynomial: fast while much is superfluous, slower the less is left. With power 3 the cubic schedule. */
import type { SparsitySchedule } from './schedule.ts'

export const polynomial: SparsitySchedule = {
  description: 'fast at first, slower the less is left; power 3 is the cubic schedule',
  formula: 'to + (from - to) (1 - p)^n',
  source: 'Zhu and Gupta, To prune, or not to prune, 2017, equation 1',
  at: (progress, from, to, power) => to + (from - to) * (1 - progress) ** power,
}
