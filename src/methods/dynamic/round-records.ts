/** Trainings of several rounds told as one: epochs, steps, progress. */
import type { Progress } from '../progress.ts'
import type { TrainingContext } from '../method.ts'
import type { TrainingRecord } from '../receipt.ts'
import { trainingOf } from './train-model.ts'

/** Epochs of each round: as even as they come, the last rounds the longer ones; no round without an epoch. */
export function partEpochs (epochs: number, rounds: number): number[] {
  const count = Math.max(1, Math.min(rounds, epochs))
  return Array.from({ length: count }, (_, round) => Math.floor(epochs * (round + 1) / count) - Math.floor(epochs * round / count))
}

/** Epochs and steps are counted through; everything else is of the last. */
export function joinTrainings (records: readonly TrainingRecord[]): TrainingRecord {
  const last = records.at(-1)!
  const before = records.slice(0, -1)
  const sum = (of: (record: TrainingRecord) => number): number => records.reduce((total, record) => total + of(record), 0)
  const offset = before.reduce((total, { epochs }) => total + epochs.length, 0)
  let first = 0
  return {
    ...last,
    steps: sum(({ steps }) => steps),
    seconds: Math.round(sum(({ seconds }) => seconds) * 1000) / 1000,
    epochs: records.flatMap(({ epochs }) => {
      const own = epochs.map((one) => ({ ...one, epoch: first + one.epoch }))
      first += epochs.length
      return own
    }),
    restoredEpoch: last.restoredEpoch === null ? null : offset + last.restoredEpoch,
  }
}

/** Progress and figures of one round as those of all. */
export function withinRounds (context: TrainingContext, epochs: readonly number[], round: number): TrainingContext {
  const stepsPerEpoch = Math.ceil(context.examples.training.examples / trainingOf(context).batchSize)
  const epochsBefore = epochs.slice(0, round).reduce((sum, one) => sum + one, 0)
  const [before, total] = [epochsBefore * stepsPerEpoch, epochs.reduce((sum, one) => sum + one, 0) * stepsPerEpoch]
  return {
    ...context,
    onProgress (progress: Progress) {
      if (progress.stage !== 'training') return context.onProgress(progress)
      const { stepsPerSecond, etaSeconds, epoch } = progress
      const later = total - before - progress.total
      context.onProgress({
        ...progress, done: before + progress.done, total, ...(epoch !== undefined && { epoch: epochsBefore + epoch }),
        etaSeconds: etaSeconds === null || stepsPerSecond === undefined || stepsPerSecond === 0 ? null : Math.round((etaSeconds + later / stepsPerSecond) * 10) / 10,
      })
    },
    onTrainingBegin (step) { context.onTrainingBegin?.(before + step) },
    onMetrics (point) { context.onMetrics?.({ ...point, step: before + point.step, epoch: epochsBefore + point.epoch }) },
  }
}
