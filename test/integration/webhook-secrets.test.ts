/** Secrets of webhooks in the database: encrypted by API processes that share a key, also in kept answers, through changes of the key and from a version that stored them as they were. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { readConfig, type Config } from '../../src/config.ts'
import { serve, type Server } from '../../src/http/server.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { newSecret } from '../../src/jobs/webhooks/signature.ts'
import { openCatalog, type CatalogOnDatabase } from '../support/catalog.ts'
import { freshPrefix } from '../support/queue.ts'
import { startReceiver, type Received, type Receiver } from '../support/receiver.ts'

const [OLD, NEW] = ['old '.repeat(10), 'new '.repeat(10)] as const

describe('secrets of webhooks at rest', () => {
  let database: CatalogOnDatabase
  let admin: pg.Client
  let receiver: Receiver
  const homes: string[] = []
  const servers: Server[] = []
  before(async () => {
    database = await openCatalog()
    ;({ admin } = database)
    receiver = await startReceiver()
  })
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close()
    for (const table of ['webhooks', 'secrets', 'idempotency_keys']) await admin.query(`DELETE FROM ${table}`)
    receiver.received.length = 0
  })
  after(async () => {
    await receiver.close()
    await database.close()
    for (const home of homes) await rm(home, { recursive: true, force: true })
  })

  const newHome = async (): Promise<string> => {
    homes.push(await mkdtemp(path.join(tmpdir(), 'espalier-secrets-')))
    return homes.at(-1)!
  }
  const start = async (changes: Partial<Config>): Promise<Server> => {
    const { url: redisUrl, prefix } = freshPrefix()
    const server = await serve({ ...readConfig({}), host: '127.0.0.1', port: 0, home: await newHome(), databaseUrl: database.url, redisUrl, queuePrefix: prefix, logLevel: 'silent', webhookAllow: '127.0.0.1', ...changes })
    servers.push(server)
    return server
  }
  const post = async ({ url }: Server, to: string, body: object = {}, headers: Record<string, string> = {}): Promise<{ id: string, secret: string }> => {
    const answer = await fetch(`${url}/v1/webhooks${to}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
    const text = await answer.text()
    assert.ok(answer.ok, text)
    return JSON.parse(text)
  }
  /** By Standard Webhooks, without the product's own code. */
  const isSigned = ({ headers, body }: Received, secret: string): boolean => {
    const signature = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`).update(body).digest('base64')
    return String(headers['webhook-signature']).split(' ').includes(`v1,${signature}`)
  }
  /** All rows of all tables that may hold one, as text. */
  const stored = async (): Promise<string> => (await admin.query<{ all: string }>('SELECT (SELECT json_agg(w) FROM webhooks w)::text || coalesce((SELECT json_agg(i) FROM idempotency_keys i)::text, \'\') AS all')).rows[0]!.all
  const secretOf = (secret: string): string => secret.slice('whsec_'.length)

  test('neither rows nor kept answers have it; the same request gets it again, and what is sent is signed with it', async () => {
    const home = await newHome()
    const [one, two] = [await start({ home }), await start({ home })]
    const made = await post(one, '', { url: receiver.url }, { 'idempotency-key': 'once' })
    assert.equal((await post(two, '', { url: receiver.url }, { 'idempotency-key': 'once' })).secret, made.secret)
    const turned = await post(two, `/${made.id}/rotate-secret`, {}, { 'idempotency-key': 'turn' })
    assert.equal((await post(one, `/${made.id}/rotate-secret`, {}, { 'idempotency-key': 'turn' })).secret, turned.secret)
    const rows = await stored()
    for (const { secret } of [made, turned]) assert.ok(!rows.includes(secretOf(secret)) && !rows.includes('whsec_'))
    await post(one, `/${made.id}/ping`)
    const [ping] = await receiver.untilReceived(1)
    assert.deepEqual([made, turned].map(({ secret }) => isSigned(ping!, secret)), [true, true])
  })

  test('two machines with keys of their own: the second does not start and says what to set; with the same key it does', async () => {
    await start({})
    await assert.rejects(start({}), { code: 'invalid-configuration', message: /set ESPALIER_SECRET_KEY to the same for all API processes/ })
    await admin.query('DELETE FROM secrets')
    await start({ secretKeys: [NEW] })
    await start({ secretKeys: [NEW] })
    await assert.rejects(start({ secretKeys: [OLD] }), { code: 'invalid-configuration' })
  })

  test('the key is changed while the service runs: read with the former one, written with the new one, which then is enough', async () => {
    const before = await start({ secretKeys: [OLD] })
    const { id, secret } = await post(before, '', { url: receiver.url })
    // First every process reads with the new one, then each writes with it, then the former one goes.
    const step = await start({ secretKeys: [OLD, NEW] })
    await before.close()
    const writing = await start({ secretKeys: [NEW, OLD] })
    await post(step, `/${id}/ping`)
    assert.ok(isSigned((await receiver.untilReceived(1))[0]!, secret))
    await Promise.all([step.close(), writing.close()])
    await assert.rejects(start({ secretKeys: [OLD] }), { code: 'invalid-configuration' })
    const after = await start({ secretKeys: [NEW] })
    await post(after, `/${id}/ping`)
    assert.ok(isSigned((await receiver.untilReceived(2))[1]!, secret))
  })

  test('rows and answers of a version that stored them as they were are encrypted at the next start, and are good', async () => {
    const { id } = await database.catalog.of(FIRST_TENANT).createWebhook({ url: receiver.url, events: ['job.failed'], description: '', secret: newSecret() }, 10)
    const [secret, previous] = [newSecret(), newSecret()]
    await admin.query('UPDATE webhooks SET secret = $1, previous_secret = $2, previous_secret_until = now() + interval \'1 hour\'', [secret, previous])
    const scope = `${FIRST_TENANT} POST /v1/webhooks`
    await admin.query('INSERT INTO idempotency_keys (scope, key, fingerprint, answer) VALUES ($1, \'k\', \'f\', $2)', [scope, { status: 201, headers: {}, body: JSON.stringify({ id, secret }) }])
    await admin.query('DELETE FROM secrets')
    const server = await start({ secretKeys: [NEW] })
    const rows = await stored()
    for (const text of [secret, previous]) assert.ok(!rows.includes(secretOf(text)))
    await post(server, `/${id}/ping`)
    const [ping] = await receiver.untilReceived(1)
    assert.deepEqual([isSigned(ping!, secret), isSigned(ping!, previous)], [true, true])
    const { rows: [kept] } = await admin.query<{ answer: { secret: boolean, body: string } }>('SELECT answer FROM idempotency_keys')
    assert.equal(kept!.answer.secret, true)
    assert.match(kept!.answer.body, /^v1\.[0-9a-f]{8}\./)
  })

  test('a key that was lost: nothing is sent unsigned, deliveries say why, and another secret heals it', async () => {
    const lost = await start({ secretKeys: [OLD] })
    const { id } = await post(lost, '', { url: receiver.url })
    await lost.close()
    await assert.rejects(start({ secretKeys: [NEW] }), { code: 'invalid-configuration' })
    await admin.query("DELETE FROM secrets WHERE name = 'key of secrets'")
    const server = await start({ secretKeys: [NEW] })
    await post(server, `/${id}/ping`)
    const tries = async (): Promise<Array<{ last: { error: string } | null }>> => (await (await fetch(`${server.url}/v1/webhooks/${id}/deliveries`)).json() as { items: Array<{ last: { error: string } | null }> }).items
    for (const end = Date.now() + 20_000; (await tries())[0]?.last == null; await sleep(50)) assert.ok(Date.now() < end, 'no try is told')
    assert.match((await tries())[0]!.last!.error, /cannot be read.*rotate the secret/)
    assert.equal(receiver.received.length, 0)
    const { secret } = await post(server, `/${id}/rotate-secret`)
    await post(server, `/${id}/ping`)
    assert.ok(isSigned((await receiver.untilReceived(1))[0]!, secret))
  })
})
