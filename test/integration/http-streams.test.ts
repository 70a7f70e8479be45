/** All jobs watched over the API, and what streams and waiting requests cost: many of them, clients that do not read, closing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import { createJobChanges } from '../../src/infra/postgres/changes.ts'
import type { Catalogs } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { newJob, RECEIPT } from '../contract/samples.ts'
import { freshDatabase } from '../support/database.ts'
import { watch, type Told } from '../support/event-source.ts'
import { openHarness, type Harness } from './http-harness.ts'

const progress = (done: number) => ({ stage: 'training', done, total: 9, etaSeconds: 1.5 })
const states = (told: readonly Told[]): string[] => told.filter(({ event }) => event === 'state').map(({ data: { job, state } }) => `${job} ${state}`)

async function listenAt (harness: Harness): Promise<string> {
  return await harness.app.listen({ host: '127.0.0.1', port: 0 })
}

describe('all jobs watched over the API', () => {
  let harness: Harness
  let base: string
  let admin: pg.Client
  before(async () => {
    harness = await openHarness()
    base = await listenAt(harness)
    admin = new pg.Client({ connectionString: harness.databaseUrl })
    await admin.connect()
  })
  after(async () => {
    await admin.end()
    await harness.close()
  })

  test('states of every job from now on, progress of those that are worked on; another tenant hears nothing', async () => {
    const { catalog } = harness
    const running = await newJob(catalog)
    await catalog.begin(running.id, 1, 'w')
    await catalog.progress(running.id, 1, progress(2))
    const stream = await watch(`${base}/v1/events`)
    await stream.until('ready', (told) => told.length >= 2)
    assert.equal(stream.told[0]!.event, 'ready')
    assert.deepEqual(stream.told[1]!.data, { job: running.id, attempt: 1, ...progress(2) })
    const { id } = await newJob(catalog)
    await catalog.begin(id, 1, 'w')
    await catalog.progress(id, 1, progress(5))
    await stream.until('its progress', (told) => told.some(({ data }) => data.job === id && data['done'] === 5))
    await catalog.fail(id, 1, { code: 'internal', message: 'x' })
    await stream.until('its end', (told) => states(told).length === 3)
    assert.deepEqual(states(stream.told), [`${id} queued`, `${id} running`, `${id} failed`])
    await admin.query("INSERT INTO tenants (id, name) VALUES ('tnt_other', 'other')")
    await admin.query("INSERT INTO jobs (id, tenant_id, model_id, recipe, progress) VALUES ('job_theirs', 'tnt_other', 'mdl_x', '{}', '{}')")
    await catalog.fail(running.id, 1, { code: 'internal', message: 'x' })
    await stream.until('the other end', (told) => states(told).length === 4)
    assert.ok(!stream.text().includes('job_theirs'))
    stream.close()
    for (const [index, { id: from }] of stream.told.entries()) {
      const rest = await watch(`${base}/v1/events`, { 'last-event-id': from })
      const all = states(stream.told)
      const before = states(stream.told.slice(0, index + 1))
      await rest.until('the rest', (told) => before.length + states(told).length === all.length)
      assert.deepEqual([...before, ...states(rest.told)], all)
      rest.close()
    }
    const history = await watch(`${base}/v1/events?lastEventId=0`)
    await history.until('all from the first', (told) => states(told).length === 6)
    assert.equal(states(history.told)[0], `${running.id} queued`)
    history.close()
  })

  test('two transactions that interleave: what commits later is told, whichever number it has, also to who comes back', async () => {
    const { catalog } = harness
    const [early, late] = [await newJob(catalog), await newJob(catalog)]
    const stream = await watch(`${base}/v1/events`)
    await stream.until('ready', (told) => told.length > 0)
    await admin.query('BEGIN')
    await admin.query("UPDATE jobs SET state = 'running' WHERE id = $1", [early.id])
    await catalog.begin(late.id, 1, 'w')
    await catalog.progress(late.id, 1, progress(3))
    await stream.until('progress has no order to wait for', (told) => told.some(({ event, data }) => event === 'progress' && data.job === late.id))
    assert.deepEqual(states(stream.told), [])
    const from = stream.lastEventId()
    stream.close()
    await admin.query('COMMIT')
    const back = await watch(`${base}/v1/events`, { 'last-event-id': from })
    await back.until('both', (told) => states(told).length === 2)
    assert.deepEqual(states(back.told), [`${early.id} running`, `${late.id} running`])
    back.close()
  })

  test('the database goes away and comes back: streams stay, and nothing is missed', async () => {
    const { id } = await newJob(harness.catalog)
    const patient = createCatalog(harness.databaseUrl, { patience: 10_000 })
    const [one, all] = [await watch(`${base}/v1/jobs/${id}/events`), await watch(`${base}/v1/events`)]
    await one.until('queued', (told) => states(told).length === 1)
    await all.until('ready', (told) => told.length > 0)
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
    await patient.begin(id, 1, 'w')
    await patient.succeed(id, 1, RECEIPT, [])
    await one.until('its end', (told) => told.at(-1)!.event === 'end')
    await all.until('its end', (told) => states(told).length === 2)
    assert.deepEqual([states(one.told).length, states(all.told)], [3, [`${id} running`, `${id} succeeded`]])
    all.close()
    await patient.close()
  })
})

describe('requests that wait', () => {
  test('500 of them look at nothing while nothing happens, look together at the end, and are all answered', async () => {
    let looks = 0
    const database = await freshDatabase()
    const own = createCatalog(database.url)
    const changes = createJobChanges(database.url)
    const counted: Catalogs = {
      ...own,
      of (tenant) {
        const mine = own.of(tenant)
        return { ...mine, wholeJob: async (id) => { looks++; return await mine.wholeJob(id) } }
      },
    }
    const harness = await openHarness({ catalog: counted, changes })
    const { id } = await newJob(own)
    const answers = Array.from({ length: 500 }, async () => (await harness.app.inject(`/v1/jobs/${id}?wait=30`)).json<{ state: string }>().state)
    // Each looks once, and again when it is told that the connection listens.
    for (let last = -1; looks === 0 || looks !== last; await sleep(500)) last = looks
    const before = looks
    await sleep(1000)
    assert.equal(looks, before)
    await own.of(FIRST_TENANT).requestCancel(id)
    assert.deepEqual([...new Set(await Promise.all(answers))], ['cancelled'])
    assert.ok(looks > before && looks < 500, `${before}, then ${looks} looks`)
    await harness.close()
    await Promise.all([own.close(), changes.close()])
    await database.drop()
  })
})

describe('limits of streams', () => {
  test('so many and no more: 503 with Retry-After; one that closes makes room', async () => {
    const harness = await openHarness({ limits: { uploadBytes: 1, streams: 2 } })
    const base = await listenAt(harness)
    const { id } = await newJob(harness.catalog)
    const [one, two] = [await watch(`${base}/v1/events`), await watch(`${base}/v1/jobs/${id}/events`)]
    const refused = await fetch(`${base}/v1/events`)
    assert.deepEqual([refused.status, refused.headers.get('retry-after'), (await refused.json() as { code: string }).code], [503, '10', 'too-many-streams'])
    one.close()
    await one.untilEnded('its client went away')
    let room = await watch(`${base}/v1/events`)
    for (let tries = 50; room.status !== 200 && tries > 0; tries--) {
      await sleep(20)
      room = await watch(`${base}/v1/events`)
    }
    assert.equal(room.status, 200)
    // Closing ends those that are open, at once and in order.
    await sleep(100)
    const begin = performance.now()
    await harness.close()
    await Promise.all([two, room].map(async (stream) => { await stream.untilEnded('the server was closed') }))
    assert.ok(performance.now() - begin < 4000, `${performance.now() - begin} ms`)
    assert.equal(two.text().slice(-2), '\n\n')
  })

  test('a connection that was opened ahead, without a request yet, does not keep the server from closing', async () => {
    const harness = await openHarness()
    const socket = net.connect(Number(new URL(await listenAt(harness)).port), '127.0.0.1')
    const closed = once(socket, 'close')
    await once(socket, 'connect')
    await harness.app.inject('/healthz')
    const begin = performance.now()
    await harness.close()
    await closed
    assert.ok(performance.now() - begin < 4000, `${performance.now() - begin} ms`)
  })

  test('a client that does not read costs no memory and is cut off', async (t) => {
    const harness = await openHarness({ limits: { uploadBytes: 1, stuckMs: 1500 } })
    // Also when it fails: a server that is left open keeps the whole run from its end.
    t.after(async () => { await harness.close() })
    const { port } = new URL(await listenAt(harness))
    const { id } = await newJob(harness.catalog)
    await harness.catalog.begin(id, 1, 'w')
    const socket = net.connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    const closed = once(socket, 'close')
    socket.on('error', () => {}).pause()
    socket.write(`GET /v1/jobs/${id}/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    const names = Array.from({ length: 500 }, (_, index) => `series/${'x'.repeat(300)}/${index}`)
    const before = process.memoryUsage().rss
    // It is counted when it is over: as one that the client did not take to its end.
    const isOver = async (): Promise<boolean> => (await harness.app.inject('/metrics')).body.includes('route="/v1/jobs/:id/events",status="499"')
    assert.equal(await isOver(), false)
    let step = 1
    for (; step <= 400 && !await isOver(); step++) {
      await harness.catalog.metrics(id, 1, { points: [{ step, epoch: 1, values: Object.fromEntries(names.map((name) => [name, step])) }] })
    }
    assert.ok(step > 2 && step <= 400, `cut off after ${step} steps`)
    socket.resume()
    await closed
    const grown = (process.memoryUsage().rss - before) / 2 ** 20
    assert.ok(grown < 300, `${grown} MB`)
  })
})
