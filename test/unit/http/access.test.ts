/** What guards routes, by itself: keys that are remembered for seconds, a record that waits for its database, routes that must say what they need. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify from 'fastify'
import { createRecorder, refusalRecorder } from '../../../src/http/access/audit.ts'
import { createKeyring } from '../../../src/http/access/keyring.ts'
import { needs, readNeeds } from '../../../src/http/access/needs.ts'
import { hashOfKey, makeKey } from '../../../src/jobs/api-key.ts'
import { meets } from '../../../src/jobs/scopes.ts'
import type { AuditNote, KeyOwner } from '../../../src/jobs/tenant-ports.ts'
import { FIRST_TENANT } from '../../../src/jobs/tenants.ts'

const made = makeKey('key_00000000000000000001')
const OWNER: KeyOwner = {
  id: 'key_00000000000000000001', tenantId: 'tnt_a', name: 'k', hint: made.hint, hash: made.hash, scopes: ['read'], createdAt: new Date(0), expiresAt: null, lastUsedAt: null, revokedAt: null, valid: true,
}
const NOTE: AuditNote = { tenantId: 'tnt_a', at: new Date(0), actor: 'key_a', action: 'createJob', target: null, status: 202, requestId: 'r', details: null }

describe('keyring', () => {
  function ring (owner: () => KeyOwner | null) {
    const calls = { found: 0, used: 0, now: 0 }
    const keyring = createKeyring({
      keyOwner: async (by) => { calls.found++; return 'hash' in by && by.hash === made.hash ? owner() : null },
      keyUsed: async () => { calls.used++ },
    }, () => calls.now)
    return { calls, keyring }
  }

  test('asks once for requests at once and in the next seconds, and notes a use once a minute', async () => {
    const { calls, keyring } = ring(() => OWNER)
    const all = await Promise.all(Array.from({ length: 50 }, async () => await keyring.find(made.key)))
    assert.ok(all.every((owner) => owner?.id === OWNER.id))
    assert.deepEqual([calls.found, calls.used], [1, 1])
    for (calls.now = 0; calls.now < 59_000; calls.now += 1000) await keyring.find(made.key)
    assert.ok(calls.found >= 59 / 5 && calls.found <= 30, `${calls.found}`)
    assert.equal(calls.used, 1)
    calls.now = 61_000
    await keyring.find(made.key)
    assert.equal(calls.used, 2)
  })

  test('a change is seen within 5 s, at once after `forget`; the end of a key at once', async () => {
    let owner: KeyOwner = OWNER
    const { calls, keyring } = ring(() => owner)
    await keyring.find(made.key)
    owner = { ...OWNER, valid: false }
    calls.now = 4999
    assert.equal((await keyring.find(made.key))?.valid, false)
    owner = { ...OWNER, expiresAt: new Date(5500) }
    keyring.forget()
    assert.equal((await keyring.find(made.key))?.valid, true)
    calls.now = 5500
    assert.equal((await keyring.find(made.key))?.valid, false)
  })

  test('wrong keys are none; a database that is away is told and not remembered', async () => {
    let away = true
    const { calls, keyring } = ring(() => { if (away) throw new Error('away'); return OWNER })
    assert.equal(await keyring.find(`${made.key}x`), null)
    await assert.rejects(keyring.find(made.key), /away/)
    away = false
    assert.equal((await keyring.find(made.key))?.id, OWNER.id)
    assert.equal(calls.found, 3)
    assert.equal(hashOfKey(made.key), made.hash)
  })
})

describe('record of actions', () => {
  test('what a database that is away does not take is written later, or when the server is closed, and nothing twice', async () => {
    const written: string[] = []
    const warned: object[] = []
    let away = true
    const recorder = createRecorder({
      note: async (entries) => {
        if (away) throw new Error('away')
        await sleep(5)
        written.push(...entries.map(({ requestId }) => requestId))
      },
    }, { warn: (value: object) => { warned.push(value) } })
    const ids = Array.from({ length: 1200 }, (_, index) => String(index))
    for (const requestId of ids.slice(0, 700)) recorder.add({ ...NOTE, requestId })
    await sleep(20)
    assert.deepEqual(written, [])
    away = false
    for (const requestId of ids.slice(700)) recorder.add({ ...NOTE, requestId })
    await recorder.close()
    assert.deepEqual(written, ids)
    assert.deepEqual(warned, [])
  })

  test('one that cannot be written at the end is in the log', async () => {
    const warned: Array<{ entries?: unknown[] }> = []
    const recorder = createRecorder({ note: async () => { throw new Error('away') } }, { warn: (value: object) => { warned.push(value) } })
    recorder.add(NOTE)
    await recorder.close()
    assert.equal(warned[0]?.entries?.length, 1)
  })

  test('an address that sends wrong keys is on record once a minute', () => {
    const notes: AuditNote[] = []
    let now = 0
    const record = refusalRecorder({ add: (note) => { notes.push(note) }, close: async () => {} }, () => now)
    const request = (ip: string) => ({ ip, id: 'r', method: 'GET', routeOptions: { url: '/v1/jobs' } }) as unknown as Parameters<typeof record>[0]
    for (; now < 60_000; now += 10_000) for (const ip of ['::1', '::2']) record(request(ip), null)
    assert.equal(notes.length, 2)
    record(request('::1'), { tenantId: 'tnt_a', id: 'key_a' })
    assert.deepEqual(notes.map(({ tenantId, actor }) => [tenantId, actor]), [[FIRST_TENANT, 'unknown'], [FIRST_TENANT, 'unknown'], ['tnt_a', 'key_a']])
    record(request('::1'), null)
    assert.equal(notes.length, 4)
  })
})

describe('what routes need', () => {
  test('a route that does not say it is none', () => {
    const app = fastify()
    readNeeds(app)
    const add = (schema: object) => () => app.get(`/${Math.random()}`, { schema }, async () => 'ok')
    assert.throws(add({}), /does not say what it needs: add security/)
    assert.throws(add({ security: [] }), /does not say what it needs/)
    assert.doesNotThrow(add({ security: needs('read') }))
    assert.doesNotThrow(add({ security: needs() }))
  })

  test('no scope contains another, and ranks are of the first tenant', () => {
    assert.deepEqual([meets('read', 'tnt_a', ['read']), meets('read', 'tnt_a', ['admin', 'write']), meets('write', 'tnt_a', ['read'])], [true, false, false])
    assert.deepEqual([meets('operator', FIRST_TENANT, ['admin']), meets('operator', FIRST_TENANT, ['read']), meets('operator', 'tnt_a', ['admin'])], [true, false, false])
    assert.deepEqual([meets('observer', FIRST_TENANT, ['read']), meets('observer', 'tnt_a', ['read', 'admin'])], [true, false])
  })
})
