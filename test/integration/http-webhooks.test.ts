/** /v1/webhooks over the real database. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { serve } from '../../src/http/server.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { MOST_WEBHOOKS } from '../../src/jobs/use-cases/webhooks.ts'
import { WEBHOOK_EVENTS } from '../../src/jobs/webhooks/resources.ts'
import { newJob } from '../contract/samples.ts'
import { freshDatabase } from '../support/database.ts'
import { freshPrefix } from '../support/queue.ts'
import { startReceiver } from '../support/receiver.ts'
import { openHarness, type Harness } from './http-harness.ts'

describe('/v1/webhooks', () => {
  let harness: Harness
  before(async () => { harness = await openHarness() })
  after(async () => await harness.close())

  type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
  const ask = async (method: Method, url: string, payload?: object, headers: Record<string, string> = {}) =>
    await harness.app.inject({ method, url: `/v1/webhooks${url}`, headers, ...(payload !== undefined && { payload }) })
  const create = async (payload: object = {}, headers = {}) => await ask('POST', '', { url: 'https://hooks.example/x', ...payload }, headers)

  test('made with its secret, read without it, changed, deleted', async () => {
    const made = await create({ events: ['job.failed'], description: 'CI' })
    assert.equal(made.statusCode, 201, made.body)
    const { secret, ...webhook } = made.json()
    assert.match(secret, /^whsec_/)
    assert.equal(made.headers.location, `/v1/webhooks/${webhook.id}`)
    assert.deepEqual({ ...webhook, id: '', createdAt: '' }, { id: '', url: 'https://hooks.example/x', events: ['job.failed'], description: 'CI', active: true, turnedOff: null, previousSecretUntil: null, createdAt: '' })
    assert.deepEqual((await ask('GET', `/${webhook.id}`)).json(), webhook)
    assert.deepEqual((await ask('GET', '')).json(), { items: [webhook], next: null })
    const patched = await ask('PATCH', `/${webhook.id}`, { active: false, url: 'http://127.0.0.1:9000/y' })
    assert.deepEqual(patched.json(), { ...webhook, active: false, url: 'http://127.0.0.1:9000/y' })
    assert.equal((await ask('DELETE', `/${webhook.id}`)).statusCode, 204)
    for (const [method, url] of [['GET', ''], ['DELETE', ''], ['PATCH', ''], ['POST', '/ping'], ['POST', '/rotate-secret'], ['GET', '/deliveries'], ['POST', '/deliveries/dlv_x/retry']] as const) {
      const answer = await ask(method, `/${webhook.id}${url}`, method === 'PATCH' ? { active: true } : undefined)
      assert.deepEqual([answer.statusCode, answer.json().code], [404, 'not-found'], `${method} ${url}`)
    }
  })

  test('all events when none are named', async () => {
    const { id, events } = (await create()).json()
    assert.deepEqual(events, WEBHOOK_EVENTS)
    await ask('DELETE', `/${id}`)
  })

  test('what is wrong is told with its place', async () => {
    const refused: Array<[object, string, RegExp]> = [
      [{ url: 'http://10.0.0.1/' }, '/url', /not a public address/], [{ url: 'http://localhost/' }, '/url', /this machine/], [{ url: 'ftp://x/' }, '/url', /https/], [{ url: '' }, '/url', /character/],
      [{ url: `https://x.example/${'a'.repeat(2000)}` }, '/url', /2000/], [{ events: [] }, '/events', /item/], [{ events: ['job.exploded'] }, '/events/0', /must be one of job\.queued/],
      [{ event: ['job.failed'] }, '/event', /did you mean "events"/], [{ active: 'yes' }, '/active', /unknown/],
    ]
    for (const [payload, path, message] of refused) {
      const answer = await create(payload)
      assert.equal(answer.statusCode, 400, JSON.stringify(payload).slice(0, 100))
      const [error] = answer.json().errors
      assert.equal(error.path, path)
      assert.match(error.message, message)
    }
    assert.equal((await ask('POST', '')).statusCode, 400)
    const { id } = (await create()).json()
    assert.equal((await ask('PATCH', `/${id}`, { url: 'http://[::1]/' })).statusCode, 400)
    assert.equal((await ask('PATCH', `/${id}`, {})).statusCode, 400)
    assert.equal((await ask('GET', `/${id}/deliveries?state=lost`)).statusCode, 400)
    assert.equal((await ask('GET', `/${id}`)).json().url, 'https://hooks.example/x')
    await ask('DELETE', `/${id}`)
  })

  test('the same request twice makes one, and tells the same secret', async () => {
    const headers = { 'idempotency-key': 'once' }
    const [first, again] = [await create({}, headers), await create({}, headers)]
    assert.deepEqual(again.json(), first.json())
    assert.equal(again.headers['idempotency-replayed'], 'true')
    assert.equal((await create({ description: 'other' }, headers)).json().code, 'idempotency-mismatch')
    assert.equal((await ask('GET', '')).json().items.length, 1)
    await ask('DELETE', `/${first.json().id}`)
  })

  test('another secret', async () => {
    const { id, secret } = (await create()).json()
    const turned = await ask('POST', `/${id}/rotate-secret`)
    assert.equal(turned.statusCode, 200)
    assert.match(turned.json().secret, /^whsec_/)
    assert.notEqual(turned.json().secret, secret)
    const hours = (Date.parse(turned.json().previousSecretUntil) - Date.now()) / 3_600_000
    assert.ok(hours > 23.9 && hours <= 24.01, String(hours))
    assert.equal((await ask('GET', `/${id}`)).json().secret, undefined)
    await ask('DELETE', `/${id}`)
  })

  test('pings and deliveries: listed by state, sent again, refused while it is off', async () => {
    const { id } = (await create({ events: ['job.queued'] })).json()
    const job = await newJob(harness.catalog)
    const ping = await ask('POST', `/${id}/ping`)
    assert.equal(ping.statusCode, 202)
    const all = (await ask('GET', `/${id}/deliveries?limit=1`)).json()
    assert.deepEqual(all.items, [ping.json()])
    const [queued] = (await ask('GET', `/${id}/deliveries?cursor=${all.next}`)).json().items
    assert.deepEqual([queued.type, queued.job, queued.webhook, queued.state], ['job.queued', job.id, id, 'pending'])
    const [claim] = await harness.catalog.claimDeliveries([id], 30_000)
    assert.ok(claim !== undefined)
    assert.equal(claim.id, queued.id)
    await harness.catalog.recordDelivery(claim, { state: 'failed', answer: { status: 500, error: null, retryAfterMs: null, response: 'NUL \0', durationMs: 3 } })
    const [failed] = (await ask('GET', `/${id}/deliveries?state=failed`)).json().items
    assert.deepEqual({ ...failed.last, at: '' }, { at: '', status: 500, error: null, durationMs: 3, response: 'NUL \ufffd' })
    const again = await ask('POST', `/${id}/deliveries/${queued.id}/retry`)
    assert.deepEqual([again.statusCode, again.json().state, again.json().tries], [202, 'pending', 0])
    assert.equal((await ask('POST', `/${id}/deliveries/dlv_none/retry`)).json().code, 'not-found')
    await ask('PATCH', `/${id}`, { active: false })
    for (const url of [`/${id}/ping`, `/${id}/deliveries/${queued.id}/retry`]) assert.equal((await ask('POST', url)).json().code, 'conflict')
    await ask('DELETE', `/${id}`)
  })

  test('no more than allowed', async () => {
    for (let i = 0; i < MOST_WEBHOOKS; i++) assert.equal((await create()).statusCode, 201)
    const answer = await create()
    assert.deepEqual([answer.statusCode, answer.json().code], [422, 'limit-exceeded'])
    assert.equal((await harness.catalog.of(FIRST_TENANT).webhooks({ limit: 100 })).items.length, MOST_WEBHOOKS)
  })
})

test('the API process sends what its routes take', async () => {
  const database = await freshDatabase()
  const { url: redisUrl, prefix } = freshPrefix()
  const home = await mkdtemp(path.join(tmpdir(), 'espalier-webhooks-'))
  const there = await startReceiver()
  const server = await serve({ ...readConfig({}), host: '127.0.0.1', port: 0, home, databaseUrl: database.url, redisUrl, queuePrefix: prefix, logLevel: 'silent', webhookAllow: '127.0.0.1' })
  try {
    const post = async (to: string, body: object = {}): Promise<Response> =>
      await fetch(`${server.url}/v1/webhooks${to}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    const { id } = await (await post('', { url: there.url })).json() as { id: string }
    const ping = await (await post(`/${id}/ping`)).json() as { id: string }
    const [received] = await there.untilReceived(1)
    assert.equal(received?.headers['webhook-id'], ping.id)
    assert.deepEqual(JSON.parse(received?.body.toString() ?? '').data, { webhook: id })
  } finally {
    await server.close()
    await there.close()
    await database.drop()
    await rm(home, { recursive: true, force: true })
  }
})
