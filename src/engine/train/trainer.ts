/** A model in training: its state, its data and the compiled functions that move it on. */
import * as tf from '@tensorflow/tfjs-core'
import type { HeldChanges, ModelFile } from '../../models/model.ts'
import { createEagerProgram } from '../compile/eager.ts'
import { createProgram, type InputSpec, type Program, type Step } from '../compile/program.ts'
import { weighClasses } from './class-weights.ts'
import { epochOrder, type StreamedData, type TrainingData } from './data.ts'
import { factsOf } from './facts.ts'
import type { Pruner, StepKind } from '../prune/pruner.ts'
import type { Distillation } from './distillation.ts'
import { createFeed, type Feed } from './feed.ts'
import { createObjective } from './objective.ts'
import { createOptimizer, type Optimizer } from './optimizers/index.ts'
import type { TrainingOptions } from './options.ts'
import { createRunMetrics, resultsOf, sumsOf } from './run-metrics.ts'
import { createSchedule } from './schedules/index.ts'
import { createState, type TrainState } from './state.ts'
import { effectiveWeights, trainStep, validationStep, type Batch, type StepSettings } from './step.ts'

export interface TrainerRequest {
  readonly model: ModelFile
  readonly changes?: HeldChanges
  readonly options: TrainingOptions
  readonly data: TrainingData | StreamedData
  readonly validation?: TrainingData | StreamedData
  readonly seed: number
  readonly pruner?: Pruner
  /** Learns from the model as it is in the file, whatever `changes` are. */
  readonly distillation?: Distillation
  /** Of the same layers as the model, which may have other sizes; absent: the model itself. */
  readonly teacher?: ModelFile
  /** Steps that the learning rate's schedule is made for; without it those of all epochs. */
  readonly scheduledSteps?: number
  /** `eager` runs one operation at a time: the reference. `unfused` compiles the very same operations, without TensorFlow's fused updates. */
  readonly mode?: 'compiled' | 'unfused' | 'eager'
}

/** Weights that are zero stay so, or nothing is pruned. */
const PLAIN: Readonly<Record<string, StepKind>> = { train: {} }

export interface Sums { readonly loss: number, readonly metrics: Readonly<Record<string, number>>, readonly examples: number }

export interface Trainer {
  readonly state: TrainState
  readonly program: Program
  readonly stepsPerEpoch: number
  /** Of all variables of the program. */
  readonly names: readonly string[]
  /** Names of the losses, by output. */
  readonly losses: readonly string[]
  /** Which way a metric gets better. */
  readonly better: Readonly<Record<string, 'higher' | 'lower'>>
  /** Begins an epoch: a new order, sums at 0. */
  begin (epoch: number): void
  /** Kind of the last steps, which validation and weights follow. */
  kind: string
  /** Steps `from` to `to` of the epoch that was begun; a promise only when data is streamed. */
  steps (from: number, to: number, kind?: string): Promise<void> | undefined
  /** Means over the examples since `begin`. Waits until the device is done. */
  sums (): Sums
  /** Loss and metrics over the validation data, at inference. */
  validate (): Promise<Sums>
  /** Values of the model's weights by tensor key, as the forward pass sees them at inference. */
  weights (): Map<string, Float32Array>
  dispose (): void
}

/** Throws `invalid-recipe` for what does not fit the model, `invalid-step` for a layer that cannot be compiled. */
export async function createTrainer (request: TrainerRequest): Promise<Trainer> {
  const { model, options, validation, seed, pruner } = request
  const data = options.classWeights === null ? request.data : await weighClasses(request.data, options.classWeights)
  const { batchSize } = options
  const stepsPerEpoch = Math.ceil(data.examples / batchSize)
  const facts = await factsOf(model.architecture, data)
  const objective = createObjective(model.architecture, facts, options.loss)
  const metrics = createRunMetrics(objective.outputs, facts, model.architecture.graph?.outputNames ?? [], options.metrics)
  const optimizer = optimizerOf(request)
  const settings: StepSettings = {
    architecture: objective.architecture,
    objective: objective.outputs,
    metrics,
    optimizer,
    options: options.optimizer,
    schedule: createSchedule(options.optimizer.schedule, options.optimizer.learningRate, request.scheduledSteps ?? stepsPerEpoch * options.epochs),
    seed,
    ...(request.distillation && { distillation: request.distillation }),
    ...(request.teacher && { taughtBy: createObjective(request.teacher.architecture, facts, options.loss).architecture }),
  }
  const state = await createState(model, {
    optimizer, changes: request.changes, pruner, teacher: request.distillation === undefined ? undefined : request.teacher ?? model, metrics: sumsOf(metrics),
  })
  const training = createFeed(data, 'train')
  const checking = validation && createFeed(validation, 'check')
  const checks = validation?.examples ?? 0
  const between = pruner?.functions?.(state) ?? {}
  const kinds = pruner?.kinds ?? PLAIN
  const functions: Record<string, Step> = Object.fromEntries(Object.entries(between).map(([name, { run }]) => [name, run]))
  const specs: Record<string, readonly InputSpec[]> = Object.fromEntries(Object.entries(between).map(([name, { inputs }]) => [name, inputs]))
  const define = (name: string, examples: number, feed: Feed, run: (batch: () => Batch) => void): void => {
    for (const size of new Set([Math.min(batchSize, examples), examples % batchSize])) {
      if (size === 0) continue
      functions[`${name}:${size}`] = (...inputs) => { run(() => feed.next(size, inputs)); return [] }
      specs[`${name}:${size}`] = feed.specs(size)
    }
  }
  for (const [name, kind] of Object.entries(kinds)) {
    define(name, data.examples, training, (batch) => { trainStep(state, settings, kind, batch) })
    if (checking !== undefined) define(`check:${name}`, checks, checking, (batch) => { validationStep(state, settings, kind, batch) })
    if (kind.effective === undefined) continue
    functions[`weights:${name}`] = () => {
      const effective = effectiveWeights(state, kind, null)
      return state.weights.map(({ layer, role }) => tf.clone(effective(layer)[role]!))
    }
    specs[`weights:${name}`] = []
  }
  let last = 'train'
  const variables = { ...state.variables, ...training.variables, ...checking?.variables }
  const program = (request.mode === 'eager' ? createEagerProgram : createProgram)(variables, functions)

  function dispose (): void {
    program.dispose()
    for (const one of [state, training, checking]) one?.dispose()
  }

  /** Sets variables, with every sum at 0. */
  function restart (values: Readonly<Record<string, tf.Tensor>>): void {
    const zeros = [...Object.values(state.sums), ...Object.values(state.metrics)].map((variable) => tf.zeros(variable.shape))
    const names = ['sum:loss', 'sum:examples', ...Object.keys(state.metrics)]
    program.write({ ...values, ...Object.fromEntries(names.map((name, index) => [name, zeros[index]!])) })
    tf.dispose([...Object.values(values), ...zeros])
  }

  function read (names: readonly string[]): Array<ArrayLike<number>> {
    const tensors = program.read(names)
    const values = tensors.map((tensor) => tensor.dataSync())
    tf.dispose(tensors)
    return values
  }

  function sums (): Sums {
    const [loss, examples] = read(['sum:loss', 'sum:examples']).map((values) => values[0]!) as [number, number]
    return { loss: loss / examples, metrics: resultsOf(metrics, read), examples }
  }

  /** Steps of a feed one after the other: `from` and `to` count batches of `examples`. */
  function run (name: string, feed: Feed, examples: number, from: number, to: number): Promise<void> | undefined {
    const rangeOf = (step: number): [number, number] => [step * batchSize, Math.min(examples, (step + 1) * batchSize)]
    const { take } = feed
    if (take === undefined) {
      for (let step = from; step < to; step++) {
        const [begin, end] = rangeOf(step)
        program.run(`${name}:${end - begin}`)
      }
      return undefined
    }
    return (async () => {
      for (let step = from; step < to; step++) {
        const [begin, end] = rangeOf(step)
        const inputs = await take(begin, end)
        try {
          program.run(`${name}:${end - begin}`, inputs)
        } finally {
          tf.dispose(inputs)
        }
      }
    })()
  }

  try {
    program.prepare(specs)
  } catch (error) {
    dispose()
    throw error
  }
  return {
    get kind () { return last },
    set kind (kind) { last = kind },
    state,
    program,
    stepsPerEpoch,
    names: Object.keys(variables),
    losses: objective.outputs.map(({ name }) => name),
    better: Object.fromEntries(metrics.map(({ name, better }) => [name, better])),
    begin (epoch) { restart(training.begin(epochOrder(data.examples, seed, epoch, options.shuffle))) },
    steps (from, to, kind = 'train') {
      last = kind
      return run(kind, training, data.examples, from, to)
    },
    sums,
    async validate () {
      if (checking === undefined) return { loss: NaN, metrics: {}, examples: 0 }
      restart(checking.begin(Int32Array.from({ length: checks }, (_, index) => index)))
      await run(`check:${last}`, checking, checks, 0, Math.ceil(checks / batchSize))
      return sums()
    },
    weights () {
      const tensors = kinds[last]?.effective === undefined ? program.read(state.weights.map(({ name }) => `weight:${name}`)) : program.run(`weights:${last}`)
      const values = tensors.map((tensor) => tensor.dataSync())
      tf.dispose(tensors)
      return new Map(state.weights.map(({ key }, index) => [key, Float32Array.from(values[index]!)]))
    },
    dispose,
  }
}

function optimizerOf ({ options, mode }: TrainerRequest): Optimizer {
  const { fused, ...plain } = createOptimizer(options.optimizer)
  return mode === 'unfused' || fused === undefined ? plain : { ...plain, fused }
}
