/** Submitting and waiting in one request: what is answered when, and what the same request gets again. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { RECEIPT, RECIPE } from '../contract/samples.ts'
import { form, openHarness, type Harness } from './http-harness.ts'

interface Body { readonly id: string, readonly state: string, readonly receipt?: object, readonly code?: string }

describe('submitting and waiting in one request', () => {
  let harness: Harness
  let model: string
  before(async () => {
    harness = await openHarness()
    const { payload, headers } = form({ name: 'file', filename: 'm.keras', value: 'model' })
    model = (await harness.app.inject({ method: 'POST', url: '/v1/models', payload, headers })).json<Body>().id
  })
  after(async () => await harness.close())

  const submit = async (query: string, headers: Record<string, string> = {}) => await harness.app.inject({ method: 'POST', url: `/v1/jobs${query}`, headers, payload: { model, recipe: RECIPE } })
  const jobs = async (): Promise<Body[]> => (await harness.app.inject('/v1/jobs?limit=100')).json<{ items: Body[] }>().items
  /** The job that a request which still waits has made. */
  const newest = async (than: number): Promise<string> => {
    for (const end = Date.now() + 20_000; Date.now() < end; await sleep(20)) {
      const all = await jobs()
      if (all.length > than) return all[0]!.id
    }
    return assert.fail('no job was made')
  }
  const finish = async (id: string): Promise<void> => {
    await harness.catalog.begin(id, 1, 'w')
    assert.ok(await harness.catalog.succeed(id, 1, RECEIPT, []))
  }

  test('202 with the job as it is when the time is over, 200 when it has ended', async () => {
    const late = await submit('?wait=0.3')
    assert.deepEqual([late.statusCode, late.json<Body>().state, late.headers.location], [202, 'queued', `/v1/jobs/${late.json<Body>().id}`])
    const before = (await jobs()).length
    const waiting = submit('?wait=30')
    const id = await newest(before)
    await finish(id)
    const answer = await waiting
    assert.deepEqual([answer.statusCode, answer.headers.location, answer.json<Body>().id, answer.json<Body>().state], [200, `/v1/jobs/${id}`, id, 'succeeded'])
    assert.deepEqual(answer.json(), (await harness.app.inject(`/v1/jobs/${id}`)).json())
    const parts = form({ name: 'model', value: model }, { name: 'recipe', value: JSON.stringify(RECIPE) })
    const asForm = harness.app.inject({ method: 'POST', url: '/v1/jobs?wait=30', payload: parts.payload, headers: parts.headers })
    const next = await newest(before + 1)
    await harness.app.inject({ method: 'POST', url: `/v1/jobs/${next}/cancel` })
    assert.deepEqual([(await asForm).statusCode, (await asForm).json<Body>().state], [200, 'cancelled'])
  })

  test('the kept answer is that of the making: repeated while the first waits, and afterwards with or without waiting', async () => {
    const before = (await jobs()).length
    const key = { 'idempotency-key': 'waits' }
    const first = submit('?wait=30', key)
    const id = await newest(before)
    const again = await submit('', key)
    assert.deepEqual([again.statusCode, again.json<Body>().id, again.json<Body>().state, again.headers['idempotency-replayed']], [202, id, 'queued', 'true'])
    const second = submit('?wait=20', key)
    await sleep(100)
    await finish(id)
    for (const [answer, replayed] of [[await first, undefined], [await second, 'true']] as const) {
      assert.deepEqual([answer.statusCode, answer.json<Body>().id, answer.json<Body>().state, answer.headers['idempotency-replayed']], [200, id, 'succeeded', replayed])
    }
    const made = await submit('', key)
    assert.deepEqual([made.statusCode, made.json<Body>().state], [202, 'queued'])
    assert.equal((await jobs()).length, before + 1)
    await harness.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })
    assert.equal((await submit('?wait=1', key)).body, made.body)
  })

  test('what may not wait makes nothing', async () => {
    const before = (await jobs()).length
    for (const wrong of ['?wait=31', '?wait=-1', '?wait=long', '?waits=1']) assert.equal((await submit(wrong)).statusCode, 400, wrong)
    const { key } = await harness.catalog.of(FIRST_TENANT).createKey({ name: 'w', scopes: ['write'], expiresAt: null })
    const refused = await submit('?wait=1', { authorization: `Bearer ${key}` })
    assert.deepEqual([refused.statusCode, refused.json<Body>().code], [403, 'forbidden'])
    assert.equal((await jobs()).length, before)
    assert.equal((await submit('', { authorization: `Bearer ${key}` })).statusCode, 202)
  })

  test('a server that closes answers those who wait', async () => {
    const closing = await openHarness()
    const { payload, headers } = form({ name: 'file', filename: 'm.keras', value: 'model' })
    const { id } = (await closing.app.inject({ method: 'POST', url: '/v1/models', payload, headers })).json<Body>()
    const base = await closing.app.listen({ host: '127.0.0.1', port: 0 })
    const waiting = fetch(`${base}/v1/jobs?wait=30`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: id, recipe: RECIPE }) })
    while ((await closing.catalog.of(FIRST_TENANT).jobs({ limit: 1 })).items.length === 0) await sleep(20)
    await sleep(200)
    const begin = performance.now()
    await closing.close()
    assert.equal((await waiting).status, 202)
    assert.ok(performance.now() - begin < 10_000)
  })
})
