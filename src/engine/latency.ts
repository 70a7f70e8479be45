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

/** A forward pass blocks the event loop; no run waits longer for messages to come in than this and itself. */
const PATIENCE_MS = 20

const DEFAULTS = { runs: 100, warmUp: 5, budgetMs: 2000, minimumRuns: 10 }

/**
 * Milliseconds of one forward pass on `inputs`, for each predictor, compiled as a server would run it unless the runs are too few for that: input on
 * the device, output read back (which waits for the computation). Who goes first alternates from run to run.
 */
export async function measureLatency (predictors: readonly Predictor[], inputs: readonly BatchArray[], options: LatencyOptions = {}): Promise<LatencyFigures[]> {
  const { runs, warmUp } = { ...DEFAULTS, ...options }
  const held: HeldBatch[] = []
  try {
    for (const predictor of predictors) held.push(predictor.hold(inputs))
    for (const predictor of predictors) predictor.prepare(warmUp + runs, inputs.map(({ shape }) => shape))
    const times = await timeInTurn(held.map((batch) => () => batch.run()), options)
    return times.map((measured, index) => ({ ...spread(measured), batch: held[index]!.examples, runs: measured.length }))
  } finally {
    for (const batch of held) batch.dispose()
  }
}

/** Milliseconds of each run of each side, as many of all; who goes first alternates. Other work of the process gets its turn between runs. */
export async function timeInTurn (sides: ReadonlyArray<() => void | Promise<void>>, options: LatencyOptions = {}): Promise<number[][]> {
  const { runs, warmUp, budgetMs, minimumRuns } = { ...DEFAULTS, ...options }
  const times: number[][] = sides.map(() => [])
  let resumed = performance.now()
  const round = async (first: number): Promise<number[]> => {
    options.signal?.throwIfAborted()
    const measured: number[] = sides.map(() => 0)
    for (const at of sides.keys()) {
      const index = (at + first) % sides.length
      measured[index] = await timeOnce(sides[index]!)
      if (performance.now() - resumed < PATIENCE_MS) continue
      await new Promise((resolve) => setImmediate(resolve))
      options.signal?.throwIfAborted()
      resumed = performance.now()
    }
    return measured
  }
  for (let count = 0; count < warmUp; count++) await round(0)
  const start = performance.now()
  for (let count = 0; count < runs; count++) {
    if (count >= minimumRuns && performance.now() - start > budgetMs) break
    for (const [index, time] of (await round(count)).entries()) times[index]!.push(time)
  }
  return times
}

async function timeOnce (run: () => void | Promise<void>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}

/** The median and the 95th percentile. */
export function spread (times: readonly number[]): Pick<LatencyFigures, 'p50' | 'p95'> {
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95) }
}

/** Quantile by linear interpolation between order statistics (numpy's default). */
export function quantile (values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}
