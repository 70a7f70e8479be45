/** A job as the API shows it. */
import { waitingFor } from '../fleet.ts'
import type { JobRow, ListedJob, TenantCatalog, WholeJob } from '../ports.ts'
import type { Job, JobSummary } from '../resources.ts'
import { expiryOf } from '../retention.ts'

/** Where an artifact is downloaded. */
export function artifactUrl (jobId: string, name: string): string {
  return `/v1/jobs/${encodeURIComponent(jobId)}/artifacts/${encodeURIComponent(name)}`
}

/** What lists and single jobs show alike. `row`: as in jobView. */
function common (whole: Omit<ListedJob, 'figures'>, row: Omit<JobRow, 'receipt'>): Omit<JobSummary, 'receipt'> {
  // Workers are known only when it was queued as it was read.
  const waiting = row.state === 'queued' && whole.state === 'queued' ? waitingFor(row, whole.workers) : undefined
  // Known of one that had ended as it was read.
  const expiry = (name: 'jobs' | 'artifacts' | 'checkpoints'): string | undefined => whole.kept === null ? undefined : expiryOf(row.finishedAt, whole.kept[name])
  // A job of a sweep goes with it.
  const [expiresAt, artifactsExpireAt, checkpointExpiresAt] = [row.sweepId === null ? expiry('jobs') : undefined, expiry('artifacts'), expiry('checkpoints')]
  return {
    id: row.id,
    state: row.state,
    model: row.modelId,
    ...(row.datasetId !== null && { dataset: row.datasetId }),
    ...(row.evaluationDatasetId !== null && { evaluationDataset: row.evaluationDatasetId }),
    ...(row.sweepId !== null && { sweep: row.sweepId }),
    recipe: row.recipe,
    progress: row.progress,
    queue: row.queue,
    priority: row.priority,
    needs: row.needs,
    limits: row.limits,
    ...(waiting !== undefined && { waitingFor: waiting }),
    ...(row.checkpoint !== null && { checkpoint: { at: row.checkpoint.at.toISOString(), bytes: row.checkpoint.bytes, ...(checkpointExpiresAt !== undefined && { expiresAt: checkpointExpiresAt }) } }),
    ...(row.error !== null && { error: row.error }),
    createdAt: row.createdAt.toISOString(),
    ...(row.startedAt !== null && { startedAt: row.startedAt.toISOString() }),
    ...(row.finishedAt !== null && { finishedAt: row.finishedAt.toISOString() }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(artifactsExpireAt !== undefined && row.state === 'succeeded' && { artifactsExpireAt }),
  }
}

/** The resource made of what is stored. `row`: of a moment before, where the answer is to say what was then. */
export function jobView (whole: WholeJob, row: JobRow = whole): Job {
  return {
    ...common(whole, row),
    ...(row.receipt !== null && { receipt: row.receipt }),
    // They may be of a later moment, in which the job had succeeded.
    artifacts: row.state !== 'succeeded' ? [] : whole.artifacts.map((artifact) => ({ ...artifact, url: artifactUrl(row.id, artifact.name) })),
    attempts: [...whole.attempts],
  }
}

/** The same as lists show it. */
export function summaryOf ({ figures, ...listed }: ListedJob): JobSummary {
  return { ...common(listed, listed), ...(figures !== null && { receipt: figures }) }
}

/** A job with all that belongs to it; null when there is none. */
export async function findJob (catalog: TenantCatalog, jobId: string): Promise<Job | null> {
  const whole = await catalog.wholeJob(jobId)
  return whole === null ? null : jobView(whole)
}

/** The job as something that was just done left it. */
export async function viewOf (catalog: TenantCatalog, row: JobRow): Promise<Job> {
  const whole = await catalog.wholeJob(row.id)
  return jobView(whole ?? { ...row, artifacts: [], attempts: [], workers: [], kept: null }, row)
}
