/** Loss and metrics of models over a split of a data set, streamed in batches; several models see each batch in turn. */
import { EspalierError } from '../errors.ts'
import type { ExampleArray, Split } from '../datasets/dataset.ts'
import type { Architecture } from '../models/architecture/types.ts'
import { TASKS, type Accumulator } from './metrics/index.ts'
import { inferTask, lastActivation, type LastActivation, type OutputTask } from './metrics/infer.ts'
import { classesLast, hasClassesFirst } from './metrics/layout.ts'
import { areProbabilities } from './metrics/probabilities.ts'
import type { BatchArray, Predictor } from './predict.ts'

export interface EvaluateOptions {
  readonly batchSize: number
  /** A key of TASKS or `auto`. */
  readonly task: string
  readonly signal?: AbortSignal
  onProgress? (done: number, total: number): void
}

export interface Evaluated {
  readonly examples: number
  /** Task of each output, in the model's order. */
  readonly tasks: OutputTask[]
  /** One record per predictor; with several outputs names are `<output>/<metric>` and `loss` is their sum. */
  readonly metrics: Array<Record<string, number>>
}

/** How many examples are looked at to tell class indices from real values. */
const PROBE = 1000

/**
 * Runs every predictor over the whole split, compiled where it has enough whole batches (see Predictor.prepare); a smaller last one comes only once.
 * Features and targets must fit the model's inputs and outputs (see adaptToModel); throws `shape-mismatch` when they do not.
 */
export async function evaluate (architecture: Architecture, predictors: readonly Predictor[], split: Split, options: EvaluateOptions): Promise<Evaluated> {
  const run = architecture.graph ?? architecture.signature
  if (run === undefined) throw new EspalierError('unsupported-layer', `the model cannot be run here: ${architecture.problem ?? 'it has no layer graph'}`)
  if (split.targets.length !== run.outputNames.length) {
    throw new EspalierError('shape-mismatch', `the model has ${run.outputNames.length} outputs, the data set has ${split.targets.length} targets`)
  }
  if (split.examples === 0) throw new EspalierError('invalid-dataset', 'the data set has no examples to evaluate')
  let tasks: OutputTask[] | undefined
  let turned: boolean[] | undefined
  let accumulators: Accumulator[][] = []
  const whole = Math.floor(split.examples / options.batchSize)
  for (const predictor of predictors) predictor.prepare(whole, split.features.map(({ shape }) => [options.batchSize, ...shape]))
  for (let from = 0; from < split.examples; from += options.batchSize) {
    options.signal?.throwIfAborted()
    const to = Math.min(split.examples, from + options.batchSize)
    const inputs = await readBatch(split.features, from, to)
    const targets = await readBatch(split.targets, from, to)
    for (const [index, predictor] of predictors.entries()) {
      let outputs = await predictor.predict(inputs)
      assertExamples(outputs, to - from, run.outputNames)
      turned ??= turnedOutputs(architecture, split, outputs)
      outputs = outputs.map((output, at) => turned![at] === true ? classesLast(output) : output)
      tasks ??= await tasksOf(architecture, split, outputs, options.task)
      if (accumulators.length === 0) accumulators = predictors.map(() => tasks!.map(({ task, context }) => TASKS[task].create(context)))
      outputs.forEach((output, at) => accumulators[index]![at]!.update(output.values, targets[at]!.values))
    }
    options.onProgress?.(to, split.examples)
    // Lets messages (cancel, disconnect) in between batches: a forward pass blocks the event loop.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { examples: split.examples, tasks: tasks!, metrics: accumulators.map((outputs) => combine(outputs, run.outputNames)) }
}

/** Examples [from, to) of each array. */
export async function readBatch (arrays: readonly ExampleArray[], from: number, to: number): Promise<BatchArray[]> {
  return await Promise.all(arrays.map(async (array) => ({ values: await array.read(from, to), shape: [to - from, ...array.shape] })))
}

async function tasksOf (architecture: Architecture, split: Split, outputs: readonly BatchArray[], asked: string): Promise<OutputTask[]> {
  return await Promise.all(outputs.map(async (output, index) => {
    const target = split.targets[index]!
    const probe = await target.read(0, Math.min(PROBE, split.examples))
    return inferTask({
      output: output.shape.slice(1),
      target: target.shape,
      type: target.type,
      wholeNumbers: probe.every((value) => Number.isInteger(value) && value >= 0),
      activation: activationOf(architecture, index, output),
    }, asked, nameOf(architecture, index))
  }))
}

/** Which outputs have their classes in front; Keras' have not. */
function turnedOutputs (architecture: Architecture, split: Split, outputs: readonly BatchArray[]): boolean[] {
  const { signature } = architecture
  return outputs.map(({ shape }, index) => signature?.channelsFirst === true &&
    hasClassesFirst({ output: shape.slice(1), target: split.targets[index]!.shape, classAxis: signature.classAxes[index] ?? null }, nameOf(architecture, index)))
}

function activationOf (architecture: Architecture, index: number, output: BatchArray): LastActivation {
  const told = lastActivation(architecture, index)
  return told === 'other' && architecture.signature !== undefined && areProbabilities(output) ? 'softmax' : told
}

function nameOf ({ graph, signature }: Architecture, index: number): string {
  return `output ${(graph ?? signature)?.outputNames[index] ?? index}`
}

function assertExamples (outputs: readonly BatchArray[], examples: number, names: readonly string[]): void {
  const index = outputs.findIndex(({ shape }) => shape[0] !== examples)
  if (index < 0) return
  throw new EspalierError('shape-mismatch', `output ${names[index] ?? index} has the shape [${outputs[index]!.shape.join(', ')}] for ${examples} examples; its first axis must be the examples'`)
}

function combine (outputs: readonly Accumulator[], names: readonly string[]): Record<string, number> {
  if (outputs.length === 1) return outputs[0]!.result()
  const combined: Record<string, number> = { loss: 0 }
  outputs.forEach((output, index) => {
    for (const [metric, value] of Object.entries(output.result())) {
      combined[`${names[index] ?? index}/${metric}`] = value
      if (metric === 'loss') combined.loss! += value
    }
  })
  return combined
}
