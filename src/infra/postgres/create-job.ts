/** A new job in the Catalog: one statement where nothing limits the tenant, since many are submitted at once and each holds the tenant's row. */
import { EspalierError } from '../../errors.ts'
import type { JobRow, NewJob, TenantCatalog } from '../../jobs/ports.ts'
import type { QuotaName } from '../../jobs/quotas.ts'
import { jsonText, TRANSACTION, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { newId } from './ids.ts'
import { countedFor, demand, holdTenant, type Reader } from './quotas.ts'
import { jobOf, NOT_BEGUN, type JobFields } from './rows.ts'
import { JOB } from './whole-jobs.ts'

/** What a new job asks of the quotas. What it makes may go over the bytes; the next job is then refused. */
const ASKS = { jobsPerDay: 1, unfinishedJobs: 1, storedBytes: 1 } as const satisfies Partial<Record<QuotaName, number>>

/** Of a tenant's row: it has no limit of its own on any of them. */
const UNLIMITED = Prisma.raw(Object.keys(ASKS).map((name) => `AND quotas->>'${name}' IS NULL`).join(' '))

/** Holds the files of a tenant's job until the transaction ends. @throws `code` when one is gone. */
export async function holdFiles (tx: Prisma.TransactionClient, tenantId: string, job: { modelId: string, datasetId: string | null, evaluationDatasetId: string | null }, code: 'not-found' | 'conflict'): Promise<void> {
  const wanted = [['models', job.modelId], ['datasets', job.datasetId], ['datasets', job.evaluationDatasetId]] as const
  for (const [table, id] of wanted) {
    if (id === null) continue
    const found = await tx.$queryRaw<unknown[]>`SELECT 1 FROM ${Prisma.raw(table)} WHERE id = ${id} AND tenant_id = ${tenantId} FOR KEY SHARE`
    if (found.length === 0) throw new EspalierError(code, `there is no ${table === 'models' ? 'model' : 'data set'} ${id}; upload it first`, { id })
  }
}

export function createJobIn ({ prisma, once, quotas }: Database, tenantId: string): TenantCatalog['createJob'] {
  const isUnlimited = Object.keys(ASKS).every((name) => quotas[name as QuotaName] === null)
  return async (job) => await once(async () => {
    const made = isUnlimited ? await insertJob(prisma, tenantId, job, UNLIMITED) : null
    // Not made: something limits the tenant, or it or a file is not there, which is then said by name.
    return made ?? await prisma.$transaction(async (tx) => {
      const allowed = await holdTenant(tx, tenantId, quotas)
      await holdFiles(tx, tenantId, job, 'not-found')
      await demand(tx, tenantId, allowed, ASKS)
      return (await insertJob(tx, tenantId, job, Prisma.empty))!
    }, TRANSACTION)
  })
}

/** The job with its first attempt, counted for the day, if its tenant is there and is as wanted and its files are there, which are held; else null. */
async function insertJob (client: Reader, tenantId: string, job: NewJob, wanted: Prisma.Sql): Promise<JobRow | null> {
  const { modelId, datasetId, evaluationDatasetId, recipe, queue = 'default', priority = 0, needs = {}, limits = {}, traceContext = null } = job
  const [row] = await client.$queryRaw<JobFields[]>`
    WITH model AS (SELECT id FROM models WHERE id = ${modelId} AND tenant_id = ${tenantId} FOR KEY SHARE),
    dataset AS (SELECT id FROM datasets WHERE id = ${datasetId} AND tenant_id = ${tenantId} FOR KEY SHARE),
    evaluation AS (SELECT id FROM datasets WHERE id = ${evaluationDatasetId} AND tenant_id = ${tenantId} FOR KEY SHARE),
    counted AS (
      UPDATE tenants SET ${countedFor(1)} WHERE id = ${tenantId} ${wanted} AND EXISTS (SELECT FROM model)
        AND (${datasetId}::text IS NULL OR EXISTS (SELECT FROM dataset)) AND (${evaluationDatasetId}::text IS NULL OR EXISTS (SELECT FROM evaluation)) RETURNING id),
    jobs AS (
      INSERT INTO jobs (id, tenant_id, model_id, dataset_id, evaluation_dataset_id, recipe, progress, queue, priority, needs, limits)
      SELECT ${newId('job')}, id, ${modelId}, ${datasetId}, ${evaluationDatasetId}, ${jsonText(recipe)}::json, ${jsonText(NOT_BEGUN)}::json, ${queue}, ${priority}::int, ${jsonText(needs)}::json, ${jsonText(limits)}::json
      FROM counted RETURNING *),
    attempt AS (INSERT INTO attempts (job_id, number, trace_context) SELECT id, attempt, ${traceContext} FROM jobs)
    SELECT ${JOB} FROM jobs`
  return row === undefined ? null : jobOf(row)
}
