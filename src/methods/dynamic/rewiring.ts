/** Training that is sparse from the first step to the last: at every update some kept weights are dropped and as many others grow. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { magnitude, masksByScore, setMasks, type MaskedWeight } from '../../engine/prune/masks.ts'
import type { StepKind } from '../../engine/prune/pruner.ts'
import type { TrainState } from '../../engine/train/state.ts'
import { arenasOf } from '../../engine/prune/masks.ts'
import { randomSource } from '../../engine/compile/random.ts'
import { firstMasks } from './pool.ts'
import { pruneTo, pruningFunction, type Pruning, type PruningSetup } from './pruning.ts'

/** Above every score that makes a weight grow. */
const KEPT = 1e30

/** Kept weights rank above those that are not, however small. */
const KEPT_LEAST = 1e-30

/** Tells the draws of this method from those of layers and weights. */
const PLACE = 2_000_000

export interface Rewiring {
  /** Kept weights that are replaced, as a share, at an update. */
  fraction (step: number): number
  /** What makes a weight grow, >= 0; at the updates of masks. */
  growth (weight: MaskedWeight, state: TrainState, index: number): Tensor
  /** What weights that grow begin with; without it, zero. */
  first? (weight: MaskedWeight, state: TrainState, index: number): Tensor
  /** The kind of the step after which masks are updated, where it differs. */
  readonly before?: StepKind
}

/** Needs a target: it begins with it. */
export function rewiring ({ pool, schedule, recipe, seed }: PruningSetup, { fraction, growth, first, before }: Rewiring): Pruning {
  const zeros = Int32Array.from(pool.arenas, (arena) => arena.zeros ?? 0)
  // A weight that is dropped has to find another in its place: as many are free as are zero.
  const dropped = (step: number) => Int32Array.from(pool.arenas, ({ weights }, index) => zeros[index]! + Math.min(zeros[index]!, Math.floor(fraction(step) * (weights - zeros[index]!))))
  const isUpdate = (step: number) => step > schedule.begin && step < schedule.end && schedule.isUpdate(step)
  const names = new Set(pool.tensors.map(({ name }) => name))
  const { keep } = firstMasks(pool, recipe)
  const scratch = recipe.training!.from === 'scratch'
  return {
    reached: 0,
    pruner: {
      mask: (weight, values) => names.has(weight.name) ? new Float32Array(values.length).fill(1) : undefined,
      keep,
      ...(before && { extras: ({ shape }) => ({ gradient: { shape, initial: 0 } }) }),
      kinds: { train: {}, ...(before && { before }) },
      functions (state) {
        const place = new Map(state.weights.map(({ name }, index) => [name, index]))
        const start = (weight: MaskedWeight) => scratch ? uniform(seed, state, place.get(weight.name)!, weight.variable.shape) : magnitude(weight)
        return {
          start: pruningFunction(state, pool, (arenas, zeros) => setMasks(state, masksByScore(arenas, zeros, start), { hide: true })),
          rewire: {
            inputs: [{ shape: [pool.arenas.length], dtype: 'int32' }, { shape: [pool.arenas.length], dtype: 'int32' }],
            run (drop, zeros) {
              const arenas = arenasOf(state, pool.arenas, pool.layouts)
              const left = new Map(masksByScore(arenas, drop!, (weight) => tf.mul(weight.mask, tf.add(magnitude(weight), KEPT_LEAST))).map(({ weight, mask }) => [weight.name, mask]))
              const score = (weight: MaskedWeight) => {
                const kept = left.get(weight.name)!
                return tf.add(tf.mul(kept, KEPT), tf.mul(tf.sub(1, kept), growth(weight, state, place.get(weight.name)!)))
              }
              const masks = masksByScore(arenas, zeros!, score)
              for (const { weight } of masks) {
                const kept = left.get(weight.name)!
                const stays = tf.mul(weight.variable, kept)
                // A weight that was dropped and grows at once begins anew, as all that grow do.
                weight.variable.assign(first === undefined ? stays : tf.add(stays, tf.mul(tf.sub(1, kept), first(weight, state, place.get(weight.name)!))))
              }
              return [setMasks(state, masks, { hide: true })]
            },
          },
        }
      },
    },
    onStep (step, run) {
      if (step === 0) pruneTo(run, pool, 'start', step, zeros)
      else if (isUpdate(step)) rewire(step, run)
      return before !== undefined && isUpdate(step + 1) ? 'before' : 'train'
    },
  }

  function rewire (step: number, run: Parameters<Pruning['onStep']>[1]): void {
    const inputs = [dropped(step), zeros].map((counts) => tf.tensor1d(counts, 'int32'))
    try {
      run.update('rewire', step, inputs, zeros.reduce((sum, one) => sum + one, 0))
    } finally {
      tf.dispose(inputs)
    }
  }
}

/** In [0, 1), other numbers with every step. */
export function uniform (seed: number, state: TrainState, place: number, shape: readonly number[]): Tensor {
  return randomSource(seed, state.counter, PLACE + place).uniform(shape)
}
