/** A model in training: its state, its data and the compiled functions that move it on. */
import * as tf from '@tensorflow/tfjs-core'
import type { ModelFile, TensorChanges } from '../../models/model.ts'
import { createEagerProgram } from '../compile/eager.ts'
import { createProgram, type Program, type Step } from '../compile/program.ts'
import { lastActivation } from '../metrics/infer.ts'
import { weighClasses } from './class-weights.ts'
import { createSessionData, epochOrder, type SessionData, type TrainingData } from './data.ts'
import { createObjective } from './objective.ts'
import { createOptimizer, type Optimizer } from './optimizers/index.ts'
import type { TrainingOptions } from './options.ts'
import { createSchedule } from './schedules/index.ts'
import { createState, type StateOptions, type TrainState } from './state.ts'
import { trainStep, validationStep, type StepSettings } from './step.ts'

export interface TrainerRequest {
  readonly model: ModelFile
  readonly changes?: TensorChanges
  readonly options: TrainingOptions
  readonly data: TrainingData
  readonly validation?: TrainingData
  readonly seed: number
  readonly mask?: StateOptions['mask']
  /** `eager` runs one operation at a time: the reference. `unfused` compiles the very same operations, without TensorFlow's fused updates. */
  readonly mode?: 'compiled' | 'unfused' | 'eager'
  /** Further functions over the state, compiled into the same graph. */
  readonly functions?: (state: TrainState) => Readonly<Record<string, Step>>
}

export interface Sums { readonly loss: number, readonly accuracy: number | null, readonly examples: number }

export interface Trainer {
  readonly state: TrainState
  readonly program: Program
  readonly stepsPerEpoch: number
  /** Of all variables of the program. */
  readonly names: readonly string[]
  /** Begins an epoch: a new order, sums at 0. */
  begin (epoch: number): void
  /** Steps `from` to `to` of the epoch that was begun. */
  steps (from: number, to: number): void
  /** Means over the examples since `begin`. Waits until the device is done. */
  sums (): Sums
  /** Loss and accuracy over the validation data, at inference. */
  validate (): Sums
  /** Values of the model's weights by tensor key, as they stand. */
  weights (): Map<string, Float32Array>
  dispose (): void
}

/** Throws `invalid-recipe` for what does not fit the model, `invalid-step` for a layer that cannot be compiled. */
export async function createTrainer (request: TrainerRequest): Promise<Trainer> {
  const { model, options, validation, seed } = request
  const data = options.classWeights === null ? request.data : weighClasses(request.data, options.classWeights)
  const { batchSize } = options
  const full = Math.floor(data.examples / batchSize)
  const stepsPerEpoch = Math.ceil(data.examples / batchSize)
  const { fused, ...plain } = createOptimizer(options.optimizer)
  const optimizer: Optimizer = request.mode === 'unfused' || fused === undefined ? plain : { ...plain, fused }
  const graph = model.architecture.graph
  const facts = data.targets.map(({ shape, values }, index) => ({
    output: (graph?.outputShapes[index] ?? []).slice(1).map((size) => size ?? 1),
    target: shape,
    type: 'float32' as const,
    wholeNumbers: values.every((value) => Number.isInteger(value) && value >= 0),
    activation: lastActivation(model.architecture, index),
  }))
  const objective = createObjective(model.architecture, facts, options.loss)
  const settings: StepSettings = {
    architecture: objective.architecture,
    objective: objective.outputs,
    optimizer,
    options: options.optimizer,
    schedule: createSchedule(options.optimizer.schedule, options.optimizer.learningRate, stepsPerEpoch * options.epochs),
    seed,
  }
  const state = await createState(model, { optimizer, changes: request.changes, mask: request.mask })
  const held: SessionData[] = []
  const hold = (examples: TrainingData, prefix: string): SessionData => {
    const one = createSessionData(examples, prefix)
    held.push(one)
    return one
  }
  const training = hold(data, 'train')
  const checking = validation && hold(validation, 'check')
  const functions: Record<string, Step> = { ...request.functions?.(state) }
  const define = (name: string, sizes: readonly number[], run: (size: number) => void) => {
    for (const size of new Set(sizes)) if (size > 0) functions[`${name}${size}`] = () => { run(size); return [] }
  }
  define('train', [full > 0 ? batchSize : 0, data.examples % batchSize], (size) => { trainStep(state, settings, () => training.next(size)) })
  const checks = validation?.examples ?? 0
  define('check', [checks >= batchSize ? batchSize : 0, checks % batchSize], (size) => { validationStep(state, settings, () => checking!.next(size)) })
  const variables = { ...state.variables, ...Object.assign({}, ...held.map((one) => one.variables)) as Record<string, tf.Variable> }
  const program = (request.mode === 'eager' ? createEagerProgram : createProgram)(variables, functions)
  const hasAnswers = objective.outputs.some(({ right }) => right !== undefined)

  function dispose (): void {
    program.dispose()
    state.dispose()
    for (const one of held) one.dispose()
  }

  function set (values: Readonly<Record<string, tf.Tensor>>): void {
    program.write(values)
    tf.dispose(Object.values(values))
  }

  const zeroSums = () => ({ 'sum:loss': tf.scalar(0), 'sum:right': tf.scalar(0), 'sum:examples': tf.scalar(0) })

  function sums (): Sums {
    const [loss, right, examples] = tf.tidy(() => program.read(['sum:loss', 'sum:right', 'sum:examples']).map((one) => one.dataSync()[0]!)) as unknown as [number, number, number]
    return { loss: loss / examples, accuracy: hasAnswers ? right / examples : null, examples }
  }

  try {
    program.prepare(Object.fromEntries(Object.keys(functions).map((name) => [name, []])))
  } catch (error) {
    dispose()
    throw error
  }
  return {
    state,
    program,
    stepsPerEpoch,
    names: Object.keys(variables),
    begin (epoch) { set({ 'train:order': tf.tensor1d(epochOrder(data.examples, seed, epoch, options.shuffle), 'int32'), 'train:position': tf.scalar(0, 'int32'), ...zeroSums() }) },
    steps (from, to) { for (let at = from; at < to; at++) program.run(`train${at < full ? batchSize : data.examples % batchSize}`) },
    sums,
    validate () {
      set({ 'check:position': tf.scalar(0, 'int32'), ...zeroSums() })
      for (let at = 0; at < checks; at += batchSize) program.run(`check${Math.min(batchSize, checks - at)}`)
      return sums()
    },
    weights () {
      const read = program.read(state.weights.map(({ name }) => `weight:${name}`))
      const values = new Map(state.weights.map(({ key }, index) => [key, Float32Array.from(read[index]!.dataSync())]))
      tf.dispose(read)
      return values
    },
    dispose,
  }
}
