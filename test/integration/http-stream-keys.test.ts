/** Event streams end with the key they were opened with: revoked, expired or gone with its tenant, at another API process too. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createApp } from '../../src/http/app.ts'
import type { App } from '../../src/http/dependencies.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { newJob } from '../contract/samples.ts'
import { watch, type EventClient } from '../support/event-source.ts'
import { openHarness, type Harness } from './http-harness.ts'

const LIMIT_MS = 10_000

describe('streams and the keys they were opened with', () => {
  let harness: Harness
  let other: App
  let bases: string[]
  before(async () => {
    harness = await openHarness({ requireKey: true, apiKey: 'a-key-of-16-letters' })
    other = await createApp(harness)
    bases = await Promise.all([harness.app, other].map(async (app) => await app.listen({ host: '127.0.0.1', port: 0 })))
  })
  after(async () => {
    await other.close()
    await harness.close()
  })

  const open = async (base: string, path: string, key: string): Promise<EventClient> => {
    const stream = await watch(`${base}${path}`, { authorization: `Bearer ${key}` })
    assert.equal(stream.status, 200)
    await stream.until('its beginning', (told) => told.length > 0)
    return stream
  }
  const endsSoon = async (streams: readonly EventClient[]): Promise<void> => {
    for (const stream of streams) await stream.untilEnded('its key has ended', LIMIT_MS)
  }

  test('a key that is revoked at one process ends its streams at both; those of other keys stay', async () => {
    const mine = harness.catalog.of(FIRST_TENANT)
    const [lost, kept] = [await mine.createKey({ name: 'lost', scopes: ['read'], expiresAt: null }), await mine.createKey({ name: 'kept', scopes: ['read'], expiresAt: null })]
    const { id } = await newJob(harness.catalog)
    const ending = await Promise.all(bases.flatMap((base) => ['/v1/events', `/v1/jobs/${id}/events`].map(async (path) => await open(base, path, lost.key))))
    const staying = [await open(bases[0]!, '/v1/events', kept.key), await open(bases[1]!, `/v1/jobs/${id}/events`, 'a-key-of-16-letters')]
    const answer = await fetch(`${bases[0]}/v1/keys/${lost.row.id}`, { method: 'DELETE', headers: { 'x-api-key': 'a-key-of-16-letters' } })
    assert.equal(answer.status, 204)
    await endsSoon(ending)
    for (const base of bases) assert.equal((await watch(`${base}/v1/events`, { authorization: `Bearer ${lost.key}` })).status, 401)
    await harness.catalog.begin(id, 1, 'w')
    for (const stream of staying) {
      await stream.until('what happens now', (told) => told.some(({ data: { state } }) => state === 'running'))
      stream.close()
    }
    assert.ok(ending.every(({ told }) => told.every(({ data: { state } }) => state !== 'running')))
  })

  test('a key that expires, and one whose tenant goes', async () => {
    const soon = await harness.catalog.of(FIRST_TENANT).createKey({ name: 'soon', scopes: ['read'], expiresAt: new Date(Date.now() + 3000) })
    const { tenant, issued } = await harness.catalog.createTenant('passing', {})
    const streams = await Promise.all([soon, issued].flatMap(({ key }) => bases.map(async (base) => await open(base, '/v1/events', key))))
    const answer = await fetch(`${bases[1]}/v1/tenants/${tenant.id}`, { method: 'DELETE', headers: { 'x-api-key': 'a-key-of-16-letters' } })
    assert.equal(answer.status, 204)
    await endsSoon(streams)
  })

  test('while the database cannot tell, a stream stays', async () => {
    const unsure = await openHarness({ requireKey: true, limits: { uploadBytes: 1, keysMs: 20 } })
    try {
      const { key, row } = await unsure.catalog.of(FIRST_TENANT).createKey({ name: 'k', scopes: ['read'], expiresAt: null })
      const asked = unsure.catalog.validKeys
      let away = 0
      Object.assign(unsure.catalog, { validKeys: async () => { away++; throw new Error('away') } })
      const stream = await open(await unsure.app.listen({ host: '127.0.0.1', port: 0 }), '/v1/events', key)
      await unsure.catalog.of(FIRST_TENANT).revokeKey(row.id)
      for (const from = away; away < from + 3;) await new Promise((resolve) => setTimeout(resolve, 10))
      await newJob(unsure.catalog)
      await stream.until('it goes on', (told) => told.some(({ event }) => event === 'state'))
      Object.assign(unsure.catalog, { validKeys: asked })
      await stream.untilEnded('it can be told', LIMIT_MS)
    } finally {
      await unsure.close()
    }
  })
})
