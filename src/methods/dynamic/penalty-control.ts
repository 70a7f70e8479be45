/** Methods whose penalty makes weights go by themselves: the penalty follows the schedule, and a last projection meets the target exactly. */
import * as tf from '@tensorflow/tfjs-core'
import { masksByScore, masksByThreshold, setMasks, type MaskedWeight, type Score } from '../../engine/prune/masks.ts'
import type { Pruner, StepKind } from '../../engine/prune/pruner.ts'
import type { TrainState } from '../../engine/train/state.ts'
import type { Trainer } from '../../engine/train/trainer.ts'
import { zerosAt } from './pool.ts'
import { pruneTo, pruningFunction, type Pruning, type PruningSetup } from './pruning.ts'

export interface PenaltyMethod {
  readonly masks: Required<Pick<Pruner, 'mask' | 'keep'>>
  readonly extras?: Pruner['extras']
  /** Until the projection; afterwards weights train behind their masks. It reads the strength from `strengthOf`. */
  readonly step: StepKind
  /** The penalty that it begins with where the recipe gives none. */
  readonly strength: number
  /** What ranks weights, >= 0, in the weight's shape. */
  score (weight: MaskedWeight, state: TrainState): tf.Tensor
  /** Units go by themselves whose score is at most this. */
  readonly gone: number
  /** The value that a weight has after the projection, before its mask; without it, its own. */
  readonly fold?: (weight: MaskedWeight) => tf.Tensor
  /** Further assignments of the projection, when masks are set. */
  readonly settle?: (state: TrainState) => void
}

const STRENGTH = 'strength'

/** float32 scalar: how strong the penalty is. Within a step. */
export function strengthOf ({ scalars }: TrainState): tf.Tensor {
  return scalars[STRENGTH]!
}

/** The proximal step of strength * sum |w|: sign(w) max(|w| - cut, 0). Source: Parikh and Boyd, Proximal Algorithms, 2014, section 6.5.2. */
export function softThreshold (variable: tf.Variable, cut: tf.Tensor): void {
  variable.assign(tf.mul(tf.sign(variable), tf.relu(tf.sub(tf.abs(variable), cut))))
}

/** How fast the strength follows: its change per update is the ratio of the densities to this power, within FASTEST. */
const GAIN = 0.5
const FASTEST = 1.5

/** The strength for the next steps: more where more weights are left than the schedule asks. Densities are shares of nonzero weights. */
export function nextStrength (strength: number, density: number, asked: number): number {
  const ratio = (density / Math.max(asked, 1e-6)) ** GAIN
  return strength * Math.min(FASTEST, Math.max(1 / FASTEST, ratio))
}

export function penaltyControl ({ pool, schedule, options }: PruningSetup, method: PenaltyMethod): Pruning {
  const fixed = options.strength as number | null
  let strength: number | undefined

  /** After a checkpoint it is what the state says. */
  function adjust (trainer: Trainer, density: number, asked: number): void {
    strength ??= readScalar(trainer)
    // As the state keeps it, so that a run that goes on from there has the very same.
    strength = Math.fround(nextStrength(strength, density, asked))
    const value = tf.scalar(strength)
    trainer.program.write({ [`scalar:${STRENGTH}`]: value })
    value.dispose()
  }

  return {
    reached: schedule.end,
    pruner: {
      ...method.masks,
      ...(method.extras && { extras: method.extras }),
      scalars: { [STRENGTH]: fixed ?? method.strength },
      kinds: { train: method.step, tune: {} },
      functions: (state) => {
        const score: Score = (weight) => method.score(weight, state)
        const gone = () => tf.scalar(method.gone)
        const fold = () => {
          if (method.fold === undefined) return
          for (const weight of state.weights) if (weight.pruned) weight.variable.assign(method.fold(weight as MaskedWeight))
        }
        const own = (arenas: Parameters<typeof masksByThreshold>[0]) => masksByThreshold(arenas, arenas.map(gone), { low: 1, high: 1 }, score)
        return {
          gauge: pruningFunction(state, pool, (arenas) => setMasks(state, own(arenas), { hide: false })),
          settle: pruningFunction(state, pool, (arenas, zeros) => {
            const masks = pool.zeros === null ? own(arenas) : masksByScore(arenas, zeros, score)
            fold()
            const counts = setMasks(state, masks, { hide: true })
            method.settle?.(state)
            return counts
          }),
        }
      },
    },
    onStep (step, run) {
      if (step > schedule.end) return 'tune'
      if (!schedule.isUpdate(step)) return 'train'
      const zeros = zerosAt(pool, schedule, step)
      if (step === schedule.end) {
        pruneTo(run, pool, 'settle', step, zeros)
        return 'tune'
      }
      const { sparsity, asked } = pruneTo(run, pool, 'gauge', step, zeros)
      if (fixed === null && pool.zeros !== null) adjust(run.trainer, 1 - sparsity, 1 - (asked ?? 0))
      return 'train'
    },
  }
}

function readScalar ({ program }: Trainer): number {
  const [tensor] = program.read([`scalar:${STRENGTH}`])
  const [value] = tensor!.dataSync()
  tensor!.dispose()
  return value!
}
