/**
 * `npm run test:hosts -- --json`: the API on one host, workers on two others that share nothing with it but Postgres and Valkey. They finish a sweep together; one is
 * cut off in the middle of a job, which ends elsewhere, once; and when it is back it works again.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ChildProcess } from 'node:child_process'
import pg from 'pg'
import { createClient } from '../../src/cli/client.ts'
import type { Job, JobState } from '../../src/jobs/resources.ts'
import { isEnded } from '../../src/jobs/states.ts'
import { pathOf } from '../support/fixtures.ts'
import { temporaryHome } from '../support/services.ts'
import { writeTrainingImages } from '../support/training-images.ts'
import { openNetwork, withinOwnNetwork } from './network.ts'

const MARK = 'ESPALIER_TEST_NETWORK'
const KEY = 'a-key-of-the-test-of-hosts'
const LIMIT_MS = 300_000
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const log = (line: string): void => { console.error(`${new Date().toISOString().slice(11, 19)} ${line}`) }

interface Row { readonly id: string, readonly state: JobState, readonly worker: string | null, readonly starts: number, readonly successes: number }

async function main (): Promise<void> {
  const network = openNetwork()
  const homes = await Promise.all(['api', 'one', 'two'].map(async () => await temporaryHome()))
  const [api, one, two] = ['api', 'one', 'two'].map((name) => network.host(name)) as [ReturnType<typeof network.host>, ReturnType<typeof network.host>, ReturnType<typeof network.host>]
  const node = ['--import', 'tsx']
  const { DATABASE_URL, REDIS_URL, ...inherited } = process.env
  const env = { ...inherited, ESPALIER_API_KEY: KEY, ESPALIER_BLOBS: 'postgres', ESPALIER_LOG: 'error', ESPALIER_STALLED_SECONDS: '3', ESPALIER_RECONCILE_SECONDS: '2', ESPALIER_SETUP: 'skip', TF_NUM_INTRAOP_THREADS: '1' }
  const running: ChildProcess[] = []
  const database: { client?: pg.Client } = {}
  try {
    const host = api.run(process.execPath, [...node, file('api-host.ts'), api.address], { ...env, ESPALIER_HOME: homes[0], PORT: '0' })
    running.push(host)
    host.once('exit', (code, signal) => { log(`the API host ended: ${code ?? signal}`) })
    const { url, databaseUrl, redisUrl } = JSON.parse(await firstLine(host)) as { url: string, databaseUrl: string, redisUrl: string }
    database.client = new pg.Client({ connectionString: databaseUrl })
    database.client.on('error', (error) => { log(`the test's own connection: ${error.message}`) })
    await database.client.connect()
    const rows = async (): Promise<Row[]> => (await database.client!.query<Row>(`
      SELECT jobs.id, jobs.state::text, attempts.worker, attempts.starts, (SELECT count(*)::int FROM job_events WHERE job_id = jobs.id AND job_events.state = 'succeeded') AS successes
      FROM jobs JOIN attempts ON job_id = jobs.id AND number = jobs.attempt ORDER BY jobs.created_at, jobs.id`)).rows
    for (const [index, worker] of [one, two].entries()) {
      running.push(worker.run(process.execPath, [...node, file('../../src/cli/worker.ts')], { ...env, ESPALIER_HOME: homes[index + 1], DATABASE_URL: databaseUrl, REDIS_URL: redisUrl }))
    }
    const client = createClient(url, KEY)
    const images = path.join(homes[0]!, 'images.npz')
    await writeTrainingImages(images, 1000)
    const files = { model: (await client.uploadModel(pathOf('examples/lenet5.keras'))).id, dataset: (await client.uploadDataset(images)).id }
    const recipe = { method: 'fine-tune', training: { epochs: 6, batchSize: 32, validation: 0.1, checkpointEvery: 1 }, evaluation: { latency: false } }
    const answer = await fetch(new URL('/v1/sweeps', url), {
      method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...files, recipe, grid: { seed: [1, 2, 3, 4, 5, 6, 7, 8] } }),
    })
    const sweep = await answer.json() as { id: string }
    assert.equal(answer.status, 202, JSON.stringify(sweep))

    const both = await until('each worker has done a job and is at another', async () => {
      const all = await rows()
      const found = all.filter(({ state, worker }) => state === 'running' && worker !== null)
      return new Set(all.filter(({ state }) => state === 'succeeded').map(({ worker }) => worker)).size === 2 && found.length === 2 && (await Promise.all(found.map(async ({ id }) => (await client.get<Job>(`/v1/jobs/${id}`)).progress.stage))).every((stage) => stage === 'training') ? found : null
    })
    // Which name is whose is told by the process: host names are those of the machine.
    const victim = both[0]!
    const pid = Number(victim.worker!.split(':').at(-1)?.match(/\d+/)?.[0])
    // `ip netns exec` becomes the program it starts.
    const cut = running[1]!.pid === pid ? one : two
    log(`${victim.worker} is cut off in the middle of ${victim.id}`)
    cut.cutOff()
    const cutAt = Date.now()
    const taken = await until('another worker took its job', async () => (await rows()).find(({ id, worker }) => id === victim.id && worker !== victim.worker) ?? null)
    const takenAfter = (Date.now() - cutAt) / 1000
    log(`${taken.worker} goes on with it after ${takenAfter.toFixed(1)} s`)
    const ended = await until('the sweep has ended', async () => {
      const found = await rows()
      return found.every(({ state }) => isEnded(state)) ? found : null
    })
    assert.deepEqual(ended.map(({ state, successes }) => `${state} ${successes}`), Array.from({ length: 8 }, () => 'succeeded 1'))
    const state = await until('the sweep is finished', async () => {
      const now = await client.get<{ state: string }>(`/v1/sweeps/${sweep.id}`)
      return now.state === 'running' ? null : now.state
    })
    cut.join()
    log('it is back')
    // What it held is not done a second time; what comes now, it may take.
    const later = await client.createJob({ ...files, recipe })
    await until('a later job has ended', async () => (await rows()).find(({ id, state }) => id === later.id && state === 'succeeded') ?? null)
    await until('the worker that was cut off works again', async () => {
      const { id } = await client.createJob({ ...files, recipe: { ...recipe, training: { ...recipe.training, epochs: 1 } } })
      const done = await client.waitForJob(id)
      return done.attempts[0]?.worker === victim.worker ? done : null
    })
    const after = await rows()
    assert.ok(after.every(({ successes }) => successes === 1), 'a job succeeded twice')
    const figures = { hosts: 3, jobs: ended.length, workers: new Set(ended.map(({ worker }) => worker)).size, sweep: state, cutOff: victim.id, takenAfterSeconds: Number(takenAfter.toFixed(1)), lost: after.filter(({ state }) => !isEnded(state)).length, duplicated: after.filter(({ successes }) => successes > 1).length }
    console.log(JSON.stringify(figures))
  } finally {
    await database.client?.end()
    for (const child of running.reverse()) await endOf(child)
    network.remove()
    for (const home of homes) await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function until<T> (what: string, look: () => Promise<T | null>): Promise<T> {
  const end = Date.now() + LIMIT_MS
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (Date.now() > end) throw new Error(`not within ${LIMIT_MS / 1000} s: ${what}`)
    await sleep(300)
  }
}

async function firstLine (child: ChildProcess): Promise<string> {
  let text = ''
  return await new Promise((resolve, reject) => {
    // Read on after the line: a pipe that nobody reads would end the process.
    child.stdout!.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (text.includes('\n')) resolve(text.split('\n')[0] ?? '')
    })
    child.once('exit', (code) => { reject(new Error(`a process ended with ${code} before it served: ${text}`)) })
  })
}

async function endOf (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.stdin?.end()
  child.kill('SIGTERM')
  const killer = setTimeout(() => { child.kill('SIGKILL') }, 20_000)
  await once(child, 'exit')
  clearTimeout(killer)
}

if (process.platform !== 'linux' || process.getuid?.() !== 0) {
  console.error('network namespaces need Linux and root: nothing was tested')
  process.exitCode = 2
} else {
  const code = withinOwnNetwork(MARK)
  if (code === undefined) await main()
  else process.exitCode = code
}
