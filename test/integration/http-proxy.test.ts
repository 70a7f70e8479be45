/** Whose address a request has: forged headers with and without proxies that are trusted, in the record of actions, the limits of rate and the log. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../../src/config.ts'
import type { TrustedProxies } from '../../src/config-proxy.ts'
import { createApp } from '../../src/http/app.ts'
import { serve } from '../../src/http/server.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { freshDatabase } from '../support/database.ts'
import { freshPrefix } from '../support/queue.ts'
import { openHarness, type Harness } from './http-harness.ts'

const PROXY = '10.0.0.1'

/** What the record says of one request with a wrong key, which came over a connection from `from`. */
async function recorded ({ app, catalog }: Harness, from: string, forwarded?: string): Promise<string> {
  const { items: before } = await catalog.of(FIRST_TENANT).audit({ limit: 100, action: 'authenticate' })
  const headers = { authorization: 'Bearer wrong', ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }) }
  assert.equal((await app.inject({ url: '/v1/models', remoteAddress: from, headers })).statusCode, 401)
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(10)) {
    const { items } = await catalog.of(FIRST_TENANT).audit({ limit: 100, action: 'authenticate' })
    if (items.length > before.length) return String(items[0]!.details?.['address'])
  }
  return assert.fail('nothing is on record')
}

async function addresses (trustProxy: TrustedProxies | undefined, cases: ReadonlyArray<readonly [from: string, forwarded: string | undefined, address: string]>): Promise<void> {
  const harness = await openHarness({ requireKey: true, ...(trustProxy !== undefined && { trustProxy }) })
  try {
    for (const [from, forwarded, address] of cases) assert.equal(await recorded(harness, from, forwarded), address, `${from} ${forwarded}`)
  } finally {
    await harness.close()
  }
}

describe('the address of a client', () => {
  test('without a trusted proxy it is that of the connection, whatever the headers say', async () => {
    await addresses(undefined, [[PROXY, '203.0.113.7', PROXY], ['198.51.100.1', '127.0.0.1, ::1', '198.51.100.1']])
  })

  test('of named proxies alone the header is believed, from its end up to the first address that is none of theirs', async () => {
    await addresses([PROXY, '10.2.0.0/16'], [
      [PROXY, '203.0.113.7', '203.0.113.7'],
      [PROXY, '1.2.3.4, 203.0.113.8', '203.0.113.8'],
      [PROXY, '1.2.3.4, 203.0.113.9, 10.2.3.4', '203.0.113.9'],
      [PROXY, undefined, PROXY],
      ['198.51.100.1', '203.0.113.10', '198.51.100.1'],
      ['10.2.0.9', 'not an address', '10.2.0.9'],
      ['10.2.0.10', `${'x'.repeat(4000)}, 2001:db8::1`, '2001:db8::1'],
    ])
  })

  test('of a number of proxies so many of the last addresses are theirs', async () => {
    await addresses(2, [['198.51.100.2', '1.2.3.4, 203.0.113.11, 10.9.9.9', '203.0.113.11'], ['198.51.100.3', '203.0.113.12', '203.0.113.12']])
    await addresses(1, [['198.51.100.4', '1.2.3.4, 203.0.113.13', '203.0.113.13']])
  })

  test('limits of rate hold the client up, not all who come through the proxy; a client cannot be somebody else', async () => {
    for (const [trustProxy, others] of [[[PROXY], 401], [undefined, 429]] as const) {
      const harness = await openHarness({ requireKey: true, rates: { perMinute: 1000 }, ...(trustProxy && { trustProxy: [...trustProxy] }) })
      const ask = async (forwarded: string): Promise<number> => (await harness.app.inject({ url: '/v1/models', remoteAddress: PROXY, headers: { authorization: 'Bearer wrong', 'x-forwarded-for': forwarded } })).statusCode
      try {
        const statuses: number[] = []
        for (let i = 0; i < 62; i++) statuses.push(await ask(`192.0.2.${i}, 203.0.113.7`))
        assert.equal(statuses.filter((status) => status === 429).length, 2)
        assert.equal(await ask('203.0.113.8'), others)
      } finally {
        await harness.close()
      }
    }
  })

  test('the log has the client; a page at the name that the proxy goes by may change something, another site\'s may not', async () => {
    let text = ''
    const harness = await openHarness()
    const app = await createApp({ ...harness, apiKey: 'a-key-of-16-letters', trustProxy: [PROXY] }, { log: createLog({ level: 'info', role: 'api', format: 'json', destination: { write (line: string) { text += line } } }) })
    const post = async (origin: string, remoteAddress = PROXY): Promise<number> => (await app.inject({
      method: 'POST', url: '/v1/jobs/none/cancel', remoteAddress, headers: { origin, host: 'internal:8080', 'x-forwarded-host': 'espalier.example', 'x-forwarded-for': '203.0.113.7', 'x-api-key': 'a-key-of-16-letters' },
    })).statusCode
    try {
      assert.deepEqual([await post('https://espalier.example'), await post('https://evil.example'), await post('https://espalier.example', '198.51.100.1')], [404, 401, 401])
      const lines = text.trim().split('\n').map((line) => JSON.parse(line) as { msg: string, req?: { address: string } }).filter(({ msg }) => msg === 'request')
      assert.deepEqual(lines.map(({ req }) => req?.address), ['203.0.113.7', '203.0.113.7', '198.51.100.1'])
    } finally {
      await app.close()
      await harness.close()
    }
  })
})

test('a server behind a proxy asks for a key on a loopback address too, and over a real connection believes the proxy alone', async () => {
  const database = await freshDatabase()
  const { url: redisUrl, prefix } = freshPrefix()
  const home = await mkdtemp(path.join(tmpdir(), 'espalier-proxy-'))
  const config = { ...readConfig({ ESPALIER_TRUST_PROXY: 'loopback' }), host: '127.0.0.1', port: 0, home, databaseUrl: database.url, redisUrl, queuePrefix: prefix, logLevel: 'silent' as const }
  try {
    await assert.rejects(serve(config), { code: 'invalid-configuration', message: /ESPALIER_TRUST_PROXY says/ })
    const server = await serve({ ...config, apiKey: 'a-key-of-16-letters' })
    try {
      const ask = async (headers: Record<string, string>): Promise<Response> => await fetch(`${server.url}/v1/audit`, { headers })
      assert.equal((await ask({})).status, 401)
      await fetch(`${server.url}/v1/jobs/none/cancel`, { method: 'POST', headers: { 'x-api-key': 'a-key-of-16-letters', 'x-forwarded-for': '1.2.3.4, 203.0.113.7' } })
      for (let left = 100; left > 0; left--) {
        const { items } = await (await ask({ 'x-api-key': 'a-key-of-16-letters' })).json() as { items: Array<{ action: string, details: { address: string } }> }
        const found = items.find(({ action }) => action === 'cancelJob')
        if (found !== undefined) return assert.equal(found.details.address, '203.0.113.7')
        await sleep(20)
      }
      assert.fail('nothing is on record')
    } finally {
      await server.close()
    }
  } finally {
    await database.drop()
    await rm(home, { recursive: true, force: true })
  }
})
