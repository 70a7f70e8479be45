/** Limits of rate, over several API processes and without a Valkey; and what a server asks for before it listens where others reach it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { readConfig, type Config } from '../../src/config.ts'
import { createApp } from '../../src/http/app.ts'
import { serve } from '../../src/http/server.ts'
import { makeFirstKey } from '../../src/infra/embedded/first-key.ts'
import { createRateCounter } from '../../src/infra/valkey/rate-counter.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { freshDatabase } from '../support/database.ts'
import { freshPrefix } from '../support/queue.ts'
import { openHarness } from './http-harness.ts'

describe('limits of rate', () => {
  test('of one key over two API processes; another key and health are not held up', async () => {
    const { url, prefix } = freshPrefix()
    const counters = [createRateCounter(url, { prefix }), createRateCounter(url, { prefix })] as const
    const harness = await openHarness({ requireKey: true, rates: { perMinute: 10, counter: counters[0] } })
    const second = await createApp({ ...harness, rates: { perMinute: 10, counter: counters[1] } })
    try {
      // A command before there is a connection is not counted, as nobody is held up.
      for (const counter of counters) while (await counter.hit('warm', 1000).then(() => false, () => true)) await new Promise((resolve) => setTimeout(resolve, 20))
      const keyOf = async () => (await harness.catalog.of(FIRST_TENANT).createKey({ name: 'k', scopes: ['read'], expiresAt: null })).key
      const [one, two] = [await keyOf(), await keyOf()]
      const ask = async (app: typeof second, key: string, route = '/v1/models') => await app.inject({ url: route, headers: { authorization: `Bearer ${key}` } })
      for (let i = 0; i < 10; i++) {
        const answer = await ask(i % 2 === 0 ? harness.app : second, one)
        assert.equal(answer.statusCode, 200)
        assert.deepEqual([answer.headers['ratelimit-limit'], answer.headers['ratelimit-remaining']], ['10', String(9 - i)])
        assert.ok(Number(answer.headers['ratelimit-reset']) <= 60)
      }
      for (const app of [harness.app, second]) {
        const over = await ask(app, one)
        assert.deepEqual([over.statusCode, over.json().code, over.json().limit, over.headers['content-type']], [429, 'rate-limited', 10, 'application/problem+json'])
        assert.ok(Number(over.headers['retry-after']) > 0 && Number(over.headers['retry-after']) <= 60)
      }
      assert.equal((await ask(second, two)).statusCode, 200)
      assert.equal((await ask(second, one, '/healthz')).statusCode, 200)
      assert.equal((await ask(second, one, '/readyz')).statusCode, 200)
    } finally {
      await second.close()
      await harness.close()
      for (const counter of counters) await counter.close()
    }
  })

  test('wrong keys of one address: 401, then 429, while a right one is let in', async () => {
    const harness = await openHarness({ requireKey: true, rates: { perMinute: 1000 } })
    try {
      const { key } = await harness.catalog.of(FIRST_TENANT).createKey({ name: 'k', scopes: ['read'], expiresAt: null })
      const statuses: number[] = []
      for (let i = 0; i < 62; i++) statuses.push((await harness.app.inject({ url: '/v1/models', headers: { 'x-api-key': `wrong ${i}` } })).statusCode)
      assert.deepEqual([statuses.filter((status) => status === 401).length, statuses.filter((status) => status === 429).length], [60, 2])
      assert.equal((await harness.app.inject({ url: '/v1/models', headers: { 'x-api-key': key } })).statusCode, 200)
    } finally {
      await harness.close()
    }
  })

  test('without a Valkey nobody is held up', async () => {
    const counter = createRateCounter('redis://127.0.0.1:1', { prefix: 'none' })
    const harness = await openHarness({ rates: { perMinute: 1, counter } })
    try {
      for (let i = 0; i < 3; i++) {
        const began = performance.now()
        assert.equal((await harness.app.inject('/v1/catalog')).statusCode, 200)
        assert.ok(performance.now() - began < 2000)
      }
    } finally {
      await harness.close()
      await counter.close()
    }
  })
})

describe('a server where others reach it', () => {
  test('does not start without a key, then asks every request for one; a revoked one stops in every process within 5 s', async () => {
    const database = await freshDatabase()
    const { url: redisUrl, prefix } = freshPrefix()
    const home = await mkdtemp(path.join(tmpdir(), 'espalier-rates-'))
    const { apiKey: _none, ...base } = readConfig({})
    const config: Config = { ...base, host: '0.0.0.0', port: 0, home, databaseUrl: database.url, redisUrl, queuePrefix: prefix, logLevel: 'silent' }
    try {
      await assert.rejects(serve(config), { code: 'invalid-configuration', message: /npm run keys -- create/ })
      const told: string[] = []
      await makeFirstKey(database.url, (key) => { told.push(key) })
      await makeFirstKey(database.url, (key) => { told.push(key) })
      assert.equal(told.length, 1)
      const [one, two] = [await serve(config), await serve(config)]
      try {
        const statusAt = async ({ url }: typeof one, key?: string): Promise<number> => (await fetch(`${url.replace('0.0.0.0', '127.0.0.1')}/v1/models`, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } })).status
        assert.equal(await statusAt(one), 401)
        const answer = await fetch(`${one.url}/v1/keys`, { method: 'POST', headers: { authorization: `Bearer ${told[0]}`, 'content-type': 'application/json' }, body: JSON.stringify({ name: 'k', scopes: ['read'] }) })
        const { id, key } = await answer.json() as { id: string, key: string }
        assert.deepEqual([await statusAt(one, key), await statusAt(two, key)], [200, 200])
        await fetch(`${one.url}/v1/keys/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${told[0]}` } })
        assert.equal(await statusAt(one, key), 401)
        const revoked = performance.now()
        while (await statusAt(two, key) === 200) assert.ok(performance.now() - revoked < 5000)
      } finally {
        await Promise.all([one.close(), two.close()])
      }
    } finally {
      await database.drop()
      await rm(home, { recursive: true, force: true })
    }
  })
})
