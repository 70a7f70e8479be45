/** Latency before and after on a number of threads, which is settled when a process begins: in one of its own. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { engineEnvironment } from '../../src/config.ts'

/** What is timed; the argument of latency-side.ts, as JSON. */
export interface LatencySpec {
  readonly threads: number
  readonly batches: readonly number[]
  /** At most so many runs of each model, no further one after so many seconds. */
  readonly runs: number
  readonly warmUp: number
  readonly seconds: number
}

/** Medians before and after in milliseconds, by batch. */
export type Latencies = Readonly<Record<number, readonly [number, number]>>

export interface LatencyRequest extends LatencySpec {
  /** Paths. */
  readonly before: string
  readonly after: string
}

export async function ourLatency (request: LatencyRequest): Promise<Latencies> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('latency-side.ts', import.meta.url)), JSON.stringify(request)], {
    env: { ...engineEnvironment().env, TF_CPP_MIN_LOG_LEVEL: '3', TF_NUM_INTRAOP_THREADS: String(request.threads), OMP_NUM_THREADS: String(request.threads) },
  })
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Latencies
}
