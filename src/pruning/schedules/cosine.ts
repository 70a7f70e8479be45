/** Cosine: slow at both ends, fast between. */
import type { SparsitySchedule } from './schedule.ts'

export const cosine: SparsitySchedule = {
  description: 'slow at both ends, fast between',
  formula: 'to + (from - to) (1 + cos(pi p)) / 2',
  source: 'Loshchilov and Hutter, SGDR, 2017, equation 5, for sparsity in place of the learning rate',
  at: (progress, from, to) => to + (from - to) * (1 + Math.cos(Math.PI * progress)) / 2,
}
