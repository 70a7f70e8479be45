/** What watching a job needs from outside: being told that something changed, and reading what did. No library's types in here. */
import type { ErrorRecord } from '../errors.ts'
import type { JobState, Progress } from './resources.ts'

/** What may have changed of a job. */
export type ChangeKind = 'state' | 'progress' | 'metrics'

/** Of a job; null when changes may have been missed, so that everything ought to be looked at. */
export type JobListener = (kind: ChangeKind | null) => void
/** Of the jobs of a tenant. */
export type TenantListener = (change: { readonly kind: ChangeKind, readonly jobId: string } | null) => void

/**
 * Tells of changes of jobs after they can be read. While it cannot be told of them (the database is away) every listener is called with null from time to
 * time, and once when that is over: who looks whenever it is called, and once after it began to listen, misses nothing.
 */
export interface JobChanges {
  /** Gives what ends it. Whose job it is, is not asked: it is for whoever reads to do so through a tenant. */
  ofJob (jobId: string, listener: JobListener): () => void
  ofTenant (tenant: string, listener: TenantListener): () => void
  close (): Promise<void>
}

/** A change of a job's state or attempt. Numbers rise in the order in which the changes of one job happened. */
export interface JobEvent {
  readonly number: number
  readonly jobId: string
  readonly state: JobState
  readonly attempt: number
  readonly at: Date
  /** Of an attempt that failed. */
  readonly error: ErrorRecord | null
}

/** How far a job is. */
export interface JobProgress { readonly jobId: string, readonly attempt: number, readonly progress: Progress }

/** A job and what happened to it, of one moment. */
export interface WatchedJob extends JobProgress {
  readonly state: JobState
  /** In order; not all when there are as many as were asked for. */
  readonly events: readonly JobEvent[]
  /** Of the newest event. */
  readonly newest: number
  /** How often its run dropped points that it had told, and after which step the last time. */
  readonly metricRun: number
  readonly metricFrom: number
}

/** Points by series: [step, value, epoch], by step; `thinned` when some of a long series were left out. */
export interface NewPoints { readonly series: Readonly<Record<string, ReadonlyArray<readonly [number, number, number]>>>, readonly lastStep: number, readonly thinned: boolean }

/** The part of a TenantCatalog that is for watching. */
export interface Watching {
  /** The job with at most `limit` of its events after that number; null when there is none. */
  watched (jobId: string, after: number, limit: number): Promise<WatchedJob | null>
  /** Points of all series with steps in (after, before), at most some 10,000, of each series evenly; null without any. */
  newPoints (jobId: string, after: number, before: number): Promise<NewPoints | null>
  /** Step of the newest point of any series; null without one. */
  newestStep (jobId: string): Promise<number | null>
  /** Events of all jobs with numbers in (after, upTo], in order, at most `limit`. */
  events (after: number, upTo: number, limit: number): Promise<JobEvent[]>
  /** How far the jobs are that are worked on, of these or of all; at most 1000. */
  workedOn (jobIds: readonly string[] | null): Promise<JobProgress[]>
}

/** The part of the Catalogs that says how far the events of all jobs may be read in order. */
export interface EventOrder {
  /**
   * The number of an event so that every event which is yet to appear has a greater one. Waits while a transaction is open that may hold a smaller one.
   * Rejects with the signal's reason.
   */
  settledEvents (signal: AbortSignal): Promise<number>
}
