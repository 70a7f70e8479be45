/** A job as the API shows it. */
import { EspalierError } from '../../errors.ts'
import { waitingFor } from '../fleet.ts'
import type { ArtifactRow, JobRow, TenantCatalog } from '../ports.ts'
import type { Attempt, Job } from '../resources.ts'
import { expiryOf, type Retention } from '../retention.ts'

/** Where an artifact is downloaded. */
export function artifactUrl (jobId: string, name: string): string {
  return `/v1/jobs/${encodeURIComponent(jobId)}/artifacts/${encodeURIComponent(name)}`
}

/** The resource made of a row, its artifacts and its attempts; `kept`: of one that has ended, how long its tenant keeps things. */
export function jobView (row: JobRow, artifacts: readonly ArtifactRow[], attempts: readonly Attempt[], waiting?: string, kept?: Retention): Job {
  const expiry = (name: 'jobs' | 'artifacts' | 'checkpoints'): string | undefined => kept && expiryOf(row.finishedAt, kept[name])
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
    ...(row.receipt !== null && { receipt: row.receipt }),
    // They are read after the row, and the job may have succeeded in between.
    artifacts: row.state !== 'succeeded' ? [] : artifacts.map((artifact) => ({ ...artifact, url: artifactUrl(row.id, artifact.name) })),
    attempts: [...attempts],
    createdAt: row.createdAt.toISOString(),
    ...(row.startedAt !== null && { startedAt: row.startedAt.toISOString() }),
    ...(row.finishedAt !== null && { finishedAt: row.finishedAt.toISOString() }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(artifactsExpireAt !== undefined && row.state === 'succeeded' && { artifactsExpireAt }),
  }
}

/** Why no worker that runs now can take the job; undefined when one can, or has. */
export async function waitOf (catalog: TenantCatalog, row: JobRow): Promise<string | undefined> {
  return row.state === 'queued' ? waitingFor(row, await catalog.workers()) : undefined
}

/** How long the tenant keeps things; asked only where something is shown that has an end. */
export async function keptOf (catalog: TenantCatalog, row: JobRow): Promise<Retention | undefined> {
  return row.finishedAt === null ? undefined : await catalog.retention()
}

/** Reads a job with all that belongs to it; null when there is none. */
export async function findJob (catalog: TenantCatalog, jobId: string): Promise<Job | null> {
  const row = await catalog.job(jobId)
  if (row === null) return null
  // Read after the row: a row that says `succeeded` has its artifacts already.
  return jobView(row, ...await Promise.all([catalog.artifacts(jobId), catalog.attempts(jobId), waitOf(catalog, row), keptOf(catalog, row)]))
}

/** The stored artifact of that name. @throws `not-found` */
export async function findArtifact (catalog: TenantCatalog, jobId: string, name: string): Promise<ArtifactRow> {
  const found = (await catalog.artifacts(jobId)).find((artifact) => artifact.name === name)
  if (found === undefined) throw new EspalierError('not-found', `there is no artifact ${name} of job ${jobId}; artifacts appear when a job has succeeded`, { id: jobId, name })
  return found
}
