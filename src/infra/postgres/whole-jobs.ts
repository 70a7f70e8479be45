/** A job with all that belongs to it in one statement: the states of jobs are what a busy service is asked for most. */
import { GONE_MS, type ServingWorker } from '../../jobs/fleet.ts'
import type { ArtifactRow, ListedJob, Page, TenantCatalog, WholeJob } from '../../jobs/ports.ts'
import type { Attempt, ReceiptFigures } from '../../jobs/resources.ts'
import { retentionOf, type OwnRetention, type Retention } from '../../jobs/retention.ts'
import { oneOf, type Database } from './client.ts'
import { pageOf, positionOf } from './cursor.ts'
import { Prisma } from './generated/client.ts'
import { attemptOf, jobOf, storable, type AttemptFields, type JobFields } from './rows.ts'

/** The columns of a job's row but its receipt. */
const BARE = Prisma.sql`
  jobs.id, jobs.tenant_id AS "tenantId", jobs.state::text AS state, jobs.model_id AS "modelId", jobs.dataset_id AS "datasetId", jobs.evaluation_dataset_id AS "evaluationDatasetId",
  jobs.recipe, jobs.attempt, jobs.progress, jobs.error, jobs.created_at AS "createdAt", jobs.started_at AS "startedAt", jobs.finished_at AS "finishedAt",
  jobs.checkpoint_sha256 AS "checkpointSha256", jobs.checkpoint_bytes AS "checkpointBytes", jobs.checkpoint_at AS "checkpointAt",
  jobs.weights_sha256 AS "weightsSha256", jobs.weights_bytes AS "weightsBytes",
  jobs.sweep_id AS "sweepId", jobs.queue, jobs.priority, jobs.needs, jobs.limits`

/** The columns of a job's row, by the names that jobOf knows; of the table `jobs`, or of what is called so. */
export const JOB = Prisma.sql`${BARE}, jobs.receipt`

/** Workers are looked at for jobs that wait for one, once for all rows. */
const AROUND = Prisma.sql`
    CASE WHEN state = 'queued' THEN (SELECT json_agg(json_build_object('state', state, 'queues', queues, 'memoryBytes', memory_bytes)) FROM workers
      WHERE seen_at >= now() - ${GONE_MS}::float8 * interval '1 millisecond') END AS workers,
    CASE WHEN finished_at IS NOT NULL THEN (SELECT retention FROM tenants WHERE id = jobs.tenant_id) END AS retention`

/** In one statement, hence of one moment. */
const WHOLE = Prisma.sql`
  SELECT ${JOB}, ${AROUND},
    (SELECT json_agg(json_build_object('name', name, 'format', format, 'bytes', bytes, 'sha256', sha256) ORDER BY position) FROM artifacts WHERE job_id = jobs.id) AS artifacts,
    (SELECT json_agg(json_build_object('number', number, 'state', state, 'worker', worker, 'starts', starts, 'startedAt', started_at, 'finishedAt', finished_at, 'error', error, 'usedMs', used_ms,
      'resumedFrom', resumed_from) ORDER BY number) FROM attempts WHERE job_id = jobs.id) AS attempts
  FROM jobs`

/** Most of a receipt stays in the database, which parses each once: it would do so for each operator. */
const LISTED = Prisma.sql`
  SELECT ${BARE}, ${AROUND}, figures.before, figures.after, figures.structure->'channels' AS channels
  FROM jobs LEFT JOIN LATERAL json_to_record(receipt) AS figures (before json, after json, structure json) ON true`

interface Around {
  readonly workers: ServingWorker[] | null
  /** The tenant's own. */
  readonly retention: OwnRetention | null
}

interface Row extends JobFields, Around {
  readonly artifacts: ArtifactRow[] | null
  /** Times as JSON has them. */
  readonly attempts: Array<Omit<AttemptFields, 'startedAt' | 'finishedAt' | 'resumedFrom'> & Record<'startedAt' | 'finishedAt' | 'resumedFrom', string | null>> | null
}

interface ListedRow extends Omit<JobFields, 'receipt'>, Around {
  readonly before: ReceiptFigures['before'] | null
  readonly after: ReceiptFigures['after'] | null
  readonly channels: NonNullable<ReceiptFigures['structure']>['channels'] | null
}

function wholeOf (service: Retention, { artifacts, attempts, workers, retention, ...row }: Row): WholeJob {
  return { ...jobOf(row), artifacts: artifacts ?? [], attempts: (attempts ?? []).map(withTimes), workers: workers ?? [], kept: keptOf(service, row, retention) }
}

function listedOf (service: Retention, { before, after, channels, workers, retention, ...row }: ListedRow): ListedJob {
  const { receipt: _, ...job } = jobOf({ ...row, receipt: null })
  const figures = before === null || after === null ? null : { before, after, ...(channels !== null && { structure: { channels } }) }
  return { ...job, figures, workers: workers ?? [], kept: keptOf(service, row, retention) }
}

function keptOf (service: Retention, { finishedAt }: Pick<JobFields, 'finishedAt'>, own: OwnRetention | null): Retention | null {
  return finishedAt === null ? null : retentionOf(service, own)
}

function withTimes (row: NonNullable<Row['attempts']>[number]): Attempt {
  const time = (text: string | null): Date | null => text === null ? null : new Date(text)
  return attemptOf({ ...row, startedAt: time(row.startedAt), finishedAt: time(row.finishedAt), resumedFrom: time(row.resumedFrom) })
}

export function wholeJobsIn ({ prisma, patiently, retention }: Database, tenantId: string): Pick<TenantCatalog, 'wholeJob' | 'jobs'> {
  return {
    async wholeJob (id) {
      const [row] = await patiently(async () => await prisma.$queryRaw<Row[]>`${WHOLE} WHERE id = ${storable(id)} AND tenant_id = ${tenantId}`)
      return row === undefined ? null : wholeOf(retention, row)
    },

    async jobs ({ limit, cursor, state, model, dataset, sweep }): Promise<Page<ListedJob>> {
      const after = cursor === undefined ? undefined : positionOf(cursor)
      const conditions = [
        Prisma.sql`tenant_id = ${tenantId}`,
        ...(state === undefined ? [] : [Prisma.sql`state ${oneOf([state])}`]),
        ...(model === undefined ? [] : [Prisma.sql`model_id = ${storable(model)}`]),
        ...(dataset === undefined ? [] : [Prisma.sql`${storable(dataset)} IN (dataset_id, evaluation_dataset_id)`]),
        ...(sweep === undefined ? [] : [Prisma.sql`sweep_id = ${storable(sweep)}`]),
        ...(after === undefined ? [] : [Prisma.sql`(created_at, id) < (${after.createdAt}::timestamptz, ${after.id})`]),
      ]
      const rows = await patiently(async () => await prisma.$queryRaw<ListedRow[]>`${LISTED} WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY created_at DESC, id DESC LIMIT ${limit + 1}`)
      return pageOf(rows, limit, (row) => listedOf(retention, row))
    },
  }
}
