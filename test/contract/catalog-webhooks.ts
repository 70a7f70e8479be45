/** What every Catalog must do with webhooks: what is told, to whom, in which order, and by one dispatcher at a time. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalog, TenantCatalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import type { ClaimedDelivery, DeliveryOutcome, DueWebhook, SendAnswer } from '../../src/jobs/webhooks/ports.ts'
import type { Webhook } from '../../src/jobs/webhooks/resources.ts'
import { newJob, WEBHOOK } from './samples.ts'

const LEASE_MS = 30_000
const ANSWER: SendAnswer = { status: 200, error: null, retryAfterMs: null, response: 'thank you', durationMs: 12 }
const DELIVERED: DeliveryOutcome = { state: 'delivered', answer: ANSWER }
const LATER: DeliveryOutcome = { state: 'pending', waitMs: 60_000, answer: { ...ANSWER, status: null, error: 'no answer', response: null } }

export function catalogWebhooksContract (name: string, catalog: () => Catalog): void {
  describe(`webhooks: ${name}`, () => {
    let mine: TenantCatalog
    let webhook: Webhook

    beforeEach(async () => {
      mine = catalog().of(FIRST_TENANT)
      for (const { id } of (await mine.webhooks({ limit: 100 })).items) await mine.deleteWebhook(id)
      webhook = await mine.createWebhook(WEBHOOK, 20)
    })

    const due = async (except: { hosts?: string[], tenants?: string[] } = {}): Promise<DueWebhook[]> =>
      await catalog().dueWebhooks({ limit: 100, exceptHosts: except.hosts ?? [], exceptTenants: except.tenants ?? [] })
    const claim = async (leaseMs = LEASE_MS): Promise<ClaimedDelivery | undefined> => (await catalog().claimDeliveries([webhook.id], leaseMs))[0]
    const typesOf = async (id = webhook.id): Promise<string[]> => ((await mine.deliveries(id, { limit: 100 }))?.items ?? []).map(({ type }) => type)

    /** Delivers what is due; gives the claims in order. */
    async function all (): Promise<ClaimedDelivery[]> {
      const claims: ClaimedDelivery[] = []
      for (let next = await claim(); next !== undefined; next = await claim()) {
        claims.push(next)
        assert.equal(await catalog().recordDelivery(next, DELIVERED), true)
      }
      return claims
    }

    test('what a job comes to is told in order, with what the job was then', async () => {
      const job = await newJob(catalog())
      await catalog().begin(job.id, 1, 'w')
      await catalog().progress(job.id, 1, { stage: 'prune', done: 1, total: 2, etaSeconds: 1 })
      await mine.requestCancel(job.id)
      await catalog().cancelled(job.id, 1)
      await mine.retry(job.id)
      const error = { code: 'invalid-model' as const, message: 'a name with \0 and \ud800 in it' }
      await catalog().fail(job.id, 2, error)
      assert.deepEqual(await due(), [{ id: webhook.id, tenantId: FIRST_TENANT, host: 'hooks.example' }])
      const claims = await all()
      assert.deepEqual(claims.map(({ type }) => type), ['job.queued', 'job.running', 'job.cancelled', 'job.queued', 'job.failed'])
      const told = claims.map(({ data }) => 'job' in data ? data : assert.fail('no job'))
      assert.deepEqual(told.map(({ job: { state, attempt } }) => `${state} ${attempt}`), ['queued 1', 'running 1', 'cancelled 1', 'queued 2', 'failed 2'])
      assert.ok(told.every(({ sequence }, i) => i === 0 || sequence > (told[i - 1]?.sequence ?? 0)))
      const last = told.at(-1)?.job
      assert.deepEqual({ id: last?.id, model: last?.model, dataset: last?.dataset, error: last?.error }, { id: job.id, model: job.modelId, dataset: null, error })
      assert.deepEqual(told[0]?.job.error, null)
      assert.equal(Date.parse(last?.createdAt ?? ''), job.createdAt.getTime())
      assert.deepEqual(await due(), [])
    })

    test('only what was subscribed to, and only while active', async () => {
      const picky = await mine.createWebhook({ ...WEBHOOK, events: ['job.failed'] }, 20)
      await mine.changeWebhook(webhook.id, { active: false })
      const { id } = await newJob(catalog())
      await catalog().fail(id, 1, { code: 'internal', message: 'broke' })
      assert.deepEqual(await typesOf(), [])
      assert.deepEqual(await typesOf(picky.id), ['job.failed'])
    })

    test('one delivery of a webhook at a time, and one dispatcher has it', async () => {
      await newJob(catalog())
      await newJob(catalog())
      const claims = (await Promise.all(Array.from({ length: 8 }, async () => await claim()))).filter((one) => one !== undefined)
      assert.equal(claims.length, 1)
      assert.deepEqual(await due(), [])
      assert.equal(await claim(), undefined)
      assert.equal(claims[0]?.tries, 1)
      assert.ok(claims[0] !== undefined && await catalog().recordDelivery(claims[0], DELIVERED))
      assert.equal((await all()).length, 1)
    })

    test('whoever takes it and is not heard of again loses it', async () => {
      await newJob(catalog())
      const lost = await claim(50)
      await sleep(80)
      assert.equal((await due()).length, 1)
      const found = await claim()
      assert.ok(lost !== undefined && found !== undefined)
      assert.deepEqual([found.id, found.tries], [lost.id, 2])
      assert.equal(await catalog().recordDelivery(lost, LATER), false)
      assert.equal(await claim(), undefined, 'the one that was late does not free the webhook of the other')
      assert.equal(await catalog().recordDelivery(found, DELIVERED), true)
      assert.deepEqual((await mine.deliveries(webhook.id, { limit: 10 }))?.items.map(({ state, tries }) => [state, tries]), [['delivered', 2]])
    })

    test('one that has to wait does not hold up those after it', async () => {
      const [first, second] = [await newJob(catalog()), await newJob(catalog())]
      const one = await claim()
      assert.ok(one !== undefined && await catalog().recordDelivery(one, LATER))
      assert.deepEqual((await all()).map(({ data }) => 'job' in data && data.job.id), [second.id])
      const page = await mine.deliveries(webhook.id, { limit: 10, state: 'pending' })
      assert.deepEqual(page?.items.map(({ job }) => job), [first.id])
      const [waiting] = page?.items ?? []
      assert.deepEqual({ ...waiting?.last, at: '' }, { at: '', status: null, error: 'no answer', durationMs: 12, response: null })
      assert.ok(Date.parse(waiting?.nextTryAt ?? '') > Date.now() + 50_000)
    })

    test('hosts and tenants that have enough are left out', async () => {
      await newJob(catalog())
      assert.equal((await due()).length, 1)
      assert.deepEqual(await due({ hosts: ['hooks.example'] }), [])
      assert.deepEqual(await due({ tenants: [FIRST_TENANT] }), [])
      assert.equal((await due({ hosts: ['other.example'], tenants: ['tnt_x'] })).length, 1)
    })

    test('the webhook longest left alone comes first', async () => {
      const other = await mine.createWebhook(WEBHOOK, 20)
      for (let i = 0; i < 3; i++) await newJob(catalog())
      for (const expected of [webhook.id, other.id, webhook.id, other.id]) {
        // Neither was sent to at the beginning: either may be first.
        const [next] = expected === webhook.id && (await due())[0]?.id === other.id ? (await due()).reverse() : await due()
        assert.equal(next?.id, expected)
        const [taken] = await catalog().claimDeliveries([expected], LEASE_MS)
        assert.ok(taken !== undefined && await catalog().recordDelivery(taken, DELIVERED))
        await sleep(2)
      }
    })

    test('gone: nothing more is sent until it is turned on again', async () => {
      await newJob(catalog())
      await newJob(catalog())
      const one = await claim()
      assert.ok(one !== undefined && await catalog().recordDelivery(one, { state: 'failed', turnOff: 'it said so', answer: { ...ANSWER, status: 410 } }))
      const after = await mine.webhook(webhook.id)
      assert.deepEqual([after?.active, after?.turnedOff], [false, 'it said so'])
      assert.deepEqual(await due(), [])
      await assert.rejects(mine.pingWebhook(webhook.id), { code: 'conflict' })
      await assert.rejects(mine.retryDelivery(webhook.id, one.id), { code: 'conflict' })
      assert.deepEqual((await mine.changeWebhook(webhook.id, { active: true }))?.turnedOff, null)
      assert.equal((await all()).length, 1)
      assert.equal((await mine.retryDelivery(webhook.id, one.id))?.state, 'pending')
      assert.deepEqual((await all()).map(({ id, tries }) => [id, tries]), [[one.id, 1]])
    })

    test('a ping is told once; what is not there is null', async () => {
      const ping = await mine.pingWebhook(webhook.id)
      assert.deepEqual([ping?.type, ping?.job, ping?.state, ping?.tries, ping?.last], ['ping', null, 'pending', 0, null])
      assert.deepEqual((await all()).map(({ id, data }) => [id, 'webhook' in data && data.webhook]), [[ping?.id, webhook.id]])
      assert.equal(await mine.webhook('whk_x\0'), null)
      assert.equal(await mine.retryDelivery(webhook.id, 'dlv_x'), null)
      assert.equal(await mine.deliveries('whk_x', { limit: 1 }), null)
    })

    test('two secrets for a while', async () => {
      await newJob(catalog())
      await newJob(catalog())
      const turned = await mine.rotateWebhookSecret(webhook.id, 'whsec_new', 1500)
      assert.ok(Date.parse(turned?.previousSecretUntil ?? '') > Date.now())
      const one = await claim()
      assert.deepEqual(one?.secrets, ['whsec_new', WEBHOOK.secret])
      assert.ok(await catalog().recordDelivery(one, DELIVERED))
      await sleep(1550)
      assert.deepEqual((await claim())?.secrets, ['whsec_new'])
      assert.equal((await mine.webhook(webhook.id))?.previousSecretUntil, null)
    })

    test('its deliveries go with it, also while one is under way', async () => {
      const { id } = await newJob(catalog())
      const one = await claim()
      assert.equal(await mine.deleteWebhook(webhook.id), true)
      assert.equal(await mine.deliveries(webhook.id, { limit: 1 }), null)
      assert.ok(one !== undefined)
      assert.equal(await catalog().recordDelivery(one, DELIVERED), false)
      assert.equal(await catalog().fail(id, 1, { code: 'internal', message: 'broke' }), true)
    })

    test('no more than allowed, however many are made at once', async () => {
      const made = await Promise.allSettled(Array.from({ length: 6 }, async () => await mine.createWebhook(WEBHOOK, 4)))
      assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 3)
      const [refused] = made.filter((one) => one.status === 'rejected')
      assert.equal(refused?.reason.code, 'limit-exceeded')
    })

    test('pages of deliveries', async () => {
      for (let i = 0; i < 5; i++) await mine.pingWebhook(webhook.id)
      const every = (await mine.deliveries(webhook.id, { limit: 10 }))?.items.map(({ id }) => id)
      const paged: string[] = []
      for (let cursor: string | null | undefined; cursor !== null;) {
        const page = await mine.deliveries(webhook.id, { limit: 2, ...(cursor !== undefined && { cursor }) })
        paged.push(...page?.items.map(({ id }) => id) ?? [])
        cursor = page?.next ?? null
      }
      assert.equal(paged.length, 5)
      assert.deepEqual(paged, every)
    })
  })
}
