/** What the API speaks of, typed by the server's own schemas. */
import type { QueueState, Worker } from '../../jobs/fleet.ts'
import type { Attempt, Dataset, Job, JobState, Model } from '../../jobs/resources.ts'
import type { Sweep } from '../../jobs/sweeps/resource.ts'
import type { Plan } from '../../methods/planning/plan.ts'
import type { Progress } from '../../methods/progress.ts'
import type { Measurement, Receipt, ReceiptLayer } from '../../methods/receipt.ts'

export type { Attempt, Dataset, Job, JobState, Measurement, Model, Plan, Progress, QueueState, Receipt, ReceiptLayer, Sweep, Worker }

/** `next` is null on the last page. */
export interface Page<T> { readonly items: readonly T[], readonly next: string | null }

/** [step, value, epoch], by step. */
export type Point = readonly [number, number, number]
export interface Metrics {
  readonly job: string
  readonly lastStep: number | null
  readonly next: number
  readonly thinned: boolean
  readonly series: Readonly<Record<string, readonly Point[]>>
}
