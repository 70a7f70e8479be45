/** From rows to what the jobs' ports speak of. */
import type { ErrorRecord } from '../../errors.ts'
import type { ArtifactRow, JobRow } from '../../jobs/ports.ts'
import type { QueueName } from '../../jobs/queues.ts'
import type { OwnQuotas } from '../../jobs/quotas.ts'
import type { Scope } from '../../jobs/scopes.ts'
import type { KeyRow, TenantRow } from '../../jobs/tenant-ports.ts'
import type { Receipt } from '../../methods/receipt.ts'
import type { Attempt, Dataset, DatasetSummary, Model, ModelSummary, Progress } from '../../jobs/resources.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import type * as rows from './generated/client.ts'

/** The progress of a queued job. */
export const NOT_BEGUN = { stage: 'queued', done: 0, total: 1, etaSeconds: null }

/** Text as Postgres can hold it: it refuses the NUL character. */
export function storable (text: string): string {
  return text.replaceAll('\0', '\uFFFD')
}

function fileOf (row: rows.Model | rows.Dataset): { id: string, name: string, bytes: number, sha256: string, createdAt: string } {
  return { id: row.id, name: row.name, bytes: Number(row.bytes), sha256: row.sha256, createdAt: row.createdAt.toISOString() }
}

export function modelOf (row: rows.Model): Model {
  return { ...fileOf(row), ...(row.summary as unknown as ModelSummary) }
}

export function datasetOf (row: rows.Dataset): Dataset {
  return { ...fileOf(row), ...(row.summary as unknown as DatasetSummary) }
}

export function jobOf (row: rows.Job): JobRow {
  return {
    id: row.id,
    tenantId: row.tenantId,
    state: row.state,
    modelId: row.modelId,
    datasetId: row.datasetId,
    evaluationDatasetId: row.evaluationDatasetId,
    recipe: row.recipe as unknown as Recipe,
    attempt: row.attempt,
    progress: row.progress as unknown as Progress,
    error: row.error as unknown as ErrorRecord | null,
    receipt: row.receipt as unknown as Receipt | null,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    checkpoint: checkpointOf(row),
    weightsFile: row.weightsSha256 === null || row.weightsBytes === null ? null : { sha256: row.weightsSha256, bytes: Number(row.weightsBytes) },
    sweepId: row.sweepId,
    queue: row.queue as QueueName,
    priority: row.priority,
    needs: row.needs as JobRow['needs'],
    limits: row.limits as JobRow['limits'],
  }
}

function checkpointOf ({ checkpointSha256: sha256, checkpointBytes: bytes, checkpointAt: at }: rows.Job): JobRow['checkpoint'] {
  return sha256 === null || bytes === null || at === null ? null : { sha256, bytes: Number(bytes), at }
}

export function attemptOf (row: rows.Attempt): Attempt {
  return {
    number: row.number,
    state: row.state,
    worker: row.worker,
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    error: row.error as unknown as Attempt['error'],
    usedSeconds: Number(row.usedMs) / 1000,
    resumedFrom: row.resumedFrom?.toISOString() ?? null,
  }
}

export function artifactOf (row: rows.Artifact): ArtifactRow {
  return { name: row.name, format: row.format, bytes: Number(row.bytes), sha256: row.sha256 }
}

export function keyOf ({ id, tenantId, name, hint, scopes, createdAt, expiresAt, lastUsedAt, revokedAt }: rows.ApiKey): KeyRow {
  return { id, tenantId, name, hint, scopes: scopes as Scope[], createdAt, expiresAt, lastUsedAt, revokedAt }
}

export function tenantOf ({ id, name, createdAt, quotas }: rows.Tenant): TenantRow {
  return { id, name, createdAt, quotas: quotas as OwnQuotas | null ?? {} }
}
