/** Being told of changes of jobs by Postgres: what, when, after the connection was lost, and the order of events across transactions. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import { createJobChanges } from '../../src/infra/postgres/changes.ts'
import { listen } from '../../src/infra/postgres/listen.ts'
import type { Catalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import type { JobChanges } from '../../src/jobs/watching.ts'
import { newJob } from '../contract/samples.ts'
import { freshDatabase } from '../support/database.ts'

let database: Awaited<ReturnType<typeof freshDatabase>>
let catalog: Catalog
let changes: JobChanges
let admin: pg.Client

before(async () => {
  database = await freshDatabase()
  catalog = createCatalog(database.url)
  changes = createJobChanges(database.url, { pollMs: 100 })
  admin = new pg.Client({ connectionString: database.url })
  await admin.connect()
})
after(async () => {
  await Promise.all([changes.close(), catalog.close(), admin.end()])
  await database.drop()
})

async function until (what: string, reached: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(10)) if (await reached()) return
  assert.fail(`not within ${ms} ms: ${what}`)
}

const LISTENING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT pg_notify($1%')"
const listening = async (): Promise<number[]> => (await admin.query<{ pid: number }>(LISTENING)).rows.map(({ pid }) => pid)

/** Nothing is heard from now on but notifications: the connection is there, and its greeting is over. */
async function quiet (): Promise<void> {
  let calls = 0
  const stop = changes.ofJob('job_none', () => { calls++ })
  await until('it listens', async () => { const seen = calls; await sleep(250); return calls === seen && (await listening()).length === 1 })
  stop()
}

describe('changes of jobs', () => {
  test('each kind is told to who watches the job or its tenant, and to nobody else', async () => {
    await quiet()
    const { id } = await newJob(catalog)
    await sleep(100)
    const [job, tenant, others]: string[][] = [[], [], []]
    const stops = [
      changes.ofJob(id, (kind) => { job!.push(String(kind)) }),
      changes.ofTenant(FIRST_TENANT, (change) => { tenant!.push(`${change?.kind} ${change?.jobId}`) }),
      changes.ofJob('job_other', (kind) => { others!.push(String(kind)) }),
      changes.ofTenant('tnt_other', (change) => { others!.push(String(change)) }),
    ]
    await catalog.begin(id, 1, 'w')
    await catalog.progress(id, 1, { stage: 'training', done: 1, total: 2, etaSeconds: 1 })
    await catalog.progress(id, 1, { stage: 'training', done: 1, total: 2, etaSeconds: 1 })
    await catalog.metrics(id, 1, { from: 0, points: [] })
    await catalog.metrics(id, 1, { points: [{ step: 1, epoch: 1, values: { loss: 1 } }] })
    await catalog.fail(id, 1, { code: 'internal', message: 'x' })
    const expected = ['state', 'progress', 'metrics', 'metrics', 'state']
    await until('all are told', () => job!.length >= expected.length)
    assert.deepEqual(job, expected)
    assert.deepEqual(tenant, expected.map((kind) => `${kind} ${id}`))
    assert.deepEqual(others, [])
    for (const stop of stops) stop()
    await catalog.of(FIRST_TENANT).retry(id)
    await sleep(200)
    assert.equal(job!.length, expected.length, 'who stopped hears nothing')
  })

  test('one connection for everybody, made again when it is cut, after which everybody looks', async () => {
    await quiet()
    const calls = new Map<number, Array<string | null>>(Array.from({ length: 100 }, (_, index) => [index, []]))
    const stops = [...calls].map(([index, heard]) => changes.ofJob(`job_${index}`, (kind) => { heard.push(kind) }))
    const [pid, ...more] = await listening()
    assert.deepEqual(more, [])
    await admin.query('SELECT pg_terminate_backend($1)', [pid])
    await until('another connection', async () => { const [now] = await listening(); return now !== undefined && now !== pid })
    await until('everybody was told to look', () => [...calls.values()].every((heard) => heard.includes(null)))
    for (const stop of stops) stop()
    await quiet()
  })

  test('while there is no database everybody looks from time to time; closing does not wait for it', async () => {
    const absent = createJobChanges('postgresql://nobody@127.0.0.1:1/none', { pollMs: 20 })
    let looks = 0
    absent.ofJob('job_x', (kind) => { assert.equal(kind, null); looks++ })
    await until('three looks', () => looks >= 3)
    const begin = performance.now()
    await absent.close()
    assert.ok(performance.now() - begin < 3000)
    const then = looks
    await sleep(60)
    assert.equal(looks, then)
  })

  test('a connection that is there but hears nothing is told from one that hears', async () => {
    const [real, address] = [new URL(database.url), new URL(database.url)]
    const through: net.Socket[] = []
    let deaf = false
    const proxy = net.createServer((client) => {
      const server = net.connect(Number(real.port), real.hostname)
      through.push(client, server)
      client.pipe(server).on('error', () => client.destroy())
      server.on('data', (bytes) => { if (!deaf) client.write(bytes) })
      client.on('error', () => server.destroy()).on('close', () => server.destroy())
    })
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    address.hostname = '127.0.0.1'
    address.port = String((proxy.address() as net.AddressInfo).port)
    const seen: string[] = []
    const connection = listen(address.href, 'some_channel', { heard: (payload) => { seen.push(payload) }, up: () => { seen.push('up') }, down: () => { seen.push('down') } }, { checkMs: 30, echoMs: 200 })
    await until('up', () => seen.includes('up'))
    await admin.query("SELECT pg_notify('some_channel', 'hello')")
    await until('heard', () => seen.includes('hello'))
    deaf = true
    await until('down', () => seen.includes('down'))
    deaf = false
    await until('up again', () => seen.at(-1) === 'up')
    await connection.close()
    assert.deepEqual(seen, ['up', 'hello', 'down', 'up', 'down'])
    for (const socket of through) socket.destroy()
    proxy.close()
  })
})

describe('order of events across jobs', () => {
  test('an event with a smaller number that commits later is not lost: nothing behind it is settled before', async () => {
    const mine = catalog.of(FIRST_TENANT)
    const { signal } = new AbortController()
    const [early, late] = [await newJob(catalog), await newJob(catalog)]
    const from = await catalog.settledEvents(signal)
    // The first transaction draws its number and stays open; the second draws the next one and commits.
    await admin.query('BEGIN')
    await admin.query("UPDATE jobs SET state = 'running' WHERE id = $1", [early.id])
    await catalog.begin(late.id, 1, 'w')
    const { rows: [seen] } = await admin.query<{ id: string }>('SELECT max(id) AS id FROM job_events WHERE job_id = $1', [late.id])
    assert.equal(Number(seen!.id), from + 2)
    assert.deepEqual((await mine.events(from, from + 2, 10)).map(({ jobId }) => jobId), [late.id], 'without the order it would be told, and the other one never')
    let upTo: number | undefined
    const settling = catalog.settledEvents(signal).then((number) => { upTo = number })
    await sleep(300)
    assert.equal(upTo, undefined)
    await admin.query('COMMIT')
    await settling
    assert.deepEqual((await mine.events(from, upTo!, 10)).map(({ number, jobId }) => [number, jobId]), [[from + 1, early.id], [from + 2, late.id]])
  })

  test('a number that is never used holds nothing up, and waiting can be given up', async () => {
    const { signal } = new AbortController()
    const [one, other] = [await newJob(catalog), await newJob(catalog)]
    await admin.query('BEGIN')
    await admin.query("UPDATE jobs SET state = 'running' WHERE id = $1", [one.id])
    await catalog.begin(other.id, 1, 'w')
    const stop = new AbortController()
    const given = catalog.settledEvents(stop.signal)
    stop.abort(new Error('given up'))
    await assert.rejects(given, /given up/)
    await admin.query('ROLLBACK')
    const upTo = await catalog.settledEvents(signal)
    assert.deepEqual((await catalog.of(FIRST_TENANT).events(upTo - 1, upTo, 10)).map(({ jobId }) => jobId), [other.id])
  })
})
