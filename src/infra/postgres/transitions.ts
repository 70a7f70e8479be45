/** How a job moves on in the Catalog: each move is one SQL statement, conditional on state and attempt. */
import type { Catalog } from '../../jobs/ports.ts'
import { quotasOf, type OwnQuotas } from '../../jobs/quotas.ts'
import type { JobState } from '../../jobs/resources.ts'
import { isEnded, statesBefore, WORKED_ON } from '../../jobs/states.ts'
import { jsonText, oneOf, TRANSACTION, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { fullFor } from './quotas.ts'
import { jobOf, NOT_BEGUN, storable } from './rows.ts'

type Transitions = Pick<Catalog, 'begin' | 'starts' | 'progress' | 'checkpoint' | 'succeed' | 'fail' | 'cancelled' | 'paused' | 'giveBack' | 'spent'>

/** Of an attempt's beginning: milliseconds that it waited, when this is its first, and the trace it belongs to. */
interface Begun { readonly wait: number | null, readonly trace: string | null }
interface Tried { readonly begun?: Begun | undefined, readonly full?: { readonly used: number, readonly allowed: number } }

/** The part of the Catalog that moves jobs from state to state. */
export function transitionsIn ({ prisma, patiently, quotas }: Database): Transitions {
  /** `moved` as a common table expression: the job's row, changed only if it is where it must be. */
  function moved (jobId: string, attempt: number, from: readonly JobState[], changes: Prisma.Sql): Prisma.Sql {
    return Prisma.sql`moved AS (
      UPDATE jobs SET updated_at = now(), ${changes} WHERE id = ${storable(jobId)} AND attempt = ${attempt} AND state ${oneOf(from)} RETURNING id, attempt, error, checkpoint_at)`
  }

  /** Ends an attempt together with its job, which may go on with the next when it is paused; `also` may hold further expressions on `moved`. */
  async function end (jobId: string, attempt: number, from: readonly JobState[], to: JobState, changes: Prisma.Sql, also: Prisma.Sql = Prisma.empty): Promise<boolean> {
    return await patiently(async (lost) => {
      const count = await prisma.$executeRaw`
        WITH ${moved(jobId, attempt, from, Prisma.sql`state = ${to}::job_state, finished_at = ${isEnded(to) ? Prisma.sql`now()` : Prisma.sql`NULL`} ${changes}`)} ${also}
        UPDATE attempts SET state = ${to}::job_state, finished_at = now(), error = moved.error
        FROM moved WHERE job_id = moved.id AND number = moved.attempt`
      if (count > 0 || !lost) return count > 0
      // The try that lost its connection may have been the one that did it.
      return await prisma.job.count({ where: { id: storable(jobId), attempt, state: to } }) > 0
    })
  }

  return {
    async begin (jobId, attempt, worker) {
      const id = storable(jobId)
      const from = [...statesBefore('running'), 'running' as const]
      const move = async (tx: Pick<Prisma.TransactionClient, '$queryRaw'>): Promise<Begun | undefined> => (await tx.$queryRaw<Begun[]>`
        WITH ${moved(jobId, attempt, from, Prisma.sql`state = 'running', started_at = coalesce(started_at, now())`)}
        UPDATE attempts SET state = 'running', worker = ${storable(worker)}, starts = starts + 1, started_at = coalesce(started_at, now()),
          resumed_from = moved.checkpoint_at
        FROM moved WHERE job_id = moved.id AND number = moved.attempt
        RETURNING CASE WHEN starts = 1 THEN extract(epoch FROM now() - queued_at)::float8 * 1000 END AS wait, trace_context AS trace`)[0]
      return await patiently(async () => {
        const before = await prisma.job.findUnique({ where: { id }, select: { tenant: true } })
        if (before === null) return { begun: false, state: 'missing' }
        const { tenant: { id: tenantId, quotas: own } } = before
        const { begun, full }: Tried = quotasOf(quotas, own as OwnQuotas | null).runningJobs === null
          ? { begun: await move(prisma) }
          : await prisma.$transaction(async (tx): Promise<Tried> => {
            const full = await fullFor(tx, tenantId, id, quotas)
            return full === undefined ? { begun: await move(tx) } : { full }
          }, TRANSACTION)
        const row = await prisma.job.findUnique({ where: { id } })
        if (row === null) return { begun: false, state: 'missing' }
        if (begun !== undefined) return { begun: true, job: jobOf(row), waitMs: begun.wait, traceContext: begun.trace }
        // A job that has to wait is one that could begin.
        const waits = full !== undefined && row.attempt === attempt && from.includes(row.state)
        return { begun: false, state: row.state, ...(waits && { full }) }
      })
    },

    async starts (jobId, attempt) {
      const where = { jobId_number: { jobId: storable(jobId), number: attempt } }
      return (await patiently(async () => await prisma.attempt.findUnique({ where, select: { starts: true } })))?.starts ?? 0
    },

    async progress (jobId, attempt, progress) {
      return await patiently(async () => await prisma.$executeRaw`
        UPDATE jobs SET progress = ${jsonText(progress)}::json, updated_at = now()
        WHERE id = ${storable(jobId)} AND attempt = ${attempt} AND state ${oneOf(WORKED_ON)}`) > 0
    },

    async checkpoint (jobId, attempt, checkpoint) {
      const changes = checkpoint === null
        ? Prisma.sql`checkpoint_sha256 = NULL, checkpoint_bytes = NULL, checkpoint_at = NULL`
        : Prisma.sql`checkpoint_sha256 = ${checkpoint.sha256}, checkpoint_bytes = ${checkpoint.bytes}, checkpoint_at = now()`
      // An attempt that comes further each time is not what kills its workers: it is counted anew.
      return await patiently(async () => await prisma.$executeRaw`
        WITH ${moved(jobId, attempt, WORKED_ON, changes)}
        UPDATE attempts SET starts = 1 FROM moved WHERE job_id = moved.id AND number = moved.attempt`) > 0
    },

    async succeed (jobId, attempt, receipt, artifacts, weights = null) {
      const rows = jsonText(artifacts.map((artifact, position) => ({ ...artifact, position })))
      return await end(jobId, attempt, statesBefore('succeeded'), 'succeeded',
        Prisma.sql`, checkpoint_sha256 = NULL, checkpoint_bytes = NULL, checkpoint_at = NULL, weights_sha256 = ${weights?.sha256 ?? null}, weights_bytes = ${weights?.bytes ?? null}::bigint, receipt = ${jsonText(receipt)}::json, progress = ${jsonText({ stage: 'done', done: 1, total: 1, etaSeconds: 0 })}::json`,
        Prisma.sql`, published AS (
          INSERT INTO artifacts (job_id, name, position, format, bytes, sha256)
          SELECT moved.id, file.name, file.position, file.format, file.bytes, file.sha256
          FROM moved, json_to_recordset(${rows}::json) AS file (name text, position int, format text, bytes bigint, sha256 text))`)
    },

    async fail (jobId, attempt, error) {
      return await end(jobId, attempt, statesBefore('failed'), 'failed', Prisma.sql`, error = ${jsonText(error)}::json`)
    },

    async giveBack (jobId, attempt) {
      return await patiently(async (lost) => {
        const count = await prisma.$executeRaw`
          WITH ${moved(jobId, attempt, ['running'], Prisma.sql`state = 'queued', progress = ${jsonText(NOT_BEGUN)}::json`)}
          UPDATE attempts SET state = 'queued', worker = NULL, starts = greatest(starts - 1, 0) FROM moved WHERE job_id = moved.id AND number = moved.attempt`
        if (count > 0 || !lost) return count > 0
        return await prisma.job.count({ where: { id: storable(jobId), attempt, state: 'queued' } }) > 0
      })
    },

    async spent (jobId, attempt, ms) {
      await patiently(async () => await prisma.$executeRaw`
        UPDATE attempts SET used_ms = greatest(used_ms, ${Math.round(ms)}) WHERE job_id = ${storable(jobId)} AND number = ${attempt}`)
    },

    async cancelled (jobId, attempt) {
      return await end(jobId, attempt, ['cancelling'], 'cancelled', Prisma.empty)
    },

    async paused (jobId, attempt) {
      return await end(jobId, attempt, ['pausing'], 'paused', Prisma.empty)
    },
  }
}
