/** How long forward passes of several batch sizes take, within a budget also where one of them takes seconds. */
import { sizeOf } from '../models/tensor.ts'
import { BATCHES_WORTH_COMPILING } from './infer/runner.ts'
import { measureLatency, timeInTurn, type LatencyFigures } from './latency.ts'
import type { BatchArray, HeldBatch, Predictor } from './predict.ts'

export interface BatchLatencyOptions {
  /** Examples in a pass, smallest first; 1 and 64 unless given. */
  readonly batches?: readonly number[]
  /** For each size; 2,000 unless given. Passes that take longer are run twice each, one of them to warm up. */
  readonly budgetMs?: number
  readonly signal?: AbortSignal
}

export interface BatchFigures extends LatencyFigures {
  /** False where the budget has no room for compiling, or a graph cannot hold the model. */
  readonly compiled: boolean
}

const DEFAULTS = { batches: [1, 64], budgetMs: 2000 }

const [MOST_RUNS, LEAST_RUNS] = [100, 5]

/** Passes that compiling costs: two are run one operation at a time, and the first one of the graph. */
const COMPILE_PASSES = 3

/** Of the budget, for further warming up. */
const WARM_UP = { runs: 4, share: 0.1 }

/**
 * For each batch size the figures of each predictor, run in turn; their weights may have different shapes. `examples`: inputs of at least one example,
 * repeated as often as a batch needs. A size comes once where models take only batches of theirs. Throws the reason of the signal.
 */
export async function measureBatches (predictors: readonly Predictor[], examples: readonly BatchArray[], options: BatchLatencyOptions = {}): Promise<BatchFigures[][]> {
  const { batches, budgetMs } = { ...DEFAULTS, ...options }
  const measured: BatchFigures[][] = []
  for (const batch of batches) {
    options.signal?.throwIfAborted()
    const figures = await measureBatch(predictors, examples.map((input) => repeated(input, batch)), budgetMs, options.signal)
    if (!measured.some((known) => known[0]!.batch === figures[0]!.batch)) measured.push(figures)
  }
  return measured
}

async function measureBatch (predictors: readonly Predictor[], inputs: readonly BatchArray[], budgetMs: number, signal?: AbortSignal): Promise<BatchFigures[]> {
  const turns = signal === undefined ? {} : { signal }
  const held: HeldBatch[] = []
  let compiled: boolean[]
  let warm: number
  try {
    for (const predictor of predictors) held.push(predictor.hold(inputs))
    const once = async (): Promise<number> => (await timeInTurn(held.map((batch) => () => batch.run()), { ...turns, warmUp: 0, runs: 1 })).flat().reduce((sum, time) => sum + time, 0)
    const cold = await once()
    const announced = cold * (COMPILE_PASSES + LEAST_RUNS) <= budgetMs ? BATCHES_WORTH_COMPILING : 0
    compiled = predictors.map((predictor) => predictor.prepare(announced, inputs.map(({ shape }) => shape)).compiled)
    warm = announced > 0 ? await once() : cold
  } finally {
    for (const batch of held) batch.dispose()
  }
  const warmUp = warm * WARM_UP.runs <= budgetMs * WARM_UP.share ? WARM_UP.runs : 0
  const runs = warm * LEAST_RUNS <= budgetMs ? { runs: MOST_RUNS, minimumRuns: LEAST_RUNS } : { runs: 1, minimumRuns: 1 }
  const figures = await measureLatency(predictors, inputs, { ...turns, ...runs, warmUp, budgetMs })
  return figures.map((figure, index) => ({ ...figure, compiled: compiled[index]! }))
}

/** As many examples, those given over and over. */
function repeated ({ values, shape: [given, ...axes] }: BatchArray, examples: number): BatchArray {
  const size = sizeOf(axes)
  const many = new Float32Array(examples * size)
  for (let at = 0; at < examples; at++) many.set(values.subarray((at % given!) * size, (at % given! + 1) * size), at * size)
  return { values: many, shape: [examples, ...axes] }
}
