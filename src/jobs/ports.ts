/** What the use cases need from outside: Catalog (rows), Blobs (files), Queue (work). No library's types in here. */
import type { ErrorRecord } from '../errors.ts'
import type { ByteSource } from '../models/bytes.ts'
import type { Recipe } from '../pruning/recipe.ts'
import type { OutputRecord, StageTime } from '../methods/job-types.ts'
import type { Receipt } from '../methods/receipt.ts'
import type { BeginResult } from './beginning.ts'
import type { BlobUse } from './blob-use.ts'
import type { IdempotencyKeys } from './idempotency.ts'
import type { EventOrder, Watching } from './watching.ts'
import type { Retention } from './retention.ts'
import type { MetricBatch, MetricColumns, MetricQuery, MetricSeries } from './series.ts'
import type { AllSweeps, TenantSweeps } from './sweeps/ports.ts'
import type { TraceContext } from './tracing.ts'
import type { AllUploads, TenantUploads } from './uploads.ts'
import type { TenantWebhooks, WebhookOutbox } from './webhooks/ports.ts'
import type { ServingWorker, Worker, WorkerFacts } from './fleet.ts'
import type { QueueOrder } from './queue-position.ts'
import type { QueueName } from './queues.ts'
import type { Attempt, Dataset, DatasetSummary, JobLimits, JobNeeds, JobState, Model, ModelSummary, Progress, ReceiptFigures } from './resources.ts'
import type { TenantAccess, Tenants } from './tenant-ports.ts'

export type { BeginResult } from './beginning.ts'
export type { MetricBatch, MetricColumns, MetricQuery, MetricSeries } from './series.ts'
export type { IdempotencyKeys, IdempotencyResult, StoredAnswer } from './idempotency.ts'

/** A job as stored. `attempt` counts from 1; every change by a worker names the attempt it belongs to. */
export interface JobRow {
  readonly id: string
  readonly tenantId: string
  readonly state: JobState
  readonly modelId: string
  readonly datasetId: string | null
  readonly evaluationDatasetId: string | null
  readonly recipe: Recipe
  readonly attempt: number
  readonly progress: Progress
  readonly error: ErrorRecord | null
  readonly receipt: Receipt | null
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  /** Of a run that trains: from where its next start goes on, also after a retry. Gone when the job has succeeded. */
  readonly checkpoint: CheckpointRow | null
  /** The record of its weights; null of jobs that wrote no model, and of those from before there were such records. */
  readonly weightsFile: StoredFile | null
  /** The sweep it is a point of. */
  readonly sweepId: string | null
  readonly queue: QueueName
  readonly priority: number
  /** What a worker must have to take it: as asked for, or as the model's size tells. */
  readonly needs: JobNeeds
  /** The job's own; the worker's hold besides. */
  readonly limits: JobLimits
}

export interface StoredFile { readonly sha256: string, readonly bytes: number }
export type StoredCheckpoint = StoredFile
export interface CheckpointRow extends StoredCheckpoint { readonly at: Date }

/** A job with all that belongs to it, of one moment: while it is queued the workers that were heard of lately, once it has ended (else null) how long its tenant keeps things. */
export interface WholeJob extends JobRow { readonly artifacts: readonly ArtifactRow[], readonly attempts: readonly Attempt[], readonly workers: readonly ServingWorker[], readonly kept: Retention | null }

/** A job as a list has it: of its receipt the figures alone, and neither artifacts nor attempts. */
export interface ListedJob extends Omit<WholeJob, 'receipt' | 'artifacts' | 'attempts'> { readonly figures: ReceiptFigures | null }

/** A file that a job made, as its row says it. */
export type ArtifactRow = OutputRecord

export interface Page<T> { readonly items: T[], readonly next: string | null }
export interface PageRequest { readonly limit: number, readonly cursor?: string }

/** `upload`: that it came in, which ends with it. */
export interface NewFile { readonly name: string, readonly bytes: number, readonly sha256: string, readonly upload?: string }
export interface NewJob { readonly modelId: string, readonly datasetId: string | null, readonly evaluationDatasetId: string | null, readonly recipe: Recipe, readonly queue?: QueueName, readonly priority?: number, readonly needs?: JobNeeds, readonly limits?: JobLimits, readonly traceContext?: TraceContext | undefined }

/** What may be wished of a job that a worker has. */
export type Wish = 'cancel' | 'pause'

/**
 * The rows that belong to one tenant: whatever id is asked for, those of others are not there. Every method is one transaction; what is conditional
 * says so and returns whether it took place.
 */
export interface TenantCatalog extends Watching, TenantWebhooks, TenantSweeps, TenantAccess, TenantUploads, QueueOrder {
  createModel (file: NewFile, summary: ModelSummary): Promise<Model>
  model (id: string): Promise<Model | null>
  models (page: PageRequest): Promise<Page<Model>>
  /** False when there is none; throws `conflict` while a job that has not ended uses it. */
  deleteModel (id: string): Promise<boolean>

  createDataset (file: NewFile, summary: DatasetSummary): Promise<Dataset>
  dataset (id: string): Promise<Dataset | null>
  datasets (page: PageRequest): Promise<Page<Dataset>>
  deleteDataset (id: string): Promise<boolean>

  createJob (job: NewJob): Promise<JobRow>
  job (id: string): Promise<JobRow | null>
  wholeJob (id: string): Promise<WholeJob | null>
  jobs (page: PageRequest & { readonly state?: JobState, readonly model?: string, readonly dataset?: string, readonly sweep?: string }): Promise<Page<ListedJob>>
  attempts (jobId: string): Promise<Attempt[]>
  artifacts (jobId: string): Promise<ArtifactRow[]>
  /** False when there is none; throws `conflict` when it has not ended or is a point of a sweep. */
  deleteJob (id: string): Promise<boolean>

  /** By name; none for a job that is not there. */
  metricSeries (jobId: string): Promise<MetricSeries[]>
  /** By series and step; `thinned` when some were left out. */
  metricPoints (jobId: string, query: MetricQuery): Promise<{ readonly series: MetricColumns[], readonly thinned: boolean }>

  /** queued, paused -> cancelled; running, pausing -> cancelling; gives the state after, null when there is no such job; throws `conflict` when ended. */
  requestCancel (jobId: string): Promise<JobState | null>
  /** queued -> paused, running -> pausing; gives the state after, null when there is no such job; throws `conflict` when paused or ended. */
  requestPause (jobId: string): Promise<JobState | null>
  /** paused -> queued with attempt + 1; throws `conflict` otherwise. */
  resume (jobId: string, traceContext?: TraceContext): Promise<JobRow | null>
  /** failed or cancelled -> queued with attempt + 1; throws `conflict` otherwise. */
  retry (jobId: string, traceContext?: TraceContext): Promise<JobRow | null>

  /** All workers of the service, those that are gone for less than a day too; of their jobs only the tenant's own are named. */
  workers (): Promise<Worker[]>
}

/** What the API is given of the rows: nothing but through a tenant. */
export interface Catalogs extends IdempotencyKeys, EventOrder, Tenants, BlobUse {
  of (tenant: string): TenantCatalog
  /** By queue: how long the job waits that waits longest, seconds; of all tenants. */
  oldestWaits (): Promise<ReadonlyMap<string, number>>
  ping (): Promise<void>
  close (): Promise<void>
}

/** The rows as workers need them, of all tenants: an attempt knows its job, and the job its tenant. */
export interface Catalog extends Catalogs, WebhookOutbox, AllSweeps, AllUploads {
  /** A job of whatever tenant. */
  anyJob (id: string): Promise<JobRow | null>
  /** queued -> running, unless it needs more than `memoryBytes`; also running -> running for the same attempt when its worker died (counted in `starts`). The attempt notes the checkpoint it goes on from. */
  begin (jobId: string, attempt: number, worker: string, memoryBytes?: number): Promise<BeginResult>
  /** Only while worked on (running or pausing) under that attempt. */
  progress (jobId: string, attempt: number, progress: Progress): Promise<boolean>
  /** Sets the checkpoint (null drops it), only while worked on under that attempt. */
  checkpoint (jobId: string, attempt: number, checkpoint: StoredCheckpoint | null): Promise<boolean>
  /** Keeps points, at most one for each series and step, only while worked on under that attempt; with `from` it first drops those of later steps. */
  metrics (jobId: string, attempt: number, batch: MetricBatch): Promise<boolean>
  /** Worked on under that attempt -> succeeded, with all artifacts visible at once and without its checkpoint. `weights`: the record of its weights. */
  succeed (jobId: string, attempt: number, receipt: Receipt, artifacts: readonly ArtifactRow[], weights?: StoredFile | null): Promise<boolean>
  /** Queued, worked on or cancelling under that attempt -> failed. */
  fail (jobId: string, attempt: number, error: ErrorRecord): Promise<boolean>
  /** cancelling -> cancelled. */
  cancelled (jobId: string, attempt: number): Promise<boolean>
  /** pausing -> paused. */
  paused (jobId: string, attempt: number): Promise<boolean>
  /** running -> queued: its worker ends, and another one goes on with the same attempt. The start is not counted. */
  giveBack (jobId: string, attempt: number): Promise<boolean>
  /** How long was worked on the attempt until now, over all starts; it never becomes less. */
  spent (jobId: string, attempt: number, ms: number): Promise<void>
  /** Jobs that ought to have a live queue entry: queued, running, pausing, cancelling; unchanged for `olderThanMs`. */
  unfinished (olderThanMs: number): Promise<JobRow[]>

  /** A worker says that it is there, and what of itself has changed. */
  beat (worker: WorkerFacts): Promise<void>
  /** It has ended. */
  left (workerId: string): Promise<void>
  /** Drops workers that were not seen for a day. */
  sweepWorkers (): Promise<number>
  /** Drops what is older than 24 h. */
  sweepIdempotency (): Promise<number>
  /** Removes what its tenants have kept for as long as they keep it, some rows at a time, each with a line in the record. Gives how many. */
  sweepKept (): Promise<number>
  /** Drops what is older than the record of actions is kept. */
  sweepAudit (): Promise<number>
}

export interface OpenBlob extends ByteSource { close (): Promise<void> }
export interface BlobRange { readonly from: number, readonly to: number }
export type Hold = (sha256: string) => Promise<unknown>

/**
 * Files by content. A blob is visible only when complete; writing the same bytes twice keeps one. Whatever reads bytes checks them against what was stored, and throws `blob-damaged`, naming
 * the sha256 and the place, before it gives wrong ones.
 */
export interface Blobs {
  /** Streams in; throws `payload-too-large` past `limit` bytes and leaves nothing. `hold` is called, and waited for, when the hash is known and before the blob is visible. */
  put (content: AsyncIterable<Uint8Array>, limit?: number, hold?: Hold): Promise<{ sha256: string, bytes: number, created: boolean }>
  /**
   * The same with a complete file of this machine, which nobody writes any more; it may be gone afterwards. `known` is what whoever wrote it has read back; of a large file of that size it may
   * be believed without another reading, since every reading of a whole blob checks its hash.
   */
  take (place: string, known?: { readonly sha256: string, readonly bytes: number }, hold?: Hold): Promise<{ sha256: string, bytes: number, created: boolean }>
  open (sha256: string): Promise<OpenBlob>
  /** Bytes [from, to) or all; of all it verifies the hash, too, before the last piece comes. A piece may not be changed. */
  stream (sha256: string, range?: BlobRange): AsyncIterable<Uint8Array>
  /** A path on this machine that holds the bytes, all of which were just checked, and may be read but not written; absent for stores elsewhere. */
  localPath (sha256: string): Promise<string | undefined>
  has (sha256: string): Promise<boolean>
  delete (sha256: string): Promise<boolean>
  /** Removes complete blobs not in `keep` and unfinished ones, both only when older than `olderThanMs`. Gives how many. */
  sweep (keep: ReadonlySet<string>, olderThanMs: number): Promise<number>
  ping (): Promise<void>
  close (): Promise<void>
}

/** What the queue carries: which attempt of which job, in which queue and before whom. Everything else is in the Catalog. Absent: the queue `default`, priority 0. */
export interface QueueEntry { readonly jobId: string, readonly attempt: number, readonly queue?: QueueName, readonly priority?: number }

/** Of one queue. Delayed are those that come back after a pause. */
export interface QueueCounts { readonly waiting: number, readonly active: number, readonly delayed: number }

/** The producing side. Entry ids are `<job>-<attempt>`: adding one that is live is a no-op. */
export interface Queue {
  add (entry: QueueEntry): Promise<void>
  /** The entries of jobs of one sweep, with an entry of the sweep itself that is given to a SweepConsumer when all of them are done; what is live stays as it is. */
  addSweep (sweepId: string, entries: readonly QueueEntry[]): Promise<void>
  /** Is there an entry that is waiting, delayed or being worked on? In its queue, or in any when it names none. */
  isLive (entry: QueueEntry): Promise<boolean>
  /** Removes a waiting entry, or an ended one that would keep its id from being added again. */
  remove (entry: QueueEntry): Promise<void>
  /** Of all queues together. */
  counts (): Promise<{ waiting: number, active: number }>
  countsByQueue (): Promise<Record<QueueName, QueueCounts>>
  /** Tells all workers what is wished of a job. */
  announce (wish: Wish, jobId: string): Promise<void>
  ping (): Promise<void>
  close (): Promise<void>
}

/** Ends an entry, or says that it is to be given `again` at once, before those of its priority, or `elsewhere` a little later. */
export type WorkEntry = (entry: QueueEntry) => Promise<'again' | 'elsewhere' | void>

/** The consuming side, given to a worker. */
export interface QueueConsumer {
  /** Runs `work` for each entry, at most `concurrency` at once, with the lock renewed until it ends; an entry whose worker died is given again. */
  start (work: WorkEntry): Promise<void>
  onWish (listener: (wish: Wish, jobId: string) => void): void
  /** Stops taking entries and waits for the running ones. */
  close (options?: { force?: boolean }): Promise<void>
}

/** The consuming side of sweeps, given to a worker. */
export interface SweepConsumer {
  /** Calls `close` when the entries of a sweep's jobs are done, by whatever worker: true when the sweep has ended. */
  start (close: (sweepId: string) => Promise<boolean>): Promise<void>
  close (): Promise<void>
}

/** A file as a runner sees it: it may read `path`, not write it. */
export interface InputFile { readonly path: string, readonly sha256: string, readonly bytes: number, readonly name: string, readonly format: string }
export interface DatasetFileInput extends InputFile { readonly inputs: { readonly scale: number, readonly offset: number } }

/** One attempt to be run. Outputs are written into `folder`, which is empty and the runner's alone. */
export interface RunRequest {
  readonly job: string
  readonly attempt: number
  readonly recipe: Recipe
  readonly model: InputFile
  readonly dataset: DatasetFileInput | null
  readonly evaluationDataset: DatasetFileInput | null
  readonly folder: string
  /** The state that a run which trains goes on from. */
  readonly checkpoint: CheckpointFile | null
  /** Folder for its checkpoints, which is the runner's alone. */
  readonly checkpointFolder: string
  /** The job's own limits; the runner's hold besides. */
  readonly limits?: JobLimits
  /** How long was worked on this attempt before, milliseconds. */
  readonly spentMs?: number
}

export interface CheckpointFile { readonly path: string, readonly bytes: number }

/** What came out; `name` is a file name within the request's folder. */
export interface RunResult {
  readonly job: string
  readonly receipt: Receipt
  readonly outputs: readonly ArtifactRow[]
  /** The record of the weights, beside the outputs; null or absent where no model was written. */
  readonly weights?: ArtifactRow | null
}

export interface RunHooks {
  /** The engine is there: the job's own time begins. */
  readonly onBegin?: () => void
  readonly onProgress: (progress: Progress) => void
  readonly onMetrics: (batch: MetricBatch) => void
  readonly onStage?: (time: StageTime) => void
  /** A new checkpoint lies in the request's folder for them; the file is the runner's to remove afterwards. Was it stored? Never rejects. */
  readonly onCheckpoint: (file: CheckpointFile) => Promise<boolean>
  readonly signal: AbortSignal
  /** When it aborts the runner stops where nothing is lost and rejects with `job-paused`, or comes to its end. */
  readonly pause: AbortSignal
}

/** Does the work of one attempt. Rejects with an EspalierError; when `signal` aborts it stops and rejects. */
export interface Runner {
  run (request: RunRequest, hooks: RunHooks): Promise<RunResult>
}
