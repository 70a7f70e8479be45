/** Constant: all of it at the first update. */
import type { SparsitySchedule } from './schedule.ts'

export const constant: SparsitySchedule = {
  description: 'the whole target from the first update on',
  formula: 'to',
  source: 'ConstantSparsity of TensorFlow Model Optimization',
  at: (_, __, to) => to,
}
