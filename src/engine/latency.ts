/** How long one forward pass takes: several models measured in turn in the same process, so that drift hits all alike. */
import type { BatchArray, HeldBatch, Predictor } from './predict.ts'

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
export async function measureLatency (predictors: readonly Predictor[], inputs: readonly BatchArray[], options: LatencyOptions = {}): Promise<LatencyFigures[]> {
  const { runs, warmUp, budgetMs, minimumRuns } = { ...DEFAULTS, ...options }
  const held: HeldBatch[] = []
  const times: number[][] = predictors.map(() => [])
  try {
    for (const predictor of predictors) held.push(predictor.hold(inputs))
    for (const predictor of predictors) predictor.prepare(warmUp + runs, inputs.map(({ shape }) => shape))
    for (let count = 0; count < warmUp; count++) for (const batch of held) await timeOnce(batch)
    const start = performance.now()
    for (let count = 0; count < runs; count++) {
      if (count >= minimumRuns && performance.now() - start > budgetMs) break
      options.signal?.throwIfAborted()
      const order = predictors.map((_, index) => (index + count) % predictors.length)
      for (const index of order) times[index]!.push(await timeOnce(held[index]!))
      if (count % 10 === 9) await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    for (const batch of held) batch.dispose()
  }
  return times.map((measured, index) => ({ p50: quantile(measured, 0.5), p95: quantile(measured, 0.95), batch: held[index]!.examples, runs: measured.length }))
}

async function timeOnce (batch: HeldBatch): Promise<number> {
  const start = performance.now()
  await batch.run()
  return performance.now() - start
}

/** Quantile by linear interpolation between order statistics (numpy's default). */
export function quantile (values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}
