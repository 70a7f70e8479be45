/** Gradual magnitude pruning: the least weights go, more of them with every update along a schedule, and stay at zero. */
import { magnitude, masksByScore, setMasks } from '../../engine/prune/masks.ts'
import { firstMasks, zerosAt } from './pool.ts'
import { pruneTo, pruningFunction, type CreatePruning } from './pruning.ts'

/**
 * At each update the mask keeps the (1 - s_t) N largest |w|, with s_t from the schedule; w *= mask after every step. Source: Zhu and Gupta, To prune, or not
 * to prune: exploring the efficacy of pruning for model compression, 2017.
 */
export const gradual: CreatePruning = ({ pool, schedule, recipe }) => ({
  reached: schedule.end,
  pruner: {
    ...firstMasks(pool, recipe),
    kinds: { train: {} },
    functions: (state) => ({ prune: pruningFunction(state, pool, (arenas, zeros) => setMasks(state, masksByScore(arenas, zeros, magnitude), { hide: true })) }),
  },
  onStep (step, run) {
    if (schedule.isUpdate(step)) pruneTo(run, pool, 'prune', step, zerosAt(pool, schedule, step))
    return undefined
  },
})
