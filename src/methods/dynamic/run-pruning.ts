/** A method that prunes while it trains, from recipe to result. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Trainer } from '../../engine/train/trainer.ts'
import { EspalierError } from '../../errors.ts'
import type { HeldChanges, ModelFile } from '../../models/model.ts'
import { METHOD_RULES, type PruningTrainingMethod } from '../../pruning/method-rules.ts'
import type { PlannedTensor } from '../../pruning/plan.ts'
import { SCHEDULE_OPTIONS, scheduleFor } from '../../pruning/schedules/index.ts'
import type { DynamicMethod, MethodResult, TrainingContext } from '../method.ts'
import type { BatchNormRecord, MaskUpdate, SearchRecord } from '../receipt.ts'
import { firstWeights } from './first-weights.ts'
import { createUpdateLog } from './mask-updates.ts'
import { openExamples, type OpenedExamples } from './open-examples.ts'
import { poolFor, type PrunedPool } from './pool.ts'
import type { PruningRun, Technique } from './pruning.ts'
import { searchSparsity } from './search.ts'
import { assertChanged, trainedResult } from './trained-result.ts'
import { trainingOf, trainModel, type TrainedModel } from './train-model.ts'

/** The line of the method table. */
export function pruningMethod<Name extends PruningTrainingMethod> (name: Name, technique: Technique): DynamicMethod & { readonly name: Name } {
  return {
    name,
    kind: 'dynamic',
    description: METHOD_RULES[name].description,
    writesModel: true,
    async run (context) {
      const { target } = context.recipe
      const examples = await openExamples(context)
      const changes = firstWeights(context)
      const attempt = async (sparsity: number | null, own: TrainingContext, checkpoints: TrainingContext['checkpoints']) =>
        await pruneOnce(own, technique, { examples, sparsity, ...(changes && { changes }), ...(checkpoints && { checkpoints }) })
      const found: PrunedOnce & { readonly search?: SearchRecord } = target !== null && ('maxAccuracyDrop' in target || 'minAccuracy' in target)
        ? await searchSparsity(context, examples, target, attempt)
        : await attempt(target !== null && 'sparsity' in target ? target.sparsity : null, context, context.checkpoints)
      const pool = poolFor(context.model, context.recipe, found.sparsity, technique.refuse?.(context.model))
      return { ...await resultOf(context, found.trained, pool), updates: found.updates, ...(found.search && { search: found.search }) }
    },
  }
}

export interface PruneRequest {
  readonly examples: OpenedExamples
  /** Of weights without a sparsity of their own; null where the method decides. */
  readonly sparsity: number | null
  readonly changes?: HeldChanges
  readonly checkpoints?: TrainingContext['checkpoints']
}

export interface PrunedOnce {
  readonly trained: TrainedModel
  readonly updates: readonly MaskUpdate[]
  /** That was asked of weights without a sparsity of their own; null where the method decides. */
  readonly sparsity: number | null
  /** Of methods that take channels out: by round, what went. */
  readonly gone?: ReadonlyArray<readonly number[]>
  /** Which moving statistics were taken anew behind the training. */
  readonly batchNorm?: BatchNormRecord
  /** Over the examples that select, where that is not the training's. */
  readonly accuracy?: number
}

/** One training with pruning. Throws `target-missed` when time ran out before the target was reached. */
export async function pruneOnce (context: TrainingContext, { create, refuse }: Technique, { examples, sparsity, changes, checkpoints }: PruneRequest): Promise<PrunedOnce> {
  const { recipe, model } = context
  const training = trainingOf(context)
  const pool = poolFor(model, recipe, sparsity, refuse?.(model))
  const stepsPerEpoch = Math.ceil(examples.data.examples / training.batchSize)
  const steps = stepsPerEpoch * training.epochs
  const schedule = scheduleFor(recipe.schedule ?? SCHEDULE_OPTIONS, steps)
  const pruning = create({ recipe, model, options: recipe.options ?? {}, pool, schedule, steps, stepsPerEpoch, seed: recipe.seed })
  const log = createUpdateLog({ weights: pool.weights, tensors: inModelOrder(pool, model) })
  const trained = await trainModel(context, {
    examples,
    pruner: pruning.pruner,
    notes: log,
    ...(changes && { changes }),
    ...(checkpoints && { checkpoints }),
    ...(pruning.scheduledSteps !== undefined && { scheduledSteps: pruning.scheduledSteps }),
    best: training.keep !== 'last',
    candidatesFrom: pruning.reached,
    onStep: (step, trainer) => pruning.onStep(step, runOf(trainer)),
  })
  return { trained, updates: log.updates, sparsity }

  function runOf (trainer: Trainer): PruningRun {
    return {
      trainer,
      update (name: string, step: number, inputs: readonly Tensor[], asked: number | null) {
        const [counts] = trainer.program.run(name, inputs)
        const values = counts!.dataSync()
        tf.dispose(counts)
        const update = log.add(step, values, asked)
        const figures = log.takeFigures()
        if (figures !== null) context.onMetrics?.({ step, epoch: Math.floor(step / stepsPerEpoch) + 1, values: figures })
        return update
      },
    }
  }
}

/** As the counts of mask updates come. */
function inModelOrder ({ tensors }: PrunedPool, { architecture }: ModelFile): PlannedTensor[] {
  const order = new Map(architecture.layers.map(({ path }, index) => [path, index]))
  return [...tensors].sort((a, b) => order.get(a.layer)! - order.get(b.layer)!)
}

/** Zeros may miss what was asked by so much of all weights, where units are larger than single weights. */
const TOLERANCE = 0.001

/** Throws `target-missed` saying how far it came. */
export async function resultOf (context: TrainingContext, trained: TrainedModel, pool: PrunedPool): Promise<MethodResult> {
  const asked = new Map(pool.arenas.flatMap((arena) => arena.members.map((name): [string, number | null] => [name, arena.asked])))
  const result = await trainedResult(context, trained, { plan: pool.plan, asked: (name) => asked.get(name) ?? null })
  const { zeros, weights } = result.pool
  const largest = Math.max(1, ...[...pool.layouts.values()].flatMap((layout) => layout === null ? [] : [Math.max(...layout.sizes)]))
  if (pool.zeros !== null && zeros < pool.zeros - Math.max(TOLERANCE * weights, largest * pool.arenas.length)) {
    const why = trained.record.stoppedBy === 'epochs' ? '' : `: the run was ended by ${trained.record.stoppedBy} after ${trained.record.steps} steps, give it more or let schedule.end come earlier`
    throw new EspalierError('target-missed', `${pool.zeros} of ${weights} weights ought to be zero, ${zeros} are (sparsity ${(zeros / weights).toFixed(4)})${why}`, { asked: pool.zeros, zeros, weights })
  }
  assertChanged(result, trained)
  if (zeros === 0) throw new EspalierError('nothing-pruned', `no weight is zero after ${trained.record.steps} steps: the method found none to remove; give a target, or a stronger setting in "options"`, { weights })
  return result
}
