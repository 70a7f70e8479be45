/** How a job moves on in the Catalog: each move is one SQL statement, conditional on state and attempt. */
import type { BeginResult, Catalog } from '../../jobs/ports.ts'
import type { JobState } from '../../jobs/resources.ts'
import { isEnded, statesBefore, WORKED_ON } from '../../jobs/states.ts'
import { jsonText, oneOf, TRANSACTION, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { fullFor } from './quotas.ts'
import { jobOf, NOT_BEGUN, storable, type JobFields } from './rows.ts'
import { JOB } from './whole-jobs.ts'

type Transitions = Pick<Catalog, 'begin' | 'progress' | 'checkpoint' | 'succeed' | 'fail' | 'cancelled' | 'paused' | 'giveBack' | 'spent'>

/** The states from which an attempt begins: also anew, when its worker died. */
const BEGINS: readonly JobState[] = [...statesBefore('running'), 'running']

/** What `begin` found: may the tenant have another one running, does it fit the worker; and where it has begun, its attempt and its row. */
interface Tried extends Partial<BegunRow> { readonly tenant: string, readonly free: boolean, readonly fits: boolean }
interface BegunRow extends JobFields { readonly starts: number, readonly usedMs: bigint, readonly waitMs: number | null, readonly traceContext: string | null }

function hasBegun (tried: Tried): tried is Tried & BegunRow {
  return typeof tried.starts === 'number'
}

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
    async begin (jobId, attempt, worker, memoryBytes) {
      const id = storable(jobId)
      /** One statement: a worker that goes from job to job does this for each. `free`: does nothing limit how many of the tenant's run? */
      const move = async (tx: Pick<Prisma.TransactionClient, '$queryRaw'>, free: Prisma.Sql): Promise<Tried | undefined> => (await tx.$queryRaw<Tried[]>`
        WITH asked AS (
          SELECT jobs.id, jobs.tenant_id, (${free}) AS free,
            state <> 'queued' OR coalesce((needs->>'memoryMb')::float8 * 1048576 <= ${memoryBytes ?? null}::float8, true) AS fits
          FROM jobs JOIN tenants ON tenants.id = jobs.tenant_id WHERE jobs.id = ${id}),
        jobs AS (
          UPDATE jobs SET updated_at = now(), state = 'running', started_at = coalesce(started_at, now()) FROM asked
          WHERE jobs.id = asked.id AND asked.free AND asked.fits AND attempt = ${attempt} AND state ${oneOf(BEGINS)} RETURNING jobs.*),
        tried AS (
          UPDATE attempts SET state = 'running', worker = ${storable(worker)}, starts = starts + 1, started_at = coalesce(attempts.started_at, now()), resumed_from = jobs.checkpoint_at
          FROM jobs WHERE job_id = jobs.id AND number = jobs.attempt
          RETURNING starts, used_ms AS "usedMs", trace_context AS "traceContext", CASE WHEN starts = 1 THEN extract(epoch FROM now() - queued_at)::float8 * 1000 END AS "waitMs")
        SELECT asked.tenant_id AS tenant, asked.free, asked.fits, tried.*, ${JOB} FROM asked LEFT JOIN tried ON true LEFT JOIN jobs ON true`)[0]
      return await patiently(async (): Promise<BeginResult> => {
        let tried = await move(prisma, quotas.runningJobs === null ? Prisma.sql`tenants.quotas->>'runningJobs' IS NULL` : Prisma.sql`false`)
        if (tried === undefined) return { begun: false, state: 'missing' }
        let full: { used: number, allowed: number } | undefined
        if (!tried.free) {
          const { tenant } = tried
          tried = await prisma.$transaction(async (tx) => {
            full = await fullFor(tx, tenant, id, quotas)
            return full === undefined ? await move(tx, Prisma.sql`true`) : undefined
          }, TRANSACTION)
        }
        if (tried !== undefined && hasBegun(tried)) {
          const { starts, usedMs, waitMs, traceContext } = tried
          return { begun: true, job: jobOf(tried), starts, usedMs: Number(usedMs), waitMs, traceContext }
        }
        // What became of it meanwhile: the statement saw the moment in which it began.
        const row = await prisma.job.findUnique({ where: { id }, select: { state: true, attempt: true } })
        if (row === null) return { begun: false, state: 'missing' }
        // A job that has to wait is one that could begin.
        const couldBegin = row.attempt === attempt && BEGINS.includes(row.state)
        return { begun: false, state: row.state, ...(full !== undefined && couldBegin && { full }), ...(tried?.fits === false && row.state === 'queued' && { tooLarge: true as const }) }
      })
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
