/** What a method that prunes while it trains is: what it changes in the step, and what it does between steps. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { arenasOf, type Arena } from '../../engine/prune/masks.ts'
import type { Pruner, PruningFunction } from '../../engine/prune/pruner.ts'
import type { TrainState } from '../../engine/train/state.ts'
import type { Trainer } from '../../engine/train/trainer.ts'
import type { ModelFile } from '../../models/model.ts'
import type { MethodOptions } from '../../pruning/method-options.ts'
import type { PlannedTensor } from '../../pruning/plan.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import type { RunSchedule } from '../../pruning/schedules/index.ts'
import type { MaskUpdate } from '../receipt.ts'
import type { PrunedPool } from './pool.ts'

/** What a method is given to make ready for one training. */
export interface PruningSetup {
  readonly recipe: Recipe
  readonly model: ModelFile
  /** Complete. */
  readonly options: MethodOptions
  readonly pool: PrunedPool
  /** Of methods that prune along one. */
  readonly schedule: RunSchedule
  /** Steps of the training, and of one epoch. */
  readonly steps: number
  readonly stepsPerEpoch: number
  readonly seed: number
}

/** A method made ready for one training. */
export interface Pruning {
  readonly pruner: Pruner
  /** The target holds from this step on. */
  readonly reached: number
  /** Steps that the learning rate's schedule spans; without it all of them. */
  readonly scheduledSteps?: number
  /** Before step number `step`, counted from 0; gives its kind. */
  onStep (step: number, run: PruningRun): string | undefined
}

/** What a method has between steps. */
export interface PruningRun {
  readonly trainer: Trainer
  /** Runs a function that sets masks, and notes what it counted; `asked`: zeros over all arenas, null where the method decides. */
  update (name: string, step: number, inputs: readonly Tensor[], asked: number | null): MaskUpdate
}

export type CreatePruning = (setup: PruningSetup) => Pruning

/** Why a method cannot prune a weight, if so. */
export type RefuseWeights = (model: ModelFile) => (weight: PlannedTensor) => string | undefined

/** What the table of methods has for each. */
export interface Technique { readonly create: CreatePruning, readonly refuse?: RefuseWeights }

/** A function over the arenas of a pool, with the zeros of each as its input. */
export function pruningFunction (state: TrainState, { arenas, layouts }: PrunedPool, run: (arenas: readonly Arena[], zeros: Tensor) => Tensor): PruningFunction {
  const inGraph = arenasOf(state, arenas, layouts)
  return { inputs: [{ shape: [arenas.length], dtype: 'int32' }], run: (zeros) => [run(inGraph, zeros!)] }
}

/** Runs a function that takes the zeros of each arena of the pool. */
export function pruneTo (run: PruningRun, pool: PrunedPool, name: string, step: number, zeros: Int32Array): MaskUpdate {
  const input = tf.tensor1d(zeros, 'int32')
  try {
    return run.update(name, step, [input], pool.zeros === null ? null : zeros.reduce((sum, one) => sum + one, 0))
  } finally {
    input.dispose()
  }
}
