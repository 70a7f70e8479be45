/** What became of jobs, by the rows: which are missing, which succeeded more than once, which ended how. */
import pg from 'pg'
import type { JobState } from '../../src/jobs/resources.ts'
import { isEnded } from '../../src/jobs/states.ts'

export interface Outcome {
  readonly states: Readonly<Record<string, number>>
  /** Accepted, and neither there nor ended. */
  readonly lost: number
  /** Came to `succeeded` more than once. */
  readonly duplicated: number
  /** Rows that no client was told of. */
  readonly unknown: number
  /** Of each: from the beginning of its work to its success, median seconds. */
  readonly medianRunSeconds: number
}

export async function outcomeOf (databaseUrl: string, ids: readonly string[]): Promise<Outcome> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ id: string, state: JobState, successes: number, seconds: number | null }>(`
      SELECT jobs.id, jobs.state::text, extract(epoch FROM finished_at - started_at)::float8 AS seconds,
        (SELECT count(*)::int FROM job_events WHERE job_id = jobs.id AND job_events.state = 'succeeded') AS successes FROM jobs`)
    const found = new Map(rows.map((row) => [row.id, row]))
    const known = new Set(ids)
    const states: Record<string, number> = {}
    for (const { state } of rows) states[state] = (states[state] ?? 0) + 1
    const seconds = rows.flatMap((row) => row.seconds ?? []).sort((a, b) => a - b)
    return {
      states,
      lost: ids.filter((id) => !isEnded(found.get(id)?.state ?? 'queued')).length,
      duplicated: rows.filter(({ successes }) => successes > 1).length,
      unknown: rows.filter(({ id }) => !known.has(id)).length,
      medianRunSeconds: seconds[Math.floor(seconds.length / 2)] ?? 0,
    }
  } finally {
    await client.end()
  }
}

/** How many jobs have not ended. */
export async function unended (client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ left: number }>("SELECT count(*)::int AS left FROM jobs WHERE state NOT IN ('succeeded', 'failed', 'cancelled')")
  return rows[0]?.left ?? 0
}
