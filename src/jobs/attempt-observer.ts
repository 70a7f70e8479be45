/** Who looks on while attempts are run: for traces, counts and the log. Nothing of it changes an attempt. */
import type { EspalierError } from '../errors.ts'
import type { StageTime } from '../methods/job-types.ts'
import type { Progress } from './resources.ts'
import type { TraceContext } from './tracing.ts'

/** `skipped`: there was nothing to do, or another worker did it. `again`: given back to the queue, for any worker. `elsewhere`: not begun, as it needs another worker, or its tenant has as many running as it may. */
export type Outcome = 'succeeded' | 'failed' | 'cancelled' | 'paused' | 'skipped' | 'again' | 'elsewhere'

export interface BegunAttempt {
  readonly jobId: string
  readonly attempt: number
  readonly method: string
  /** From its queueing to this, its first beginning; null when it was begun before. */
  readonly waitMs: number | null
  readonly traceContext: TraceContext | null
}

/** What the worker itself does of an attempt. */
export type WorkerStage = 'inputs' | 'engine' | 'outputs'

export interface AttemptWatcher {
  /** Does `work`, and takes its time. */
  stage<T> (stage: WorkerStage, work: () => Promise<T>): Promise<T>
  /** A stage within the engine has ended. */
  engineStage (time: StageTime): void
  progress (progress: Progress): void
  checkpoint (bytes: number, stored: boolean): void
  /** `returned`: it is given again. */
  ended (outcome: Outcome | 'returned', error?: EspalierError): void
}

export interface AttemptObserver {
  begun (attempt: BegunAttempt): AttemptWatcher
}

const NO_WATCHER: AttemptWatcher = { stage: async (_stage, work) => await work(), engineStage () {}, progress () {}, checkpoint () {}, ended () {} }

export const NO_OBSERVER: AttemptObserver = { begun: () => NO_WATCHER }
