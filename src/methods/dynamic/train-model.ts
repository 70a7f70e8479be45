/** One training: from a model and examples to trained weights and the record of how it went. */
import type { Pruner } from '../../engine/prune/pruner.ts'
import { isStreamed } from '../../engine/train/data.ts'
import { train, type EpochRecord, type TrainHooks, type TrainProgress } from '../../engine/train/train.ts'
import { createTrainer, type Trainer } from '../../engine/train/trainer.ts'
import { EspalierError } from '../../errors.ts'
import type { HeldChanges, ModelFile } from '../../models/model.ts'
import { countZeros } from '../../pruning/sparse.ts'
import type { Training } from '../../pruning/training/training.ts'
import type { TrainingContext } from '../method.ts'
import type { TrainingRecord } from '../receipt.ts'
import type { OpenedExamples } from './open-examples.ts'

export interface TrainRequest {
  readonly examples: OpenedExamples
  /** What is distilled from, where that is not the model. */
  readonly teacher?: ModelFile
  /** The weights that training begins with, where they are not the model's. */
  readonly changes?: HeldChanges
  readonly pruner?: Pruner
  /** Steps that the learning rate's schedule spans; without it all of them. */
  readonly scheduledSteps?: number
  /** Are the weights of the best epoch given, where there are examples to tell it by? */
  readonly best?: boolean
  /** Epochs that end at this step or before are no candidates. */
  readonly candidatesFrom?: number
  /** Before a step; gives its kind. */
  onStep? (step: number, trainer: Trainer): string | undefined
  readonly notes?: TrainHooks['notes']
  readonly checkpoints?: TrainingContext['checkpoints']
}

export interface TrainedModel {
  /** Of every weight, by tensor key. */
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly record: TrainingRecord
}

/** Throws `training-diverged`, the signal's reason, `job-paused`, and what creating a trainer throws. */
export async function trainModel (context: TrainingContext, request: TrainRequest): Promise<TrainedModel> {
  const { recipe, model, signal, pause, examples } = context
  const { examples: { data, validation }, changes, pruner, scheduledSteps, best = false, candidatesFrom, onStep, notes, checkpoints, teacher } = request
  const options = trainingOf(context)
  const kept = { zeros: 0 }
  const trainer = await createTrainer({
    model, options, data, seed: recipe.seed,
    ...(validation && { validation }),
    ...(changes && { changes }),
    ...(pruner && { pruner: counting(pruner, kept) }),
    ...(options.distillation && { distillation: options.distillation, ...(teacher && { teacher }) }),
    ...(scheduledSteps !== undefined && { scheduledSteps }),
  })
  try {
    assertTrained(trainer)
    const begin = performance.now()
    let last: EpochRecord | undefined
    let speed = 0
    const result = await train(trainer, options, {
      signal,
      ...(checkpoints && { checkpoints }),
      ...(notes && { notes }),
      ...(best && validation !== undefined && { best: monitorOf(trainer) }),
      ...(candidatesFrom !== undefined && { candidatesFrom }),
      ...(onStep && { onStep: (step: number) => onStep(step, trainer) }),
      ...(pause && { pause }),
      onBegin (step) { context.onTrainingBegin?.(step) },
      onSample ({ epoch, done, loss, metrics }) { context.onMetrics?.({ step: done, epoch: epoch + 1, values: { loss, ...metrics } }) },
      onProgress (progress) {
        speed = progress.stepsPerSecond
        context.onProgress(reported(progress, last))
      },
      onEpoch (record) {
        context.onMetrics?.({ step: (record.epoch + 1) * trainer.stepsPerEpoch, epoch: record.epoch + 1, values: seriesOf(record) })
        assertFinite(record)
        last = record
      },
    })
    return {
      weights: result.weights,
      record: {
        data: examples.name,
        examples: examples.training.examples,
        validationExamples: examples.selection?.examples ?? 0,
        held: isStreamed(data) ? 'streamed' : 'session',
        steps: result.steps,
        epochs: result.epochs.map(({ epoch, loss, metrics, validation: checked }) => ({
          epoch: epoch + 1, loss, metrics: { ...metrics }, ...(checked && { validation: { loss: checked.loss, metrics: { ...checked.metrics } } }),
        })),
        stoppedBy: result.stoppedBy,
        restoredEpoch: result.restored === null ? null : result.restored + 1,
        resumedAtStep: result.resumedAt,
        losses: [...trainer.losses],
        trainedWeights: trainer.state.weights.reduce((sum, { trained, variable }) => sum + (trained ? variable.size : 0), 0),
        keptZeros: kept.zeros,
        seconds: Math.round(performance.now() - begin) / 1000,
        stepsPerSecond: Math.round(speed * 10) / 10,
      },
    }
  } finally {
    trainer.dispose()
  }
}

/** The settings of a recipe whose method trains. */
export function trainingOf ({ recipe }: Pick<TrainingContext, 'recipe'>): Training {
  const { training } = recipe
  if (training === undefined) throw new EspalierError('internal', `the recipe of the method ${recipe.method} says nothing of training`)
  // The last weights are what is asked for, whatever epoch was the best.
  return training.keep === 'last' && training.earlyStopping !== null ? { ...training, earlyStopping: { ...training.earlyStopping, restoreBest: false } } : training
}

/** Notes how many weights that are zero stay so without being pruned. */
function counting (pruner: Pruner, kept: { zeros: number }): Pruner {
  return {
    ...pruner,
    keep (weight, values) {
      const mask = pruner.keep?.(weight, values)
      if (mask !== undefined) kept.zeros += countZeros(mask)
      return mask
    },
  }
}

/** What tells a good epoch: the accuracy where there is one, else the loss. */
function monitorOf ({ better }: Trainer): string {
  return better.accuracy === 'higher' ? 'val_accuracy' : 'val_loss'
}

function reported ({ epoch, done, total, stepsPerSecond, etaSeconds }: TrainProgress, last: EpochRecord | undefined) {
  const tenths = (value: number) => Number.isFinite(value) ? Math.round(value * 10) / 10 : null
  return { stage: 'training', done, total, etaSeconds: tenths(etaSeconds), stepsPerSecond: tenths(stepsPerSecond) ?? 0, epoch: epoch + 1, ...(last && { loss: last.loss }) }
}

/** Figures over the validation examples by Keras' names: val_loss, val_accuracy. */
function seriesOf ({ loss, metrics, validation }: EpochRecord): Record<string, number> {
  const checked = validation === undefined ? {} : { loss: validation.loss, ...validation.metrics }
  return { loss, ...metrics, ...Object.fromEntries(Object.entries(checked).map(([name, value]) => [`val_${name}`, value])) }
}

function assertTrained ({ state }: Trainer): void {
  if (state.weights.some(({ trained }) => trained)) return
  throw new EspalierError('nothing-pruned', 'no weight would be trained: every layer with weights is frozen (trainable: false)')
}

function assertFinite ({ epoch, loss, validation }: EpochRecord): void {
  const wrong = !Number.isFinite(loss) ? ['the loss', loss] : validation !== undefined && !Number.isFinite(validation.loss) ? ['the loss over the validation examples', validation.loss] : undefined
  if (wrong === undefined) return
  throw new EspalierError('training-diverged',
    `${wrong[0]} is ${wrong[1]} in epoch ${epoch + 1}: give a smaller training.optimizer.learningRate or clip gradients (training.optimizer.clip), and check that the inputs are scaled`, { epoch: epoch + 1 })
}
