/** How long one forward pass takes: several models measured in turn in the same process, so that drift hits all alike. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { BatchArray, Predictor } from './predict.ts'
import type { Tf } from './runtime.ts'

export interface LatencyFigures { readonly p50: number, readonly p95: number, readonly batch: number, readonly runs: number }

export interface LatencyOptions {
  readonly runs?: number
  readonly warmUp?: number
  /** No further run begins after this time, unless `minimumRuns` are missing. */
  readonly budgetMs?: number
  readonly minimumRuns?: number
  readonly signal?: AbortSignal
}

const DEFAULTS = { runs: 100, warmUp: 5, budgetMs: 2000, minimumRuns: 10 }

/**
 * Milliseconds of one forward pass on `inputs`, for each predictor, compiled as a server would run it unless the runs are too few for that: input on
 * the device, output read back (which waits for the computation). Who goes first alternates from run to run.
 */
export async function measureLatency (tf: Tf, predictors: readonly Predictor[], inputs: readonly BatchArray[], options: LatencyOptions = {}): Promise<LatencyFigures[]> {
  const { runs, warmUp, budgetMs, minimumRuns } = { ...DEFAULTS, ...options }
  const fed = inputs.map(({ values, shape }) => tf.tensor(values, [...shape], 'float32'))
  const times: number[][] = predictors.map(() => [])
  try {
    for (const predictor of predictors) predictor.prepare(warmUp + runs, inputs.map(({ shape }) => shape))
    for (let count = 0; count < warmUp; count++) for (const predictor of predictors) timeOnce(predictor, fed)
    const start = performance.now()
    for (let count = 0; count < runs; count++) {
      if (count >= minimumRuns && performance.now() - start > budgetMs) break
      options.signal?.throwIfAborted()
      const order = predictors.map((_, index) => (index + count) % predictors.length)
      for (const index of order) times[index]!.push(timeOnce(predictors[index]!, fed))
      if (count % 10 === 9) await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    tf.dispose(fed)
  }
  const batch = inputs[0]?.shape[0] ?? 1
  return times.map((measured) => ({ p50: quantile(measured, 0.5), p95: quantile(measured, 0.95), batch, runs: measured.length }))
}

function timeOnce (predictor: Predictor, inputs: readonly Tensor[]): number {
  const start = performance.now()
  const outputs = predictor.run(inputs)
  for (const output of outputs) output.dataSync()
  const elapsed = performance.now() - start
  for (const output of outputs) output.dispose()
  return elapsed
}

/** Quantile by linear interpolation between order statistics (numpy's default). */
export function quantile (values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}
