/** From the change of a job to the receiver: dispatchers on a real database, over real sockets, with what can go wrong in between. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { parseAllowList } from '../../src/infra/webhooks/allow-list.ts'
import { createSender } from '../../src/infra/webhooks/send.ts'
import type { Catalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { startDispatcher, type Dispatcher, type DispatcherOptions } from '../../src/jobs/webhooks/dispatcher.ts'
import { newSecret } from '../../src/jobs/webhooks/signature.ts'
import type { DeliveryState, Webhook, WebhookDelivery } from '../../src/jobs/webhooks/resources.ts'
import { newJob, WEBHOOK } from '../contract/samples.ts'
import { openCatalog, type CatalogOnDatabase } from '../support/catalog.ts'
import { startReceiver, type Received, type Receiver } from '../support/receiver.ts'

const DOCS = readFileSync(new URL('../../docs/webhooks.md', import.meta.url), 'utf8')
const exampleOf = (language: string): string => new RegExp('```' + language + '\\n([\\s\\S]*?)```').exec(DOCS)?.[1] ?? assert.fail(`no example in ${language}`)
const { isGenuine } = await import(`data:text/javascript,${encodeURIComponent(exampleOf('js'))}`) as { isGenuine (secret: string, headers: object, body: Buffer): boolean }

let database: CatalogOnDatabase
let catalog: Catalog
let admin: pg.Client
const open: Array<{ close (): Promise<void> }> = []

before(async () => {
  database = await openCatalog()
  ;({ catalog, admin } = database)
})
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
  await admin.query('DELETE FROM webhooks')
})
after(async () => { await database.close() })

async function receiver (...answer: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...answer)
  open.push(started)
  return started
}

function dispatcher (options: Partial<DispatcherOptions> & { limitMs?: number } = {}): Dispatcher {
  const { limitMs = 5000, ...changes } = options
  const sender = createSender({ allowed: parseAllowList('127.0.0.1'), resolve: async () => ['127.0.0.1'] }, limitMs)
  const started = startDispatcher({ outbox: catalog, sender, version: '0', onTrouble: (error) => { assert.fail(error as Error) }, pollMs: 20, random: () => 0, ...changes })
  open.push(started)
  return started
}

const hook = async (url: string, changes: Partial<typeof WEBHOOK> = {}): Promise<Webhook> => await catalog.of(FIRST_TENANT).createWebhook({ ...WEBHOOK, url, ...changes }, 100)

async function untilState (webhook: Webhook, state: DeliveryState, count: number): Promise<WebhookDelivery[]> {
  for (const until = Date.now() + 20_000; Date.now() < until; await sleep(10)) {
    const { items } = await catalog.of(FIRST_TENANT).deliveries(webhook.id, { limit: 100, state }) ?? { items: [] }
    if (items.length >= count) return items
  }
  return assert.fail(`${count} deliveries are not ${state}`)
}

/** Waits for the record of a try, and makes the next one due now. */
async function tryAgain (webhook: Webhook, tries: number): Promise<WebhookDelivery> {
  for (const until = Date.now() + 20_000; Date.now() < until; await sleep(10)) {
    const [one] = (await catalog.of(FIRST_TENANT).deliveries(webhook.id, { limit: 1 }))?.items ?? []
    if (one?.tries === tries && typeof one.last?.status === 'number') {
      await admin.query('UPDATE webhook_deliveries SET next_at = now(), last_status = NULL WHERE webhook_id = $1', [webhook.id])
      return one
    }
  }
  return assert.fail(`no record of try ${tries}`)
}

const typesOf = (received: readonly Received[]): string[] => received.map(({ body }) => JSON.parse(body.toString()).type as string)

describe('delivery', () => {
  test('what a job goes through arrives in order, signed as the documentation checks it', async () => {
    const there = await receiver()
    const secret = newSecret()
    await hook(`${there.url}/x`, { secret })
    dispatcher()
    const { id, modelId } = await newJob(catalog)
    await catalog.begin(id, 1, 'w')
    await catalog.fail(id, 1, { code: 'target-missed', message: 'missed by a mile – 1 Meile' })
    const received = await there.untilReceived(3)
    assert.deepEqual(typesOf(received), ['job.queued', 'job.running', 'job.failed'])
    const [, , last] = received
    assert.ok(last !== undefined)
    const { data: { job } } = JSON.parse(last.body.toString())
    assert.deepEqual([job.id, job.model, job.state, job.attempt, job.error], [id, modelId, 'failed', 1, { code: 'target-missed', message: 'missed by a mile – 1 Meile' }])
    for (const { headers, body } of received) {
      assert.equal(isGenuine(secret, headers, body), true)
      assert.equal(isGenuine(newSecret(), headers, body), false)
      assert.equal(isGenuine(secret, headers, Buffer.concat([body, Buffer.from(' ')])), false)
      assert.equal(isGenuine(secret, { ...headers, 'webhook-id': 'dlv_other' }, body), false)
      assert.equal(isGenuine(secret, { ...headers, 'webhook-timestamp': '1' }, body), false)
    }
    assert.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 3)
    const script = `${exampleOf('python')}\nimport json, sys\nfor secret, headers, body in json.load(sys.stdin): print(is_genuine(secret, headers, body.encode()))`
    const cases = [[secret, last.headers, last.body.toString()], [secret, last.headers, last.body.toString() + ' '], [newSecret(), last.headers, last.body.toString()]]
    const python = spawnSync('python3', ['-c', script], { input: JSON.stringify(cases), encoding: 'utf8' })
    assert.equal(python.stdout.trim().replace(/\s+/g, ' '), 'True False False', python.stderr)
  })

  test('after 500 and after no answer it comes again, the same under the same id, until it is taken', async () => {
    const there = await receiver((response, _request, count) => {
      if (count === 1) response.writeHead(500).end('no')
      if (count === 3) response.end()
    })
    const webhook = await hook(there.url)
    dispatcher({ limitMs: 400 })
    await newJob(catalog)
    const first = await tryAgain(webhook, 1)
    assert.deepEqual([first.last?.status, first.last?.response], [500, 'no'])
    assert.equal(Math.round((Date.parse(first.nextTryAt ?? '') - Date.parse(first.last?.at ?? '')) / 1000), 5)
    await there.untilReceived(2)
    for (const until = Date.now() + 20_000; (await untilState(webhook, 'pending', 1))[0]?.last?.error !== 'no answer within 0.4 s'; await sleep(10)) assert.ok(Date.now() < until)
    await admin.query('UPDATE webhook_deliveries SET next_at = now() WHERE webhook_id = $1', [webhook.id])
    const [done] = await untilState(webhook, 'delivered', 1)
    assert.deepEqual([done?.tries, done?.last?.status, done?.nextTryAt], [3, 200, null])
    assert.ok(done?.deliveredAt !== null)
    assert.equal(new Set(there.received.map(({ headers, body }) => `${headers['webhook-id']} ${body.toString()}`)).size, 1)
    assert.equal(there.received.length, 3)
  })

  test('eight times, then it has failed; asked for again it comes again', async () => {
    const there = await receiver((response, _request, count) => { response.writeHead(count <= 8 ? 503 : 200).end() })
    const webhook = await hook(there.url, { events: ['job.queued'] })
    dispatcher()
    await newJob(catalog)
    for (let tries = 1; tries < 8; tries++) await tryAgain(webhook, tries)
    const [failed] = await untilState(webhook, 'failed', 1)
    assert.ok(failed !== undefined)
    assert.deepEqual([failed.tries, failed.nextTryAt], [8, null])
    await catalog.of(FIRST_TENANT).retryDelivery(webhook.id, failed.id)
    assert.equal((await untilState(webhook, 'delivered', 1))[0]?.tries, 1)
    assert.equal(new Set(there.received.map(({ headers }) => headers['webhook-id'])).size, 1)
    assert.equal(there.received.length, 9)
  })

  test('a dispatcher that dies after sending: another one sends again, under the same id', async () => {
    const there = await receiver()
    const webhook = await hook(there.url, { events: ['job.queued'] })
    // It does all but record.
    const dying = dispatcher({ leaseMs: 300, outbox: { ...catalog, recordDelivery: async () => await new Promise<boolean>(() => {}) } })
    await newJob(catalog)
    await there.untilReceived(1)
    open.splice(open.indexOf(dying), 1)
    void dying.close()
    dispatcher()
    const [done] = await untilState(webhook, 'delivered', 1)
    assert.equal(done?.tries, 2)
    assert.deepEqual(there.received.map(({ headers }) => headers['webhook-id']), [done?.id, done?.id])
  })

  test('several dispatchers at once send each once, one after the other, in order', async () => {
    const there = await receiver(async (response) => { await sleep(2); response.end() })
    const webhook = await hook(there.url, { events: ['job.queued'] })
    for (let i = 0; i < 3; i++) dispatcher()
    const ids: string[] = []
    for (let i = 0; i < 30; i++) ids.push((await newJob(catalog)).id)
    await untilState(webhook, 'delivered', 30)
    assert.deepEqual(there.received.map(({ body }) => JSON.parse(body.toString()).data.job.id), ids)
    assert.equal(there.busy.most, 1)
  })

  test('one that does not answer holds up no other; to a host goes so much at once', async () => {
    const slow = await receiver(() => {})
    const quick = await receiver()
    for (let i = 0; i < 5; i++) await hook(`http://slow.example:${slow.port}/${i}`, { events: ['job.queued'] })
    const webhook = await hook(quick.url, { events: ['job.queued'] })
    dispatcher({ limitMs: 60_000, graceMs: 50, room: { all: 10, tenant: 10, host: 2 } })
    for (let i = 0; i < 10; i++) await newJob(catalog)
    await untilState(webhook, 'delivered', 10)
    assert.deepEqual([slow.received.length, slow.busy.most, quick.received.length], [2, 2, 10])
  })

  test('what is under way when the service ends is sent again, and is no fault of the receiver', async () => {
    const there = await receiver((response, _request, count) => { if (count > 1) response.end() })
    const webhook = await hook(there.url, { events: ['job.queued'] })
    const ending = dispatcher({ graceMs: 50 })
    await newJob(catalog)
    await there.untilReceived(1)
    await ending.close()
    const [waiting] = await untilState(webhook, 'pending', 1)
    assert.equal(waiting?.last?.error, 'the service ended before an answer came')
    dispatcher()
    assert.equal((await untilState(webhook, 'delivered', 1))[0]?.id, waiting?.id)
  })

  test('410 turns the webhook off', async () => {
    const there = await receiver((response) => { response.writeHead(410).end() })
    const webhook = await hook(there.url)
    dispatcher()
    await newJob(catalog)
    assert.equal((await untilState(webhook, 'failed', 1)).length, 1)
    const now = await catalog.of(FIRST_TENANT).webhook(webhook.id)
    assert.deepEqual([now?.active, now?.turnedOff], [false, 'the receiver answered 410 Gone'])
    await newJob(catalog)
    assert.equal((await catalog.of(FIRST_TENANT).deliveries(webhook.id, { limit: 10 }))?.items.length, 1)
  })

  test('while a secret is changed both are good', async () => {
    const there = await receiver()
    const [old, young] = [newSecret(), newSecret()]
    const webhook = await hook(there.url, { secret: old, events: ['job.queued'] })
    await catalog.of(FIRST_TENANT).rotateWebhookSecret(webhook.id, young, 60_000)
    dispatcher()
    await newJob(catalog)
    const [both] = await there.untilReceived(1)
    assert.ok(both !== undefined)
    assert.deepEqual([isGenuine(old, both.headers, both.body), isGenuine(young, both.headers, both.body)], [true, true])
    await admin.query("UPDATE webhooks SET previous_secret_until = now() - interval '1 second'")
    await newJob(catalog)
    const [, one] = await there.untilReceived(2)
    assert.ok(one !== undefined)
    assert.deepEqual([isGenuine(old, one.headers, one.body), isGenuine(young, one.headers, one.body)], [false, true])
  })
})
