/** Runs a model over calibration data at inference and gathers what is asked for, batch by batch, in the variables of one program. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { HeldChanges, ModelFile } from '../../models/model.ts'
import { createEagerProgram } from '../compile/eager.ts'
import { createProgram, type InputSpec, type Program, type Step } from '../compile/program.ts'
import { runGraph } from '../forward.ts'
import { BATCHES_WORTH_COMPILING, type Execution, type RunMode } from '../infer/runner.ts'
import { loadWeights, type LoadedWeights } from '../infer/weights.ts'
import type { UnitLayout } from '../prune/units.ts'
import { rowsOf, type StreamedData, type TrainingData } from '../train/data.ts'
import { factsOf } from '../train/facts.ts'
import { createObjective } from '../train/objective.ts'
import { OBSERVATIONS, type ObservationName, type ResultOf } from './index.ts'
import type { Observation, ObservationContext, Observer } from './observation.ts'

export interface ObserveRequest<N extends ObservationName> {
  readonly model: ModelFile
  /** New values of weights, by tensor key. */
  readonly changes?: HeldChanges
  /** Scaled and in the model's shapes; targets are only needed for lossGradients. */
  readonly data: TrainingData | StreamedData
  readonly observations: readonly N[]
  readonly batchSize?: number
  /** Names (`layer/role`) of the prunable weights to observe; all unless given. */
  readonly weights?: readonly string[]
  /** Paths of the layers whose activations are observed; all unless given. */
  readonly layers?: readonly string[]
  /** As in training. */
  readonly loss?: string
  /** Of lossGradients: what the weights of a kernel are summed up in, by name (null: every weight on its own); output by output unless given. */
  readonly units?: ReadonlyMap<string, UnitLayout | null>
  /** lossGradients takes one example at a time. */
  readonly perExample?: boolean
  /** The most that Hessian blocks may take together; 1 GiB unless given. */
  readonly hessianBytes?: number
  readonly mode?: RunMode
  readonly signal?: AbortSignal
  /** Counts examples over all passes. */
  readonly onProgress?: (done: number, total: number) => void
}

export interface Observed<N extends ObservationName> {
  readonly examples: number
  readonly execution: Execution
  /** By name of the weight (`layer/role`), for activations by path of the layer. */
  readonly results: { readonly [Name in N]: ReadonlyMap<string, ResultOf<Name>> }
  /** What could not be observed, by name, and why. */
  readonly skipped: { readonly [Name in N]: ReadonlyMap<string, string> }
}

const DEFAULTS = { batchSize: 128, loss: 'auto', hessianBytes: 2 ** 30, perExample: false, mode: 'auto' } as const

/** Of sums that are read at once. */
const READ_VALUES = 1 << 22

/** One way through the data, in batches of one size. */
interface Pass { readonly name: string, readonly batchSize: number, readonly withTargets: boolean }

/**
 * Throws `unsupported-layer` when the model cannot be run, `invalid-dataset` without examples, `not-found` for a weight or layer that is not there,
 * `invalid-recipe` for a loss that does not fit, `limit-exceeded` when Hessian blocks take too much, and the signal's reason.
 */
export async function observe<N extends ObservationName> (request: ObserveRequest<N>): Promise<Observed<N>> {
  const { model: { architecture }, data, signal } = request
  if (architecture.graph === undefined) throw new EspalierError('unsupported-layer', `the model cannot be run here: ${architecture.problem ?? 'it has no layer graph'}`)
  if (data.examples === 0) throw new EspalierError('invalid-dataset', 'the data set has no examples to observe')
  const weights = await loadWeights(request.model, request.changes)
  const observers = new Map<N, Observer<unknown>>()
  let program: Program | undefined
  try {
    const context = contextOf(request, weights)
    for (const name of new Set(request.observations)) observers.set(name, await (OBSERVATIONS[name] as Observation<unknown>).create(context))
    const { batchSize, perExample } = { ...DEFAULTS, ...request }
    const all = [...observers.values()]
    const passes: Pass[] = [
      ...all.some(({ see }) => see !== undefined) ? [{ name: 'forward', batchSize, withTargets: false }] : [],
      ...all.some(({ learn }) => learn !== undefined) ? [{ name: 'gradients', batchSize: perExample ? 1 : batchSize, withTargets: true }] : [],
    ]
    const made = createProgramOf(request, weights, all, passes)
    program = made.program
    let done = 0
    for (const pass of passes) {
      for (let from = 0; from < data.examples; from += pass.batchSize) {
        signal?.throwIfAborted()
        const to = Math.min(data.examples, from + pass.batchSize)
        await step(program, data, pass, from, to)
        done += to - from
        request.onProgress?.(done, data.examples * passes.length)
        // Lets messages (cancel, disconnect) in between batches: a run blocks the event loop.
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const values = readAll(program, all)
    const table = <T>(of: (observer: Observer<unknown>) => T) => Object.fromEntries([...observers].map(([name, observer]) => [name, of(observer)]))
    return {
      examples: data.examples,
      execution: made.execution,
      results: table((observer) => observer.results((name) => values.get(name)!, data.examples)) as Observed<N>['results'],
      skipped: table(({ skipped }) => skipped) as Observed<N>['skipped'],
    }
  } finally {
    program?.dispose()
    for (const { variables } of observers.values()) tf.dispose(Object.values(variables))
    weights.dispose()
  }
}

function contextOf <N extends ObservationName> (request: ObserveRequest<N>, weights: LoadedWeights): ObservationContext {
  const { model: { architecture }, data, layers } = request
  const prunable = weights.list.filter((weight) => weight.prunable)
  for (const name of request.weights ?? []) {
    if (!prunable.some((weight) => weight.name === name)) throw new EspalierError('not-found', `there is no prunable weight "${name}"; there are ${prunable.map((weight) => weight.name).join(', ')}`)
  }
  for (const path of layers ?? []) {
    if (!architecture.layers.some((layer) => layer.path === path)) throw new EspalierError('not-found', `there is no layer "${path}"; there are ${architecture.layers.map((layer) => layer.path).join(', ')}`)
  }
  return {
    architecture,
    weights,
    asked: prunable.filter(({ name }) => request.weights?.includes(name) ?? true),
    asksForLayer: (path) => layers?.includes(path) ?? true,
    unitsOf: (name) => request.units?.get(name),
    hessianBytes: request.hessianBytes ?? DEFAULTS.hessianBytes,
    async objective () {
      if (data.targets.length !== architecture.graph!.outputs.length) {
        throw new EspalierError('shape-mismatch', `the model has ${architecture.graph!.outputs.length} outputs, the data set has ${data.targets.length} targets: gradients of the loss need one for each`)
      }
      return createObjective(architecture, await factsOf(architecture, data), request.loss ?? DEFAULTS.loss)
    },
  }
}

function createProgramOf <N extends ObservationName> (request: ObserveRequest<N>, weights: LoadedWeights, observers: ReadonlyArray<Observer<unknown>>, passes: readonly Pass[]): { program: Program, execution: Execution } {
  const { model: { architecture }, data, mode = DEFAULTS.mode } = request
  const nodes = architecture.graph!.nodes
  const functions: Record<string, Step> = {
    forward (...features) {
      runGraph(architecture, weights.of, features, {
        observe (node, inputs, outputs) { tf.tidy(() => { for (const { see } of observers) see?.({ node, layer: nodes[node]!.layer, inputs, outputs }) }) },
      })
      return []
    },
    gradients (...inputs) {
      const batch = { features: inputs.slice(0, data.features.length), targets: inputs.slice(data.features.length) }
      for (const { learn } of observers) learn?.(batch)
      return []
    },
  }
  const variables = Object.assign({}, weights.variables, ...observers.map((observer) => observer.variables)) as Record<string, tf.Variable>
  const eager = (reason: string) => ({ program: createEagerProgram(variables, functions), execution: { compiled: false, reason } })
  const batches = passes.reduce((sum, { batchSize }) => sum + Math.ceil(data.examples / batchSize), 0)
  if (mode === 'eager') return eager('eager execution was asked for')
  if (mode === 'auto' && batches < BATCHES_WORTH_COMPILING) return eager(`${batches} batches are too few: compiling pays from ${BATCHES_WORTH_COMPILING} on`)
  const program = createProgram(variables, functions)
  try {
    for (const { name, batchSize, withTargets } of passes) {
      for (const size of new Set([Math.min(batchSize, data.examples), data.examples % batchSize])) {
        const arrays = [...data.features, ...withTargets ? data.targets : []]
        if (size > 0) program.prepare({ [name]: arrays.map(({ shape }): InputSpec => ({ shape: [size, ...shape], dtype: 'float32' })) })
      }
    }
    return { program, execution: { compiled: true } }
  } catch (error) {
    program.dispose()
    if (mode === 'compiled' || !(error instanceof EspalierError && error.code === 'invalid-step')) throw error
    return eager(error.message)
  }
}

async function step (program: Program, { features, targets }: TrainingData | StreamedData, { name, withTargets }: Pass, from: number, to: number): Promise<void> {
  const arrays = [...features, ...withTargets ? targets : []]
  const values = await Promise.all(arrays.map(async (array) => await rowsOf(array, from, to)))
  const inputs: Tensor[] = values.map((one, index) => tf.tensor(one, [to - from, ...arrays[index]!.shape], 'float32'))
  try {
    program.run(name, inputs)
  } finally {
    tf.dispose(inputs)
  }
}

/** Everything that was gathered, some sums at a time: each set that is read costs a pass over the graph. */
function readAll (program: Program, observers: ReadonlyArray<Observer<unknown>>): Map<string, Float32Array> {
  const sums = observers.flatMap(({ variables }) => Object.entries(variables))
  const values = new Map<string, Float32Array>()
  while (sums.length > 0) {
    const names: string[] = []
    for (let size = 0; sums.length > 0 && (names.length === 0 || size + sums[0]![1].size <= READ_VALUES);) {
      const [name, variable] = sums.shift()!
      size += variable.size
      names.push(name)
    }
    const tensors = program.read(names)
    for (const [index, tensor] of tensors.entries()) values.set(names[index]!, tensor.dataSync() as Float32Array)
    tf.dispose(tensors)
  }
  return values
}
