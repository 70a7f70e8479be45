/** The Figures port on Postgres: a small pool of its own, so that watching neither waits for the work nor holds it up. */
import pg from 'pg'
import { EspalierError } from '../../errors.ts'
import type { DeliveryFigures, EndedAttempt, FileFigures, Figures, TrainingFigures } from '../../jobs/figures.ts'
import { JOB_STATES, type JobState } from '../../jobs/resources.ts'
import { WORKED_ON } from '../../jobs/states.ts'
import { schemaState } from './migrate.ts'

/** One for the figures, one for a look at the schema. */
const CONNECTIONS = 2
/** Whoever watches asks again soon. */
const CONNECT_MS = 1000
const QUERY_MS = 1200
const ENDED_AT_ONCE = 50_000

/** `numeric` and `bigint` come as text. */
type Row = Readonly<Record<string, string | number | Date | null>>

const STATES = 'SELECT state::text AS state, count(*) AS jobs FROM jobs GROUP BY state'

const TRAINING = `
  SELECT recipe->>'method' AS method, count(*) AS jobs, sum((progress->>'stepsPerSecond')::float8) AS steps
  FROM jobs WHERE state = ANY($1::job_state[]) AND progress->>'stage' = 'training' AND progress->>'stepsPerSecond' IS NOT NULL GROUP BY 1`

/** Rows that share a file are several files and its bytes once. */
const FILES = ['models', 'datasets', 'artifacts'].map((table) => `
  SELECT '${table}' AS kind, sum(rows) AS files, sum(bytes) AS bytes FROM (SELECT sha256, max(bytes) AS bytes, count(*) AS rows FROM ${table} GROUP BY sha256) AS ${table}_by_content`)
  .concat("SELECT 'checkpoints', count(*), sum(checkpoint_bytes) FROM jobs WHERE checkpoint_sha256 IS NOT NULL")
  .concat("SELECT 'weights', sum(rows), sum(bytes) FROM (SELECT max(weights_bytes) AS bytes, count(*) AS rows FROM jobs WHERE weights_sha256 IS NOT NULL GROUP BY weights_sha256) AS weights_by_content").join(' UNION ALL ')

const DELIVERIES = 'SELECT state::text AS state, count(id) AS count FROM unnest(enum_range(NULL::delivery_state)) AS every (state) LEFT JOIN webhook_deliveries USING (state) GROUP BY state'

const ENDED = `
  SELECT job_id, number, attempts.state::text AS outcome, attempts.error->>'code' AS code, recipe->>'method' AS method, attempts.finished_at, trace_context,
    extract(epoch FROM attempts.started_at - queued_at) * 1000 AS wait, extract(epoch FROM attempts.finished_at - attempts.started_at) * 1000 AS duration
  FROM attempts JOIN jobs ON jobs.id = job_id WHERE attempts.finished_at > $1 ORDER BY attempts.finished_at LIMIT ${ENDED_AT_ONCE}`

/** Connects when first used. */
export function createFigures (databaseUrl: string): Figures {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS, connectionTimeoutMillis: CONNECT_MS, query_timeout: QUERY_MS, allowExitOnIdle: true })
  pool.on('error', () => {}) // a connection that was lost while idle; the next query makes another

  async function ask (text: string, values: unknown[] = []): Promise<Row[]> {
    try {
      return (await pool.query<Row>(text, values)).rows
    } catch (cause) {
      throw new EspalierError('unavailable', 'Postgres does not answer; check that it runs and that DATABASE_URL points at it', {}, { cause })
    }
  }

  return {
    async jobStates () {
      const counts = new Map((await ask(STATES)).map(({ state, jobs }) => [state, Number(jobs)]))
      return Object.fromEntries(JOB_STATES.map((state) => [state, counts.get(state) ?? 0])) as Record<JobState, number>
    },
    async training () {
      return (await ask(TRAINING, [WORKED_ON])).map((row): TrainingFigures => ({ method: String(row['method']), jobs: Number(row['jobs']), stepsPerSecond: Number(row['steps']) }))
    },
    async files () {
      return (await ask(FILES)).map((row): FileFigures => ({ kind: row['kind'] as FileFigures['kind'], files: Number(row['files']), bytes: Number(row['bytes']) }))
    },
    async deliveries () {
      return (await ask(DELIVERIES)).map(({ state, count }): DeliveryFigures => ({ state: state as DeliveryFigures['state'], count: Number(count) }))
    },
    async now () {
      return (await ask('SELECT clock_timestamp() AS now'))[0]!['now'] as Date
    },
    async endedAttempts (since) {
      return (await ask(ENDED, [since])).map((row): EndedAttempt => ({
        jobId: String(row['job_id']),
        number: Number(row['number']),
        method: String(row['method']),
        outcome: row['outcome'] as EndedAttempt['outcome'],
        code: row['code'] as EndedAttempt['code'],
        waitMs: row['wait'] == null ? null : Number(row['wait']),
        durationMs: row['duration'] == null ? null : Number(row['duration']),
        finishedAt: row['finished_at'] as Date,
        traceContext: row['trace_context'] as string | null,
      }))
    },
    schema: async () => await schemaState(async (text) => await ask(text) as Array<{ migration_name: string }>),
    close: async () => { await pool.end() },
  }
}
