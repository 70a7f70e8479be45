/** What the use cases of sweeps need of the Catalog. */
import type { ErrorRecord } from '../../errors.ts'
import type { Measurement } from '../../methods/receipt.ts'
import type { JobRow, NewJob, Page, PageRequest } from '../ports.ts'
import type { JobState } from '../resources.ts'
import type { Grid } from './grid.ts'
import type { Pick } from './picks/index.ts'
import type { SweepResult } from './result.ts'
import type { SweepState } from './states.ts'

/** What was asked, as it was written, and the rule complete. */
export interface SweepAsked { readonly recipes?: readonly unknown[], readonly recipe?: unknown, readonly grid?: Grid, readonly pick: Pick | null }

/** A sweep as stored, with how many of its jobs are in which state. */
export interface SweepRow {
  readonly id: string
  readonly tenantId: string
  readonly name: string | null
  readonly modelId: string
  readonly datasetId: string | null
  readonly evaluationDatasetId: string | null
  readonly request: SweepAsked
  readonly state: SweepState
  /** Counts from 1, one more with every job that is queued again. */
  readonly opened: number
  /** Of a sweep that has ended. */
  readonly result: SweepResult | null
  readonly counts: Readonly<Partial<Record<JobState, number>>>
  readonly createdAt: Date
  readonly finishedAt: Date | null
}

/** A job of a sweep, at its place from 0, with what its receipt says. */
export interface PointRow {
  readonly job: string
  readonly place: number
  readonly state: JobState
  readonly attempt: number
  readonly error: ErrorRecord | null
  readonly before: Measurement | null
  readonly after: Measurement | null
}

/** All jobs are of the same model and data sets. */
export interface NewSweep { readonly name: string | null, readonly request: SweepAsked, readonly jobs: readonly NewJob[] }

/** The sweeps that belong to one tenant. */
export interface TenantSweeps {
  /** The sweep with all its jobs, which it gives in the order of their places, or nothing. */
  createSweep (sweep: NewSweep): Promise<{ readonly sweep: SweepRow, readonly jobs: JobRow[] }>
  sweep (id: string): Promise<SweepRow | null>
  sweeps (page: PageRequest & { readonly state?: SweepState, readonly model?: string }): Promise<Page<SweepRow>>
  /** By place; none for a sweep that is not there. */
  sweepPoints (id: string): Promise<PointRow[]>
  /** running -> cancelling, and all its jobs as `requestCancel` does. Gives those that changed, null when there is no such sweep; throws `conflict` when all its jobs have ended. */
  requestCancelSweep (id: string): Promise<Array<Readonly<{ id: string, attempt: number, state: JobState }>> | null>
  /** With all its jobs. False when there is none; throws `conflict` when it has not ended. */
  deleteSweep (id: string): Promise<boolean>
}

/** The sweeps of all tenants, as workers need them. */
export interface AllSweeps {
  anySweep (id: string): Promise<SweepRow | null>
  /** Ids of sweeps that have not ended although all their jobs have, some at a time. */
  endedSweeps (): Promise<string[]>
  /** running -> finished, cancelling -> cancelled (finished, when no job was cancelled any more), only while it was not opened again since `opened`. */
  closeSweep (id: string, opened: number, result: SweepResult): Promise<boolean>
}
