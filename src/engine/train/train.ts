/** A whole training run: epochs of steps, validation, early stopping, a time budget, checkpoints, and what came of it. */
import { setImmediate } from 'node:timers/promises'
import * as tf from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import { arrayOf, decodeCheckpoint, encodeCheckpoint, tensorOf, type StoredArray } from './checkpoint.ts'
import type { TrainingOptions } from './options.ts'
import { TEACHER } from './state.ts'
import type { Trainer } from './trainer.ts'

export interface TrainProgress {
  readonly epoch: number
  /** Steps of the whole run. */
  readonly done: number
  readonly total: number
  readonly stepsPerSecond: number
  readonly etaSeconds: number
}

export interface Figures { readonly loss: number, readonly metrics: Readonly<Record<string, number>> }

export interface EpochRecord extends Figures {
  readonly epoch: number
  /** Over the validation data, at inference. */
  readonly validation?: Figures
}

/** Means over an epoch that is under way. */
export interface Sample extends Figures {
  readonly epoch: number
  /** Steps of the whole run that are done. */
  readonly done: number
}

export interface TrainHooks {
  readonly signal: AbortSignal
  /** Before the first step: the run begins (0), or goes on after `step` steps. */
  onBegin? (step: number): void
  onProgress? (progress: TrainProgress): void
  /** Within an epoch, at most once in `SAMPLE_EVERY` milliseconds. */
  onSample? (sample: Sample): void
  /** After each epoch. */
  onEpoch? (record: EpochRecord): void
  /** Before step number `step` of the run, counted from 0: functions between steps run here. Gives the kind of the step. */
  onStep? (step: number): string | undefined
  /** What tells the best epoch, whose weights are given; without it that of early stopping, where it restores the best. */
  readonly best?: string
  /** Epochs that end at this step or before are no candidates, and early stopping does not count them. */
  readonly candidatesFrom?: number
  /** Further state of the run, as JSON: kept in checkpoints and given back. */
  readonly notes?: { save (): unknown, load (notes: unknown): void }
  readonly checkpoints?: Checkpoints
  /** When it aborts and there are `checkpoints`, the run saves its state and stops. */
  readonly pause?: AbortSignal
}

export interface Checkpoints {
  /** The last one that was saved for this run. */
  load (): Promise<Uint8Array | null>
  /** May skip it while the last one is being kept. With `wait` it may not, and resolves when it is kept for good, or to false when it could not be. */
  save (bytes: Uint8Array, options?: { readonly wait: boolean }): Promise<boolean | void>
}

export interface TrainResult {
  readonly epochs: readonly EpochRecord[]
  readonly steps: number
  readonly stoppedBy: 'epochs' | 'early-stopping' | 'time-budget'
  /** The epoch whose weights are given, where early stopping restores the best. */
  readonly restored: number | null
  /** Step of the run that a checkpoint gave back; null for a run from its beginning. */
  readonly resumedAt: number | null
  /** By tensor key. */
  readonly weights: ReadonlyMap<string, Float32Array>
}

/** Steps are run in slices of this many milliseconds; in between messages (cancel, disconnect) come in. */
const SLICE = 100

/** Figures within an epoch cost a wait for the device. */
const SAMPLE_EVERY = 1000

interface Best { readonly epoch: number, readonly value: number, readonly weights: ReadonlyMap<string, Float32Array> }

/** Throws the signal's reason, `job-paused`, and `invalid-request` for a checkpoint of another run. */
export async function train (trainer: Trainer, options: TrainingOptions, hooks: TrainHooks): Promise<TrainResult> {
  const { stepsPerEpoch } = trainer
  const total = stepsPerEpoch * options.epochs
  const begin = performance.now()
  const records: EpochRecord[] = []
  let best: Best | undefined
  let [epoch, step, savedAt] = [0, 0, begin]
  const resumed = await hooks.checkpoints?.load() ?? null
  if (resumed !== null) ({ epoch, step, best } = restore(trainer, resumed, records, hooks))
  const monitor = options.earlyStopping?.monitor ?? hooks.best
  const resumedAt = resumed === null ? null : epoch * stepsPerEpoch + step
  const first = resumedAt ?? 0
  let sampledAt = begin
  hooks.onBegin?.(first)
  const elapsed = () => (performance.now() - begin) / 1000
  const outOfTime = () => options.timeBudget !== null && elapsed() >= options.timeBudget

  for (; epoch < options.epochs; epoch++) {
    if (step === 0) trainer.begin(epoch)
    while (step < stepsPerEpoch) {
      hooks.signal.throwIfAborted()
      if (outOfTime()) return finish('time-budget')
      for (const until = performance.now() + SLICE; step < stepsPerEpoch && performance.now() < until; step++) {
        const kind = hooks.onStep?.(epoch * stepsPerEpoch + step)
        const streamed = trainer.steps(step, step + 1, kind)
        if (streamed !== undefined) await streamed
      }
      const done = epoch * stepsPerEpoch + step
      const stepsPerSecond = (done - first) / elapsed()
      hooks.onProgress?.({ epoch, done, total, stepsPerSecond, etaSeconds: (total - done) / stepsPerSecond })
      if (hooks.onSample !== undefined && step < stepsPerEpoch && performance.now() - sampledAt >= SAMPLE_EVERY) {
        const { loss, metrics } = trainer.sums()
        hooks.onSample({ epoch, done, loss, metrics })
        sampledAt = performance.now()
      }
      await setImmediate()
      const paused = hooks.pause?.aborted === true
      if (hooks.checkpoints !== undefined && (paused || performance.now() - savedAt >= options.checkpointEvery * 1000)) {
        const kept = await hooks.checkpoints.save(snapshot(trainer, { epoch, step, notes: hooks.notes?.save() ?? null }, records, best), { wait: paused })
        // What could not be kept is not thrown away: the run goes on and tries again.
        if (paused && kept !== false) throw new EspalierError('job-paused', 'the job was paused')
        savedAt = performance.now()
      }
    }
    const { loss, metrics } = trainer.sums()
    const checked = options.validation > 0 ? await trainer.validate() : undefined
    const record: EpochRecord = { epoch, loss, metrics, ...(checked && { validation: { loss: checked.loss, metrics: checked.metrics } }) }
    records.push(record)
    hooks.onEpoch?.(record)
    sampledAt = performance.now()
    step = 0
    if (monitor === undefined || (epoch + 1) * stepsPerEpoch <= (hooks.candidatesFrom ?? 0)) continue
    best = better(record, best, { minDelta: options.earlyStopping?.minDelta ?? 0, monitor }, trainer)
    if (options.earlyStopping !== null && epoch - best.epoch >= options.earlyStopping.patience) return finish('early-stopping')
  }
  return finish('epochs')

  function finish (stoppedBy: TrainResult['stoppedBy']): TrainResult {
    const restores = (hooks.best !== undefined || options.earlyStopping?.restoreBest === true) && best !== undefined
    const steps = Math.min(total, epoch * stepsPerEpoch + (stoppedBy === 'early-stopping' ? stepsPerEpoch : step))
    return { epochs: records, steps, stoppedBy, restored: restores ? best!.epoch : null, resumedAt, weights: restores ? best!.weights : trainer.weights() }
  }
}

/** `monitor`: loss, a metric, or one of them over the validation data: val_loss, val_accuracy, as in Keras. Throws `invalid-recipe` for one that the run does not have. */
function better (record: EpochRecord, best: Best | undefined, { monitor, minDelta }: Pick<NonNullable<TrainingOptions['earlyStopping']>, 'monitor' | 'minDelta'>, trainer: Trainer): Best {
  const named = ({ loss, metrics }: Figures, prefix = '') => Object.entries({ loss, ...metrics }).map(([name, value]): [string, number] => [prefix + name, value])
  const values = new Map([...named(record), ...record.validation === undefined ? [] : named(record.validation, 'val_')])
  const value = values.get(monitor)
  if (value === undefined) throw new EspalierError('invalid-recipe', `early stopping watches "${monitor}", which this run does not have; it has ${[...values.keys()].join(', ')}`)
  const higher = trainer.better[monitor.replace(/^val_/, '')] === 'higher'
  const gain = higher ? value - (best?.value ?? -Infinity) : (best?.value ?? Infinity) - value
  return best === undefined || gain > minDelta ? { epoch: record.epoch, value, weights: trainer.weights() } : best
}

const OF_BEST = 'best:'

/** Data sets and teachers come from their files again; the order of an epoch follows from the seed. */
function isSaved (name: string): boolean {
  return name === 'train:position' || (!/^(train|check):/.test(name) && !name.startsWith(TEACHER))
}

function snapshot (trainer: Trainer, at: { readonly epoch: number, readonly step: number, readonly notes: unknown }, records: readonly EpochRecord[], best: Best | undefined): Uint8Array {
  const names = trainer.names.filter(isSaved)
  const tensors = trainer.program.read(names)
  const arrays = names.map((name, index) => arrayOf(name, tensors[index]!))
  tf.dispose(tensors)
  const ofBest = [...best?.weights ?? []].map(([key, values]): StoredArray => ({ name: OF_BEST + key, dtype: 'float32', shape: [values.length], values }))
  return encodeCheckpoint({ position: { ...at, kind: trainer.kind, records, ...(best && { best: { epoch: best.epoch, value: best.value } }) }, arrays: [...arrays, ...ofBest] })
}

function restore (trainer: Trainer, bytes: Uint8Array, records: EpochRecord[], { notes }: TrainHooks): { epoch: number, step: number, best: Best | undefined } {
  const { position, arrays } = decodeCheckpoint(bytes)
  const state = arrays.filter(({ name }) => !name.startsWith(OF_BEST))
  const missing = trainer.names.filter(isSaved).find((name) => !state.some((one) => one.name === name))
  const unknown = state.find(({ name }) => !trainer.names.includes(name))
  if (missing !== undefined || unknown !== undefined) {
    throw new EspalierError('invalid-request', `the checkpoint is of another run: ${missing === undefined ? `it holds "${unknown!.name}"` : `it lacks "${missing}"`}`, { checkpoint: true })
  }
  trainer.begin(position.epoch)
  // A run may go on behind the last step of an epoch, with its validation.
  trainer.kind = typeof position.kind === 'string' ? position.kind : 'train'
  const values = Object.fromEntries(state.map((one) => [one.name, tensorOf(one)]))
  trainer.program.write(values)
  tf.dispose(Object.values(values))
  records.push(...position.records as EpochRecord[])
  notes?.load(position.notes)
  const best = position.best as Omit<Best, 'weights'> | undefined
  const weights = new Map(arrays.filter(({ name }) => name.startsWith(OF_BEST)).map(({ name, values }) => [name.slice(OF_BEST.length), values as Float32Array]))
  return { epoch: position.epoch, step: position.step, best: best && { ...best, weights } }
}
