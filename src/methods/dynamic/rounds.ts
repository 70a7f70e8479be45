/** Rounds of pruning and training within one run: what stands between two of them. */
import * as tf from '@tensorflow/tfjs-core'
import { magnitude, masksByScore, setMasks } from '../../engine/prune/masks.ts'
import { firstMasks, type PrunedPool } from './pool.ts'
import { pruneTo, pruningFunction, type Pruning, type PruningSetup } from './pruning.ts'
import { zerosFor } from '../../pruning/allocation/index.ts'

export interface Rounds {
  /** Rounds of training in all. */
  readonly rounds: number
  /** Is there pruning before the first round? */
  readonly prunesFirst: boolean
  /** Step of the first round whose weights all later rounds begin with; null: each goes on from the one before. */
  readonly rewind: number | null
}

/**
 * Every pruning takes the same share of what is left, by magnitude, so that the last one meets the target: after i of n prunings the sparsity is
 * 1 - (1 - s)^(i / n). Every round begins with a fresh optimizer and the learning rate's schedule from its start.
 */
export function inRounds ({ pool, recipe, steps }: PruningSetup, { rounds, prunesFirst, rewind }: Rounds): Pruning {
  const count = Math.min(rounds, steps)
  const length = Math.floor(steps / count)
  const prunings = prunesFirst ? count : count - 1
  const rewindTo = rewind ?? 0
  return {
    reached: (count - 1) * length,
    scheduledSteps: length,
    pruner: {
      ...firstMasks(pool, recipe),
      remembers: rewind !== null,
      kinds: { train: {} },
      functions: (state) => ({
        prune: pruningFunction(state, pool, (arenas, zeros) => {
          const counts = setMasks(state, masksByScore(arenas, zeros, magnitude), { hide: true })
          if (rewind !== null) for (const { variable, early, mask } of state.weights) variable.assign(mask === undefined ? early! : tf.mul(early!, mask))
          for (const { slots } of [...state.weights, ...state.gates]) for (const [name, slot] of Object.entries(slots)) slot.assign(tf.fill(slot.shape, state.slotInitials[name]!))
          state.counter.assign(tf.scalar(rewindTo, 'int32'))
          return counts
        }),
        ...(rewind !== null && {
          remember: {
            inputs: [],
            run () {
              for (const { variable, early } of state.weights) early!.assign(variable)
              return []
            },
          },
        }),
      }),
    },
    onStep (step, run) {
      if (step > 0 && step === rewind) run.trainer.program.run('remember')
      const round = step / length
      const isBoundary = Number.isInteger(round) && round < count && (prunesFirst || round > 0)
      if (isBoundary) pruneTo(run, pool, 'prune', step, zerosAfter(pool, (prunesFirst ? round + 1 : round) / prunings))
      return undefined
    },
  }
}

/** Zeros of each arena when `share` of all prunings are done. */
function zerosAfter ({ arenas }: PrunedPool, share: number): Int32Array {
  return Int32Array.from(arenas, ({ weights, zeros }) => {
    if (zeros === null || share >= 1) return zeros ?? 0
    return zerosFor(1 - (1 - zeros / weights) ** share, weights)
  })
}
