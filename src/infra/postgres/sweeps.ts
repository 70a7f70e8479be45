/** Sweeps in the Catalog: created with all their jobs, read, listed, cancelled, deleted. */
import { EspalierError } from '../../errors.ts'
import type { JobState } from '../../jobs/resources.ts'
import { canMove, stateAfterCancel } from '../../jobs/states.ts'
import { JOB_STATES } from '../../jobs/resources.ts'
import { ENDED_SWEEPS } from '../../jobs/sweeps/states.ts'
import type { AllSweeps, PointRow, SweepRow, TenantSweeps } from '../../jobs/sweeps/ports.ts'
import { asJson, oneOf, TRANSACTION, type Database } from './client.ts'
import { pageOf, positionOf } from './cursor.ts'
import { Prisma } from './generated/client.ts'
import { newId } from './ids.ts'
import { holdFiles } from './create-job.ts'
import { countJobs, demand, holdTenant } from './quotas.ts'
import { jobOf, NOT_BEGUN, storable } from './rows.ts'
import { closingIn, oneOfSweeps } from './sweep-result.ts'

/** A sweep with its counts, of one moment. */
const ROW = Prisma.sql`
  SELECT id, tenant_id AS "tenantId", name, model_id AS "modelId", dataset_id AS "datasetId", evaluation_dataset_id AS "evaluationDatasetId", request, state::text, opened, result,
    created_at AS "createdAt", finished_at AS "finishedAt",
    (SELECT coalesce(json_object_agg(state, number), '{}') FROM (SELECT state, count(*) AS number FROM jobs WHERE sweep_id = sweeps.id GROUP BY state) AS counted) AS counts
  FROM sweeps`

/** States from which a wish to cancel leads at once to the end, and those that a worker has to end. */
const AT_ONCE = JOB_STATES.filter((state) => stateAfterCancel(state) === 'cancelled')
const BY_WORKER = JOB_STATES.filter((state) => canMove(state, 'cancelling'))

/** The part of the Catalog that keeps a tenant's sweeps. */
export function sweepsIn ({ prisma, patiently, once, quotas }: Database, tenantId: string): TenantSweeps {
  async function find (client: Prisma.TransactionClient, id: string): Promise<SweepRow | null> {
    const [row] = await client.$queryRaw<SweepRow[]>`${ROW} WHERE id = ${id} AND tenant_id = ${tenantId}`
    return row ?? null
  }

  return {
    async createSweep ({ name, request, jobs }) {
      const [first] = jobs
      if (first === undefined) throw new EspalierError('invalid-request', 'a sweep has a job at least')
      const { modelId, datasetId, evaluationDatasetId } = first
      const id = newId('swp')
      const ids = jobs.map(() => newId('job')).sort() // listed as they are placed
      return await once(async () => await prisma.$transaction(async (tx) => {
        const allowed = await holdTenant(tx, tenantId, quotas)
        await holdFiles(tx, tenantId, { modelId, datasetId, evaluationDatasetId }, 'not-found')
        await demand(tx, tenantId, allowed, { jobsPerDay: jobs.length, unfinishedJobs: jobs.length, storedBytes: 1 })
        await countJobs(tx, tenantId, jobs.length)
        await tx.sweep.create({ data: { id, tenantId, name: name === null ? null : storable(name), modelId, datasetId, evaluationDatasetId, request: asJson(request) } })
        const rows = await tx.job.createManyAndReturn({
          data: jobs.map(({ recipe, queue = 'default', priority = 0, needs = {}, limits = {} }, sweepPlace) => ({ id: ids[sweepPlace]!, tenantId, modelId, datasetId, evaluationDatasetId, recipe: asJson(recipe), progress: NOT_BEGUN, queue, priority, needs, limits, sweepId: id, sweepPlace })),
        })
        await tx.attempt.createMany({ data: rows.map((row) => ({ jobId: row.id, number: row.attempt })) })
        return { sweep: (await find(tx, id))!, jobs: rows.sort((a, b) => a.sweepPlace! - b.sweepPlace!).map(jobOf) }
      }, TRANSACTION))
    },

    async sweep (id) {
      return await patiently(async () => await find(prisma, storable(id)))
    },

    async sweeps ({ limit, cursor, state, model }) {
      const after = cursor === undefined ? undefined : positionOf(cursor)
      const conditions = [
        Prisma.sql`tenant_id = ${tenantId}`,
        ...(state === undefined ? [] : [Prisma.sql`state ${oneOfSweeps([state])}`]),
        ...(model === undefined ? [] : [Prisma.sql`model_id = ${storable(model)}`]),
        ...(after === undefined ? [] : [Prisma.sql`(created_at, id) < (${after.createdAt}::timestamptz, ${after.id})`]),
      ]
      const rows = await patiently(async () => await prisma.$queryRaw<SweepRow[]>`${ROW} WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY created_at DESC, id DESC LIMIT ${limit + 1}`)
      return pageOf(rows, limit, (row) => row)
    },

    async sweepPoints (id) {
      return await patiently(async () => await prisma.$queryRaw<PointRow[]>`
        SELECT id AS job, sweep_place AS place, state::text, attempt, error, receipt->'before' AS before, receipt->'after' AS after
        FROM jobs WHERE sweep_id = ${storable(id)} AND tenant_id = ${tenantId} ORDER BY sweep_place`)
    },

    async requestCancelSweep (sweepId) {
      const id = storable(sweepId)
      return await patiently(async (lost) => await prisma.$transaction(async (tx) => {
        // Locked, so that no job is queued again in between.
        const [sweep] = await tx.$queryRaw<Array<{ state: string }>>`SELECT state::text FROM sweeps WHERE id = ${id} AND tenant_id = ${tenantId} FOR UPDATE`
        if (sweep === undefined) return null
        const changed = await tx.$queryRaw<Array<{ id: string, attempt: number, state: JobState }>>`
          WITH moved AS (
            UPDATE jobs SET updated_at = now(),
              finished_at = CASE WHEN state ${oneOf(AT_ONCE)} THEN now() END,
              state = CASE WHEN state ${oneOf(AT_ONCE)} THEN 'cancelled' ELSE 'cancelling' END::job_state
            WHERE sweep_id = ${id} AND state ${oneOf([...AT_ONCE, ...BY_WORKER])} RETURNING id, attempt, state),
          told AS (
            UPDATE attempts SET state = moved.state, finished_at = CASE WHEN moved.state = 'cancelled' THEN coalesce(attempts.finished_at, now()) END
            FROM moved WHERE job_id = moved.id AND number = moved.attempt)
          SELECT id, attempt, state::text FROM moved`
        const stopping = await tx.job.count({ where: { sweepId: id, state: 'cancelling' } })
        if (changed.length === 0 && stopping === 0 && !lost) {
          throw new EspalierError('conflict', `all jobs of ${id} have ended; only a sweep with jobs that have not can be cancelled`, { id, state: sweep.state })
        }
        await tx.$executeRaw`UPDATE sweeps SET state = 'cancelling' WHERE id = ${id} AND state = 'running'`
        return changed
      }))
    },

    async deleteSweep (sweepId) {
      const id = storable(sweepId)
      return await once(async () => {
        const { count } = await prisma.sweep.deleteMany({ where: { id, tenantId, state: { in: [...ENDED_SWEEPS] } } })
        if (count > 0) return true
        const left = await prisma.sweep.findUnique({ where: { id, tenantId }, select: { state: true } })
        if (left === null) return false
        throw new EspalierError('conflict', `${id} is ${left.state}; only a sweep that has ended can be deleted, so cancel it first`, { id, state: left.state })
      })
    },
  }
}

/** The part of the Catalog that looks at the sweeps of all tenants. */
export function allSweepsIn (database: Database): AllSweeps {
  const { prisma, patiently } = database
  return {
    async anySweep (id) {
      const [row] = await patiently(async () => await prisma.$queryRaw<SweepRow[]>`${ROW} WHERE id = ${storable(id)}`)
      return row ?? null
    },
    ...closingIn(database),
  }
}
