/** What a storm left behind, by the rows, the files and the processes. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { createFileBlobs } from '../../../src/infra/blobs/files.ts'
import { createCatalog } from '../../../src/infra/postgres/catalog.ts'
import type { JobState } from '../../../src/jobs/resources.ts'
import { isEnded } from '../../../src/jobs/states.ts'
import { sweep } from '../../../src/jobs/use-cases/sweep.ts'

export interface Verdict {
  readonly states: Readonly<Record<string, number>>
  /** Accepted, and not there or without an end. */
  readonly lost: readonly string[]
  /** Came to `succeeded` more than once. */
  readonly duplicated: readonly string[]
  /** Failed without a code and a message. */
  readonly unexplained: readonly string[]
  /** Codes of the failures. */
  readonly reasons: Readonly<Record<string, number>>
  /** Stored files that are not what their name says, and artifacts without a file. */
  readonly damaged: readonly string[]
  /** Files that nothing referred to and the sweep took, as is its work. */
  readonly swept: number
  /** What nothing refers to after the sweep. */
  readonly orphans: { readonly rows: readonly string[], readonly blobs: readonly string[], readonly files: readonly string[] }
}

/** The address of the embedded Postgres of a service. */
export async function databaseOf (home: string): Promise<string> {
  const { port, password } = JSON.parse(await readFile(path.join(home, 'postgres/service.json'), 'utf8')) as { port: number, password: string }
  return `postgresql://espalier:${password}@127.0.0.1:${port}/postgres`
}

/** Of a service that is at rest; `accepted` are ids. */
export async function verdictOn (home: string, accepted: readonly string[]): Promise<Verdict> {
  const url = await databaseOf(home)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const catalog = createCatalog(url, { patience: 10_000 })
  const folder = path.join(home, 'blobs')
  const blobs = createFileBlobs(folder)
  try {
    const { rows: jobs } = await client.query<{ id: string, state: JobState, error: { code?: string, message?: string } | null, successes: number }>(`
      SELECT id, state::text, error, (SELECT count(*)::int FROM job_events WHERE job_id = jobs.id AND job_events.state = 'succeeded') AS successes FROM jobs`)
    const found = new Map(jobs.map((job) => [job.id, job]))
    const known = new Set(accepted)
    const failed = jobs.filter(({ state }) => state === 'failed')
    const swept = (await sweep({ catalog, blobs, olderThanMs: 0 })).blobs
    const wanted = await catalog.referencedBlobs()
    const stored = (await filesBelow(folder)).filter((file) => !file.startsWith(path.join(folder, 'tmp')))
    const names = stored.map((file) => path.basename(file)).filter((name) => /^[0-9a-f]{64}$/.test(name))
    const damaged = [...wanted].filter((sha256) => !names.includes(sha256)).map((sha256) => `${sha256} is not there`)
    for (const file of stored) {
      const name = path.basename(file)
      if (wanted.has(name) && await sha256Of(file) !== name) damaged.push(`${name} has another content`)
    }
    const { rows: loose } = await client.query<{ what: string }>(`
      SELECT 'idempotency key without an answer: ' || key AS what FROM idempotency_keys WHERE answer IS NULL
      UNION ALL SELECT 'artifact of a job that did not succeed: ' || job_id FROM artifacts JOIN jobs ON jobs.id = job_id WHERE state <> 'succeeded'
      UNION ALL SELECT 'checkpoint of a job that succeeded: ' || id FROM jobs WHERE state = 'succeeded' AND checkpoint_sha256 IS NOT NULL
      UNION ALL SELECT 'attempt that never ended: ' || job_id FROM attempts JOIN jobs ON jobs.id = job_id WHERE jobs.state IN ('succeeded', 'failed', 'cancelled') AND attempts.state NOT IN ('succeeded', 'failed', 'cancelled', 'paused')`)
    return {
      states: countBy(jobs.map(({ state }) => state)),
      lost: accepted.filter((id) => !isEnded(found.get(id)?.state ?? 'queued')),
      duplicated: jobs.filter(({ successes }) => successes > 1).map(({ id }) => id),
      unexplained: failed.filter(({ error }) => !error?.code || !error.message).map(({ id }) => id),
      reasons: countBy(failed.map(({ error }) => error?.code ?? 'none')),
      damaged,
      swept,
      orphans: {
        rows: [...loose.map(({ what }) => what), ...jobs.filter(({ id }) => !known.has(id)).map(({ id }) => `job that no client was told of: ${id}`)],
        blobs: stored.map((file) => path.basename(file, '.sums')).filter((name) => !wanted.has(name)),
        files: [...await filesBelow(path.join(folder, 'tmp')), ...(await filesBelow(path.join(home, 'scratch'))).filter((file) => /job_/.test(file))],
      },
    }
  } finally {
    await client.end()
    await catalog.close()
  }
}

async function filesBelow (folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}

async function sha256Of (file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece as Uint8Array)
  return hash.digest('hex')
}

export function countBy (names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
