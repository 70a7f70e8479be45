/** Jobs in the Catalog: created, read, listed, queued again, deleted. */
import { EspalierError } from '../../errors.ts'
import type { Catalog, JobRow, TenantCatalog } from '../../jobs/ports.ts'
import type { JobState } from '../../jobs/resources.ts'
import { canMove, ENDED, isEnded, QUEUED_OR_WORKED_ON } from '../../jobs/states.ts'
import { asJson, oneOf, TRANSACTION, type Database } from './client.ts'
import { after, pageOf } from './cursor.ts'
import { Prisma } from './generated/client.ts'
import { newId } from './ids.ts'
import { artifactOf, attemptOf, jobOf, NOT_BEGUN, storable } from './rows.ts'
import { reopen } from './sweep-result.ts'
import { countJobs, demand, holdTenant } from './quotas.ts'

type Jobs = Pick<TenantCatalog, 'createJob' | 'job' | 'jobs' | 'attempts' | 'artifacts' | 'deleteJob' | 'retry' | 'resume'>

/** At most so many jobs come from one call of `unfinished`; the rest comes with the next. */
const UNFINISHED_AT_ONCE = 1000

/** Holds the files of a tenant's job until the transaction ends. @throws `code` when one is gone. */
export async function holdFiles (tx: Prisma.TransactionClient, tenantId: string, job: { modelId: string, datasetId: string | null, evaluationDatasetId: string | null }, code: 'not-found' | 'conflict'): Promise<void> {
  const wanted = [['models', job.modelId], ['datasets', job.datasetId], ['datasets', job.evaluationDatasetId]] as const
  for (const [table, id] of wanted) {
    if (id === null) continue
    const found = await tx.$queryRaw<unknown[]>`SELECT 1 FROM ${Prisma.raw(table)} WHERE id = ${id} AND tenant_id = ${tenantId} FOR KEY SHARE`
    if (found.length === 0) throw new EspalierError(code, `there is no ${table === 'models' ? 'model' : 'data set'} ${id}; upload it first`, { id })
  }
}

/** The part of the Catalog that keeps a tenant's jobs. */
export function jobsIn ({ prisma, patiently, once, quotas }: Database, tenantId: string): Jobs {
  /** Into the queue as the next attempt. A job that was paused began when it first did, one that had ended begins anew. */
  async function again (jobId: string, traceContext: string | undefined, asks: { readonly jobsPerDay?: number, readonly unfinishedJobs: number }, may: (state: JobState) => boolean, refusal: string): Promise<JobRow | null> {
    const id = storable(jobId)
    return await once(async () => await prisma.$transaction(async (tx) => {
      const limits = await holdTenant(tx, tenantId, quotas)
      const job = await tx.job.findUnique({ where: { id, tenantId } })
      if (job === null) return null
      const refused = (): EspalierError => new EspalierError('conflict', `${id} is ${job.state}; ${refusal}`, { id, state: job.state })
      if (!may(job.state)) throw refused()
      await holdFiles(tx, tenantId, job, 'conflict')
      if (job.sweepId !== null) await reopen(tx, job.sweepId)
      await demand(tx, tenantId, limits, asks)
      if (asks.jobsPerDay !== undefined) await countJobs(tx, tenantId, 1)
      const moved = await tx.$executeRaw`
        UPDATE jobs SET state = 'queued', attempt = attempt + 1, progress = ${JSON.stringify(NOT_BEGUN)}::json, error = NULL, receipt = NULL,
          started_at = CASE WHEN state = 'paused' THEN started_at END, finished_at = NULL, updated_at = now()
        WHERE id = ${id} AND attempt = ${job.attempt} AND state = ${job.state}::job_state`
      if (moved === 0) throw refused()
      await tx.attempt.create({ data: { jobId: id, number: job.attempt + 1, traceContext: traceContext ?? null } })
      return jobOf(await tx.job.findUniqueOrThrow({ where: { id } }))
    }, TRANSACTION))
  }

  return {
    async createJob ({ modelId, datasetId, evaluationDatasetId, recipe, queue = 'default', priority = 0, needs = {}, limits = {}, traceContext }) {
      const id = newId('job')
      return jobOf(await once(async () => await prisma.$transaction(async (tx) => {
        const allowed = await holdTenant(tx, tenantId, quotas)
        await holdFiles(tx, tenantId, { modelId, datasetId, evaluationDatasetId }, 'not-found')
        // What it makes may go over the bytes; the next job is then refused.
        await demand(tx, tenantId, allowed, { jobsPerDay: 1, unfinishedJobs: 1, storedBytes: 1 })
        await countJobs(tx, tenantId, 1)
        const row = await tx.job.create({ data: { id, tenantId, modelId, datasetId, evaluationDatasetId, recipe: asJson(recipe), progress: NOT_BEGUN, queue, priority, needs, limits } })
        await tx.attempt.create({ data: { jobId: id, number: row.attempt, traceContext: traceContext ?? null } })
        return row
      }, TRANSACTION)))
    },

    async job (id) {
      const row = await patiently(async () => await prisma.job.findUnique({ where: { id: storable(id), tenantId } }))
      return row === null ? null : jobOf(row)
    },

    async jobs ({ limit, cursor, state, model, dataset, sweep }) {
      const where = { tenantId, ...(state !== undefined && { state }), ...(model !== undefined && { modelId: storable(model) }), ...(dataset !== undefined && { AND: { OR: [{ datasetId: storable(dataset) }, { evaluationDatasetId: storable(dataset) }] } }), ...(sweep !== undefined && { sweepId: storable(sweep) }), ...after(cursor) }
      const orderBy = [{ createdAt: 'desc' as const }, { id: 'desc' as const }]
      return pageOf(await patiently(async () => await prisma.job.findMany({ where, orderBy, take: limit + 1 })), limit, jobOf)
    },

    async attempts (jobId) {
      return (await patiently(async () => await prisma.attempt.findMany({ where: { jobId: storable(jobId), job: { tenantId } }, orderBy: { number: 'asc' } }))).map(attemptOf)
    },

    async artifacts (jobId) {
      return (await patiently(async () => await prisma.artifact.findMany({ where: { jobId: storable(jobId), job: { tenantId } }, orderBy: { position: 'asc' } }))).map(artifactOf)
    },

    async deleteJob (jobId) {
      const id = storable(jobId)
      return await once(async () => {
        const { count } = await prisma.job.deleteMany({ where: { id, tenantId, sweepId: null, state: { in: [...ENDED] } } })
        if (count > 0) return true
        const left = await prisma.job.findUnique({ where: { id, tenantId }, select: { state: true, sweepId: true } })
        if (left === null) return false
        if (left.sweepId !== null) throw new EspalierError('conflict', `${id} is a point of ${left.sweepId}; delete that sweep, or keep the job`, { id, sweep: left.sweepId })
        throw new EspalierError('conflict', `${id} is ${left.state}; only a job that has ended can be deleted, so cancel it first`, { id, state: left.state })
      })
    },

    retry: async (jobId, traceContext) => await again(jobId, traceContext, { jobsPerDay: 1, unfinishedJobs: 1 }, (state) => isEnded(state) && canMove(state, 'queued'), 'only a failed or cancelled job can be retried'),
    resume: async (jobId, traceContext) => await again(jobId, traceContext, { unfinishedJobs: 1 }, (state) => state === 'paused', 'only a paused job can be resumed'),
  }
}

/** The part of the Catalog that looks at the jobs of all tenants. */
export function allJobsIn ({ prisma, patiently }: Database): Pick<Catalog, 'anyJob' | 'unfinished'> {
  return {
    async anyJob (id) {
      const row = await patiently(async () => await prisma.job.findUnique({ where: { id: storable(id) } }))
      return row === null ? null : jobOf(row)
    },

    async unfinished (olderThanMs) {
      return await patiently(async () => {
        const old = await prisma.$queryRaw<Array<{ id: string }>>`
          SELECT id FROM jobs WHERE state ${oneOf(QUEUED_OR_WORKED_ON)} AND updated_at <= now() - ${olderThanMs}::float8 * interval '1 millisecond'
          ORDER BY updated_at LIMIT ${UNFINISHED_AT_ONCE}`
        const where = { id: { in: old.map((row) => row.id) }, state: { in: [...QUEUED_OR_WORKED_ON] } }
        return (await prisma.job.findMany({ where, orderBy: { createdAt: 'asc' } })).map(jobOf)
      })
    },
  }
}
