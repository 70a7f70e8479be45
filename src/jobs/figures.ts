/** What the service can be watched by: counts over all jobs and files, and the state of the database's schema. */
import type { ErrorCode } from '../errors.ts'
import type { JobState } from './resources.ts'
import type { TraceContext } from './tracing.ts'
import type { DeliveryState } from './webhooks/resources.ts'

export const FILE_KINDS = ['models', 'datasets', 'artifacts', 'checkpoints', 'weights'] as const
export type FileKind = typeof FILE_KINDS[number]

export interface FileFigures { readonly kind: FileKind, readonly files: number, readonly bytes: number }
export interface DeliveryFigures { readonly state: DeliveryState, readonly count: number }
export interface TrainingFigures { readonly method: string, readonly jobs: number, readonly stepsPerSecond: number }

/** An attempt that came to its end; `durationMs` is null when it never began. */
export interface EndedAttempt {
  readonly jobId: string
  readonly number: number
  readonly method: string
  readonly outcome: Extract<JobState, 'succeeded' | 'failed' | 'cancelled' | 'paused'>
  readonly code: ErrorCode | null
  readonly waitMs: number | null
  readonly durationMs: number | null
  readonly finishedAt: Date
  /** Of the request that queued it. */
  readonly traceContext: TraceContext | null
}

/** Read beside the Catalog, quickly or not at all: every method throws `unavailable` when the database does not answer within a second or so. */
export interface Figures {
  /** Every state, also those without jobs. */
  jobStates (): Promise<Record<JobState, number>>
  training (): Promise<TrainingFigures[]>
  /** Messages to webhooks; states that none is in are there with 0. */
  deliveries (): Promise<DeliveryFigures[]>
  files (): Promise<FileFigures[]>
  /** The database's time. */
  now (): Promise<Date>
  /** In the order of their ends, at most 50,000. */
  endedAttempts (since: Date): Promise<EndedAttempt[]>
  /** The newest step of the schema that was applied, and steps that this program needs and the database lacks. */
  schema (): Promise<{ readonly newest: string | null, readonly missing: readonly string[] }>
  close (): Promise<void>
}
