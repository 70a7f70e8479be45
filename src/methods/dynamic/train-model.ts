/** What methods that train share: from a model and examples to trained weights and the record of how it went. */
import type { Trainer } from '../../engine/train/trainer.ts'
import { createTrainer } from '../../engine/train/trainer.ts'
import { train, type EpochRecord, type TrainProgress } from '../../engine/train/train.ts'
import { isStreamed } from '../../engine/train/data.ts'
import { openTrainingData, type OpenOptions } from '../../engine/train/open-data.ts'
import type { StateOptions } from '../../engine/train/state.ts'
import { EspalierError } from '../../errors.ts'
import { countZeros } from '../../pruning/sparse.ts'
import type { TrainingContext } from '../method.ts'
import type { TrainingRecord } from '../receipt.ts'

export interface TrainRequest {
  /** Which weights of a tensor are kept, from its first values. */
  readonly mask?: StateOptions['mask']
}

export interface TrainedModel {
  /** Of every weight, by tensor key. */
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly record: TrainingRecord
}

/** Where a prunable weight with zeros among its values is not zero; undefined for all others, which need no mask. */
export const nonzeroMask: NonNullable<StateOptions['mask']> = ({ prunable }, values) => {
  if (!prunable || countZeros(values) === 0) return undefined
  return Float32Array.from(values, (value) => value === 0 ? 0 : 1)
}

/** Throws `training-diverged`, the signal's reason, and what creating a trainer throws. */
export async function trainModel (context: TrainingContext, { mask }: TrainRequest): Promise<TrainedModel> {
  const { recipe, model, signal, examples, limits, checkpoints } = context
  const options = recipe.training
  if (options === undefined) throw new EspalierError('internal', `the recipe of the method ${recipe.method} says nothing of training`)
  const opening = (prefix: string): OpenOptions => ({ limitBytes: limits.sessionDataBytes, spool: async (name) => await context.spool(`${prefix}-${name}`), signal })
  const data = await openTrainingData(examples.training, opening('training'))
  const validation = examples.selection === null ? undefined : await openTrainingData(examples.selection, opening('selection'))
  let keptZeros = 0
  const counted: StateOptions['mask'] = mask && ((weight, values) => {
    const kept = mask(weight, values)
    if (kept !== undefined) keptZeros += countZeros(kept)
    return kept
  })
  const trainer = await createTrainer({ model, options, data, seed: recipe.seed, ...(validation && { validation }), ...(counted && { mask: counted }) })
  try {
    assertTrained(trainer)
    const begin = performance.now()
    let last: EpochRecord | undefined
    let speed = 0
    const result = await train(trainer, options, {
      signal,
      ...(checkpoints && { checkpoints }),
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
        keptZeros,
        seconds: Math.round(performance.now() - begin) / 1000,
        stepsPerSecond: Math.round(speed * 10) / 10,
      },
    }
  } finally {
    trainer.dispose()
  }
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
