/** Streams and the API process: killed and started anew, a client goes on where it was; told to end, the process ends while streams are open. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import type { Catalog } from '../../src/jobs/ports.ts'
import { newJob, RECEIPT } from '../contract/samples.ts'
import { freshDatabase } from '../support/database.ts'
import { watch, type EventClient, type Told } from '../support/event-source.ts'
import { freshPrefix } from '../support/queue.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Loading a program takes its time on a machine that is busy with others. */
const START_MS = 120_000
const EXIT_MS = 30_000
const states = (told: readonly Told[]): string[] => told.filter(({ event }) => event === 'state').map(({ data: { state } }) => state!)

let database: Awaited<ReturnType<typeof freshDatabase>>
let catalog: Catalog
let home: string
const children: ChildProcess[] = []
const streams: EventClient[] = []
before(async () => {
  database = await freshDatabase()
  catalog = createCatalog(database.url)
  home = await mkdtemp(path.join(tmpdir(), 'espalier-restart-'))
})
// In every case: what is left open would keep this process, and those it started.
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close()
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
after(async () => {
  await catalog.close()
  await database.drop()
  await rm(home, { recursive: true, force: true })
})

async function open (...asked: Parameters<typeof watch>): Promise<EventClient> {
  const stream = await watch(...asked)
  streams.push(stream)
  return stream
}

/** The API as a process of its own, which ends with the test at the latest. */
async function startApi (): Promise<{ child: ChildProcess, url: string }> {
  const { url: redis, prefix } = freshPrefix()
  const env = { ...process.env, DATABASE_URL: database.url, REDIS_URL: redis, ESPALIER_QUEUE_PREFIX: prefix, ESPALIER_HOME: home, ESPALIER_SETUP: 'skip', PORT: '0', ESPALIER_LOG: 'info', ESPALIER_LOG_FORMAT: 'json' }
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/api.ts'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let output = ''
  return await new Promise((resolve, reject) => {
    const late = setTimeout(() => { reject(new Error(`the API does not listen within ${START_MS} ms: ${output}`)) }, START_MS)
    // Read on afterwards: a pipe that nobody reads would end the process.
    child.stdout!.setEncoding('utf8').on('data', (piece: string) => {
      output += piece
      const url = /listening at (https?:[^\s"]+)/.exec(output)?.[1]
      if (url === undefined) return
      clearTimeout(late)
      resolve({ child, url })
    })
    child.once('exit', (code) => { clearTimeout(late); reject(new Error(`the API ended with ${code}: ${output}`)) })
  })
}

/** Its exit code, null after a signal. */
async function exitOf (child: ChildProcess): Promise<number | null> {
  const signal = AbortSignal.timeout(EXIT_MS)
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit', { signal }).catch(() => assert.fail(`the API has not ended ${EXIT_MS} ms after it was told to`))
  return child.exitCode
}

describe('streams and the API process', () => {
  test('kill -9: at the next process the stream goes on without a gap, and SIGTERM ends it with streams open', async () => {
    const { id } = await newJob(catalog)
    const first = await startApi()
    const [one, all] = [await open(`${first.url}/v1/jobs/${id}/events`), await open(`${first.url}/v1/events`)]
    await catalog.begin(id, 1, 'w')
    await catalog.metrics(id, 1, { from: 0, points: [1, 2, 3].map((step) => ({ step, epoch: 1, values: { loss: step } })) })
    await one.until('figures', (told) => told.some(({ event, data }) => event === 'metrics' && 'loss' in (data['series'] as object)))
    await all.until('running', (told) => states(told).length === 1)
    first.child.kill('SIGKILL')
    for (const stream of [one, all]) await stream.untilEnded('its process was killed')
    await exitOf(first.child)
    await catalog.metrics(id, 1, { points: [{ step: 4, epoch: 1, values: { loss: 4 } }] })
    await catalog.of('tnt_00000000000000000000').requestPause(id)

    const second = await startApi()
    const [oneMore, allMore] = [await open(`${second.url}/v1/jobs/${id}/events`, { 'last-event-id': one.lastEventId() }), await open(`${second.url}/v1/events`, { 'last-event-id': all.lastEventId() })]
    await catalog.succeed(id, 1, RECEIPT, [])
    await oneMore.untilEnded('the job has succeeded')
    await allMore.until('the end', (told) => states(told).length === 2)
    assert.deepEqual([...states(one.told), ...states(oneMore.told)], ['queued', 'running', 'pausing', 'succeeded'])
    assert.deepEqual([...states(all.told), ...states(allMore.told)], ['running', 'pausing', 'succeeded'])
    // What is told anew after a step takes the place of what was told of later ones.
    const steps = [...one.told, ...oneMore.told].filter(({ event }) => event === 'metrics').reduce<number[]>((told, { data }) => {
      const { after, series: { loss = [] } } = data as unknown as { after: number, series: { loss?: number[][] } }
      return [...told.filter((step) => step <= after), ...loss.map(([step]) => step!)]
    }, [])
    assert.deepEqual(steps, [1, 2, 3, 4])

    const begin = performance.now()
    second.child.kill('SIGTERM')
    assert.equal(await exitOf(second.child), 0)
    assert.ok(performance.now() - begin < 10_000, `${performance.now() - begin} ms`)
    await allMore.untilEnded('its process has ended')
  })
})
