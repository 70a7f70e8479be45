/** What is wished of a job in the Catalog: to be cancelled, to be paused. At once while no worker has it, else its worker has to do it. */
import { EspalierError } from '../../errors.ts'
import type { TenantCatalog, Wish } from '../../jobs/ports.ts'
import { JOB_STATES, type JobState } from '../../jobs/resources.ts'
import { isEnded, stateAfterCancel, stateAfterPause } from '../../jobs/states.ts'
import { oneOf, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { storable } from './rows.ts'

type Wishes = Pick<TenantCatalog, 'requestCancel' | 'requestPause'>

interface Rule {
  readonly after: (state: JobState) => JobState | null
  /** The state without a worker, and the one in which a worker still has it. */
  readonly atOnce: JobState
  readonly byWorker: JobState
  readonly refusal: string
}

const RULES = {
  cancel: { after: stateAfterCancel, atOnce: 'cancelled', byWorker: 'cancelling', refusal: 'only a job that has not ended can be cancelled' },
  pause: { after: stateAfterPause, atOnce: 'paused', byWorker: 'pausing', refusal: 'only a queued or running job can be paused' },
} as const satisfies Record<Wish, Rule>

/** A wish that meets a move in the same moment looks again at most so often. */
const TRIES = 5

/** The part of the Catalog that takes a tenant's wishes. */
export function wishesIn ({ prisma, patiently }: Database, tenantId: string): Wishes {
  async function request (jobId: string, wish: Wish): Promise<JobState | null> {
    const id = storable(jobId)
    const { after, atOnce, byWorker, refusal }: Rule = RULES[wish]
    const now = JOB_STATES.filter((state) => after(state) === atOnce)
    const later = JOB_STATES.filter((state) => state !== byWorker && after(state) === byWorker)
    const ended = isEnded(atOnce) ? Prisma.sql`now()` : Prisma.sql`NULL::timestamptz`
    return await patiently(async () => {
      for (let left = TRIES; left > 0; left--) {
        const [changed] = await prisma.$queryRaw<Array<{ state: JobState }>>`
          WITH moved AS (
            UPDATE jobs SET updated_at = now(),
              finished_at = CASE WHEN state ${oneOf(now)} THEN ${ended} END,
              state = CASE WHEN state ${oneOf(now)} THEN ${atOnce} ELSE ${byWorker} END::job_state
            WHERE id = ${id} AND tenant_id = ${tenantId} AND state ${oneOf([...now, ...later])} RETURNING id, attempt, state),
          told AS (
            UPDATE attempts SET state = moved.state, finished_at = CASE WHEN moved.state = ${atOnce}::job_state THEN coalesce(attempts.finished_at, now()) END
            FROM moved WHERE job_id = moved.id AND number = moved.attempt)
          SELECT state::text FROM moved`
        if (changed !== undefined) return changed.state
        const row = await prisma.job.findUnique({ where: { id, tenantId }, select: { state: true } })
        if (row === null || row.state === byWorker) return row?.state ?? null
        if (after(row.state) === null) throw new EspalierError('conflict', `${id} is ${row.state}; ${refusal}`, { id, state: row.state })
      }
      throw new EspalierError('conflict', `${id} changes its state too quickly to ${wish} it; try again`, { id })
    })
  }

  return {
    requestCancel: async (jobId) => await request(jobId, 'cancel'),
    requestPause: async (jobId) => await request(jobId, 'pause'),
  }
}
