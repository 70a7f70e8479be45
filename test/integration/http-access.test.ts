/** Keys over the API: what each opens, how it ends, links, the record of what was done, and what is asked on which address. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { artifact, MODEL, newFile, RECEIPT, RECIPE } from '../contract/samples.ts'
import { SCOPE_NAMES } from '../../src/jobs/scopes.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { form, openHarness, type Harness } from './http-harness.ts'

interface Made { readonly id: string, readonly key: string }

describe('keys and what they open', () => {
  let harness: Harness
  let admin: string
  before(async () => {
    harness = await openHarness({ requireKey: true })
    admin = (await harness.catalog.of(FIRST_TENANT).createKey({ name: 'admin', scopes: SCOPE_NAMES, expiresAt: null })).key
  })
  after(async () => await harness.close())
  const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, key: string, payload?: object, headers: Record<string, string> = {}) =>
    await harness.app.inject({ method, url, headers: { authorization: `Bearer ${key}`, ...headers }, ...(payload !== undefined && { payload }) })
  const make = async (scopes: readonly string[], more: object = {}): Promise<Made> => {
    const answer = await call('POST', '/v1/keys', admin, { name: 'k', scopes, ...more })
    assert.equal(answer.statusCode, 201, answer.body)
    assert.equal(answer.headers.location, `/v1/keys/${answer.json<Made>().id}`)
    return answer.json()
  }

  test('a key opens what its scopes say, and a refusal names the scope', async () => {
    const keys = { read: await make(['read']), write: await make(['write']), admin: await make(['admin']) }
    const job = { model: 'mdl_none', recipe: { method: 'magnitude', target: { sparsity: 0.5 } } }
    const asked = [['read', 'GET', '/v1/models'], ['read', 'POST', '/v1/plans', job], ['write', 'POST', '/v1/jobs', job], ['write', 'DELETE', '/v1/models/mdl_none'], ['admin', 'GET', '/v1/keys'], ['admin', 'GET', '/v1/audit'], ['admin', 'GET', '/v1/tenants'], ['read', 'GET', '/metrics']] as const
    for (const [needed, method, url, body] of asked) {
      for (const [scope, { key }] of Object.entries(keys)) {
        const answer = await call(method, url, key, body)
        if (scope === needed) assert.ok([200, 404].includes(answer.statusCode), `${scope} ${url}: ${answer.body}`)
        else assert.deepEqual([answer.statusCode, answer.json().code, answer.json().scope], [403, 'forbidden', needed], `${scope} ${url}`)
      }
    }
    for (const { key } of Object.values(keys)) assert.equal((await call('GET', '/v1/me', key)).statusCode, 200)
  })

  test('/v1/me tells tenant, scopes, quotas and what is used', async () => {
    const { tenant, key } = (await call('POST', '/v1/tenants', admin, { name: 'me', quotas: { models: 2 } })).json<{ tenant: string, key: Made }>() as unknown as { tenant: string, key: Made }
    assert.equal(tenant, undefined)
    await call('POST', '/v1/models', key.key, form({ name: 'file', value: 'model one', filename: 'm.keras' }).payload as unknown as object, form({ name: 'file', value: '', filename: 'm' }).headers)
    const me = (await call('GET', '/v1/me', key.key)).json()
    assert.deepEqual([me.tenant.name, me.key, me.scopes, me.operator], ['me', key.id, [...SCOPE_NAMES], false])
    assert.deepEqual([me.quotas.models, me.quotas.datasets, me.used.models, me.used.storedBytes], [2, null, 1, 9])
    assert.equal((await call('GET', '/v1/me', admin)).json().operator, true)
    assert.deepEqual((await call('GET', '/v1/tenants', key.key)).json().code, 'forbidden')
  })

  test('a revoked key opens nothing more, and what is kept tells no key', async () => {
    const { id, key } = await make(['read'], { expiresAt: new Date(Date.now() + 60_000).toISOString() })
    assert.equal((await call('GET', '/v1/models', key)).statusCode, 200)
    const listed = (await call('GET', '/v1/keys', admin)).body
    assert.ok(listed.includes(id) && !listed.includes(key.slice(25)) && !listed.includes('hash'))
    assert.equal((await call('DELETE', `/v1/keys/${id}`, admin)).statusCode, 204)
    assert.deepEqual([(await call('GET', '/v1/models', key)).statusCode, (await call('GET', '/v1/models', key)).json().code], [401, 'unauthorized'])
    const { revokedAt, lastUsedAt } = (await call('GET', `/v1/keys/${id}`, admin)).json()
    assert.ok(Date.parse(revokedAt) > 0 && Date.parse(lastUsedAt) > 0)
  })

  test('rotation: both keys for the grace; a wrong body or an Idempotency-Key is refused', async () => {
    const old = await make(['read'])
    const answer = await call('POST', `/v1/keys/${old.id}/rotate`, admin, { graceSeconds: 60 })
    for (const key of [old.key, answer.json<Made>().key]) assert.equal((await call('GET', '/v1/models', key)).statusCode, 200)
    const now = await call('POST', `/v1/keys/${old.id}/rotate`, admin, { graceSeconds: 0 })
    assert.equal(now.statusCode, 201)
    assert.equal((await call('GET', '/v1/models', old.key)).statusCode, 401)
    assert.equal((await call('POST', `/v1/keys/${old.id}/rotate`, admin)).statusCode, 409)
    for (const body of [{ name: 'x' }, { name: 'x', scopes: [] }, { name: 'x', scopes: ['root'] }, { name: ' ', scopes: ['read'] }, { name: 'x', scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' }, { name: 'x', scopes: ['read'], expiresAt: 'soon' }]) {
      assert.equal((await call('POST', '/v1/keys', admin, body)).statusCode, 400, JSON.stringify(body))
    }
    assert.match((await call('POST', '/v1/keys', admin, { name: 'x', scopes: ['read'] }, { 'idempotency-key': 'k' })).json().detail, /Idempotency-Key/)
  })

  test('quotas: uploads and jobs over them are 403 and name quota, used and allowed', async () => {
    const made = (await call('POST', '/v1/tenants', admin, { name: 'small', quotas: { models: 1, storedBytes: 100 } })).json<{ id: string, key: Made }>()
    const upload = async (content: string) => {
      const { payload, headers } = form({ name: 'file', value: content, filename: 'm.keras' })
      return await harness.app.inject({ method: 'POST', url: '/v1/models', payload, headers: { ...headers, authorization: `Bearer ${made.key.key}` } })
    }
    const large = await upload('model'.padEnd(200, '.'))
    assert.deepEqual([large.statusCode, large.json().code, large.json().quota, large.json().used, large.json().allowed], [403, 'quota-exceeded', 'storedBytes', 0, 100])
    const answers = await Promise.all(Array.from({ length: 20 }, async (_, index) => await upload(`model ${index}`)))
    assert.equal(answers.filter(({ statusCode }) => statusCode === 201).length, 1)
    for (const answer of answers.filter(({ statusCode }) => statusCode !== 201)) assert.deepEqual([answer.json().code, answer.json().quota, answer.json().allowed], ['quota-exceeded', 'models', 1])
    const changed = await call('PATCH', `/v1/tenants/${made.id}`, admin, { quotas: { models: 'default', storedBytes: null } })
    assert.deepEqual(changed.json().quotas, { storedBytes: null })
    assert.equal((await upload('model again')).statusCode, 201)
    assert.equal((await call('DELETE', `/v1/tenants/${made.id}`, admin)).statusCode, 409)
    assert.equal((await call('DELETE', `/v1/tenants/${made.id}?all=true`, admin)).statusCode, 204)
    assert.equal((await upload('model')).statusCode, 401)
  })

  test('links open one artifact without a key, until key or job are gone', async () => {
    const { catalog, blobs } = harness
    const mine = catalog.of(FIRST_TENANT)
    const { id: modelId } = await mine.createModel(newFile('m'), MODEL)
    const { id } = await mine.createJob({ modelId, datasetId: null, evaluationDatasetId: null, recipe: RECIPE })
    const { sha256, bytes } = await blobs.put((async function * () { yield Buffer.from('pruned') })())
    await catalog.begin(id, 1, 'w')
    await catalog.succeed(id, 1, RECEIPT, [{ ...artifact('a b.keras'), sha256, bytes }, { ...artifact('other'), sha256, bytes }])
    const maker = await make(['read'])
    const open = async (url: string, headers = {}) => await harness.app.inject({ url, headers })
    const made = await call('POST', `/v1/jobs/${id}/artifacts/a%20b.keras/link`, maker.key)
    assert.equal(made.statusCode, 201)
    const { url, expiresAt } = made.json<{ url: string, expiresAt: string }>()
    assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 300_000) < 10_000)
    assert.equal((await open(url)).body, 'pruned')
    assert.equal((await open(url, { range: 'bytes=0-1' })).body, 'pr')
    assert.equal((await call('POST', `/v1/jobs/${id}/artifacts/none/link`, maker.key)).statusCode, 404)
    const query = url.slice(url.indexOf('?'))
    const later = query.replace(/expires=(\d+)/, (_, at: string) => `expires=${Number(at) + 1}`)
    const wrong = [url.replace(/.$/, (last) => last === 'A' ? 'B' : 'A').replace(/(signature=).{5}/, '$1AAAAA'), url.replace(query, later), url.replace('a%20b.keras', 'other'), url.replace('signature', 'sig'), url.replace(/by=[^&]+/, 'by=environment'), url.replace(/by=[^&]+/, 'by=keyless'), `/v1/jobs/${id}/report${query}`, `/v1/jobs/${id}${query}`]
    for (const address of wrong) assert.ok([400, 401].includes((await open(address)).statusCode), address)
    await call('DELETE', `/v1/keys/${maker.id}`, admin)
    assert.equal((await open(url)).statusCode, 401)
    const again = (await call('POST', `/v1/jobs/${id}/artifacts/other/link`, admin)).json<{ url: string }>().url
    assert.equal((await open(again)).statusCode, 200)
    await call('DELETE', `/v1/jobs/${id}`, admin)
    assert.equal((await open(again)).statusCode, 404)
  })

  test('what was done and what was refused is on record, without a secret', async () => {
    const writer = await make(['write'])
    const { payload, headers } = form({ name: 'file', value: 'model', filename: 'm.keras' })
    const upload = await harness.app.inject({ method: 'POST', url: '/v1/models', payload, headers: { ...headers, authorization: `Bearer ${writer.key}` } })
    await call('DELETE', '/v1/keys/key_none', writer.key)
    await call('GET', '/v1/models', 'esp_wrong')
    await call('GET', '/v1/models', 'esp_wrong_again')
    const { id: tenant } = (await call('POST', '/v1/tenants', admin, { name: 'recorded' })).json<{ id: string }>()
    const records = async (query: string) => (await call('GET', `/v1/audit?limit=100${query}`, admin)).json<{ items: Array<{ action: string, actor: string, target: string, status: number, requestId: string, details: object }> }>().items
    const wanted = ['createModel', 'revokeKey', 'createTenant']
    for (let left = 50; left > 0 && !(await records('')).some(({ target }) => target === tenant); left--) await new Promise((resolve) => setTimeout(resolve, 50))
    const own = await records(`&actor=${writer.id}`)
    assert.deepEqual(own.map(({ action, target, status }) => [action, target, status]), [['revokeKey', 'key_none', 403], ['createModel', upload.json().id, 201]])
    assert.equal(own[1]!.requestId, upload.headers['x-request-id'])
    const refused = await records('&action=authenticate&actor=unknown')
    // However many there were: one a minute of each address.
    assert.deepEqual(refused.map(({ status, details }) => [status, Object.keys(details)]), [[401, ['address', 'method', 'route']]])
    const all = JSON.stringify(await records(''))
    for (const action of wanted) assert.ok(all.includes(action))
    assert.ok(!all.includes('esp_') && !all.includes(writer.key.slice(25)))
  })

  test('an open address is one on this machine, and a key that is sent is checked all the same', async () => {
    const open = await openHarness()
    try {
      const status = async (headers: Record<string, string>) => (await open.app.inject({ url: '/v1/models', headers })).statusCode
      for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:80']) assert.equal(await status({ host }), 200, host)
      assert.equal(await status({ host: 'rebound.example:8080' }), 401)
      assert.equal(await status({ host: 'localhost', authorization: 'Bearer esp_wrong' }), 401)
      const { key } = await open.catalog.of(FIRST_TENANT).createKey({ name: 'k', scopes: ['write'], expiresAt: null })
      assert.equal(await status({ host: 'localhost', 'x-api-key': key }), 403)
      assert.deepEqual((await open.app.inject('/v1/me')).json().key, null)
    } finally {
      await open.close()
    }
  })
})
