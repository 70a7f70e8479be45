/** Linear: the same share of all weights with every update. */
import type { SparsitySchedule } from './schedule.ts'

export const linear: SparsitySchedule = {
  description: 'the same share of all weights with every update',
  formula: 'from + (to - from) p',
  source: 'the polynomial schedule with power 1',
  at: (progress, from, to) => from + (to - from) * progress,
}
