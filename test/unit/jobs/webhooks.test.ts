/** Webhooks without a database: signatures, messages, what follows from an answer, how much is under way at once. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { messageOf } from '../../../src/jobs/webhooks/message.ts'
import { MOST_TRIES, outcomeOf, PAUSES_MS } from '../../../src/jobs/webhooks/outcome.ts'
import type { DueWebhook, EventData, SendAnswer } from '../../../src/jobs/webhooks/ports.ts'
import { fullOnes, thatFit } from '../../../src/jobs/webhooks/room.ts'
import { newSecret, signatureOf } from '../../../src/jobs/webhooks/signature.ts'

interface Signed { readonly secret: string, readonly id: string, readonly timestamp: number, readonly body: string, readonly signature: string }

const SIGNED = JSON.parse(readFileSync(new URL('../../fixtures/webhooks/signatures.json', import.meta.url), 'utf8')) as Signed[]
const HOUR = 3_600_000
const answer = (status: number | null, retryAfterMs: number | null = null): SendAnswer => ({ status, error: null, retryAfterMs, response: null, durationMs: 1 })

describe('signatures of webhooks', () => {
  test('are those that the package standardwebhooks makes', () => {
    assert.equal(SIGNED.length, 3)
    for (const { secret, signature, ...message } of SIGNED) assert.equal(signatureOf([secret], message), signature)
    const [one, two] = SIGNED
    assert.ok(one !== undefined && two !== undefined)
    assert.equal(signatureOf([one.secret, two.secret], two).split(' ')[1], two.signature)
  })

  test('secrets are long and never the same', () => {
    const secrets = Array.from({ length: 50 }, newSecret)
    for (const secret of secrets) assert.equal(Buffer.from(/^whsec_([A-Za-z0-9+/]+=*)$/.exec(secret)?.[1] ?? '', 'base64').length, 32)
    assert.equal(new Set(secrets).size, 50)
  })
})

describe('messages of webhooks', () => {
  const job = {
    id: 'job_1', state: 'failed' as const, attempt: 2, model: 'mdl_1', dataset: null, evaluationDataset: null,
    error: { code: 'internal' as const, message: 'x'.repeat(5000), details: { path: '/srv/secret' } },
    createdAt: '2026-01-01T01:00:00.5+01:00', startedAt: null, finishedAt: '2026-01-01T00:00:01+00:00',
  }
  const data: EventData = { sequence: 7, at: '2026-01-01T02:00:01.25+02:00', job }
  const delivery = { id: 'dlv_1', secrets: [SIGNED[0]?.secret ?? ''], type: 'job.failed', data }

  test('the same body and id at every try, the time of this one', () => {
    const [one, two] = [messageOf(delivery, 1_790_000_000_999, '1.2.3'), messageOf(delivery, 1_790_000_060_000, '1.2.3')]
    assert.equal(one.body, two.body)
    assert.deepEqual([one.headers['webhook-id'], one.headers['webhook-timestamp'], two.headers['webhook-timestamp'], one.headers['user-agent']], ['dlv_1', '1790000000', '1790000060', 'Espalier/1.2.3'])
    assert.notEqual(one.headers['webhook-signature'], two.headers['webhook-signature'])
    const body = JSON.parse(one.body)
    assert.deepEqual(body, {
      type: 'job.failed', timestamp: '2026-01-01T00:00:01.250Z',
      data: { sequence: 7, job: { ...job, error: { code: 'internal', message: 'x'.repeat(2000) }, createdAt: '2026-01-01T00:00:00.500Z', finishedAt: '2026-01-01T00:00:01.000Z', links: { self: '/v1/jobs/job_1' } } },
    })
  })

  test('a job that succeeded has links to what it made; a ping names its webhook', () => {
    const told = messageOf({ ...delivery, data: { ...data, job: { ...job, state: 'succeeded', error: null } } }, 0, '1')
    assert.deepEqual(JSON.parse(told.body).data.job.links, { self: '/v1/jobs/job_1', report: '/v1/jobs/job_1/report', layers: '/v1/jobs/job_1/layers' })
    assert.deepEqual(JSON.parse(messageOf({ ...delivery, type: 'ping', data: { webhook: 'whk_1', at: '2026-01-01T00:00:00Z' } }, 0, '1').body), { type: 'ping', timestamp: '2026-01-01T00:00:00.000Z', data: { webhook: 'whk_1' } })
  })
})

describe('what follows from an answer', () => {
  test('2xx is delivered, 410 ends the webhook, anything else is tried again', () => {
    for (const status of [200, 201, 202, 204, 299]) assert.equal(outcomeOf(answer(status), 1, 0).state, 'delivered')
    for (const status of [null, 199, 300, 301, 307, 400, 401, 404, 429, 500, 503]) {
      assert.deepEqual(outcomeOf(answer(status), 1, 0), { state: 'pending', waitMs: 5000, answer: answer(status) })
    }
    const gone = outcomeOf(answer(410), 1, 0)
    assert.equal(gone.state, 'failed')
    assert.match(gone.turnOff ?? '', /410/)
  })

  test('eight tries within a day, ever further apart, and then no more', () => {
    for (const random of [0, 0.5, 0.999]) {
      const waits = PAUSES_MS.map((_, i) => outcomeOf(answer(500), i + 1, random).waitMs ?? 0)
      assert.ok(waits.every((wait, i) => i === 0 || wait > 1.5 * (waits[i - 1] ?? 0)), String(waits))
      const all = waits.reduce((sum, wait) => sum + wait, 0)
      assert.ok(all > 18 * HOUR && all < 24 * HOUR, String(all))
    }
    assert.equal(MOST_TRIES, 8)
    assert.deepEqual(outcomeOf(answer(500), 8, 0), { state: 'failed', answer: answer(500) })
  })

  test('Retry-After makes the wait longer, never shorter, and not longer than twelve hours', () => {
    assert.equal(outcomeOf(answer(503, 60_000), 1, 0).waitMs, 60_000)
    assert.equal(outcomeOf(answer(503, 1000), 1, 0).waitMs, 5000)
    assert.equal(outcomeOf(answer(429, 900 * HOUR), 1, 0).waitMs, 12 * HOUR)
    assert.equal(outcomeOf(answer(429, 60_000), 8, 0).state, 'failed')
  })
})

describe('room', () => {
  const webhook = (id: number, tenantId: string, host: string): DueWebhook => ({ id: `whk_${id}`, tenantId, host })
  const room = { all: 6, tenant: 3, host: 2 }

  test('for so many in all, of a tenant and to a host', () => {
    const due = [webhook(1, 'a', 'x'), webhook(2, 'a', 'x'), webhook(3, 'b', 'x'), webhook(4, 'a', 'y'), webhook(5, 'a', 'z'), webhook(6, 'b', 'y'), webhook(7, 'c', 'v'), webhook(8, 'c', 'w'), webhook(9, 'd', 'u')]
    assert.deepEqual(thatFit(due, [], room).map(({ id }) => id), ['whk_1', 'whk_2', 'whk_4', 'whk_6', 'whk_7', 'whk_8'])
    assert.deepEqual(thatFit(due, due.slice(0, 2), room).map(({ id }) => id), ['whk_4', 'whk_6', 'whk_7', 'whk_8'])
  })

  test('those that are full are not asked for', () => {
    assert.deepEqual(fullOnes([webhook(1, 'a', 'x'), webhook(2, 'a', 'x'), webhook(3, 'b', 'y'), webhook(4, 'a', 'z')], room), { exceptHosts: ['x'], exceptTenants: ['a'] })
    assert.deepEqual(fullOnes([], room), { exceptHosts: [], exceptTenants: [] })
  })
})
