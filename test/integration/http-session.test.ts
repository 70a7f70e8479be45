/** Sessions of browsers over real HTTP: the cookie and what it opens, forged changes, and everything that ends one. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { createApp } from '../../src/http/app.ts'
import type { App } from '../../src/http/dependencies.ts'
import { MOST_SESSIONS } from '../../src/jobs/tenant-ports.ts'
import { SCOPE_NAMES, type Scope } from '../../src/jobs/scopes.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { MODEL, newFile } from '../contract/samples.ts'
import { watch } from '../support/event-source.ts'
import { openHarness, type Harness } from './http-harness.ts'

const ENVIRONMENT_KEY = 'a-key-of-16-letters'
const LIMIT_MS = 10_000
const MINUTE_MS = 60_000

interface Browser { readonly cookie: string, readonly csrf: string, readonly attributes: readonly string[], readonly expiresAt: number }

describe('sessions of browsers', () => {
  let harness: Harness
  let other: App
  let base: string
  let otherBase: string
  let database: pg.Client
  before(async () => {
    harness = await openHarness({ requireKey: true, apiKey: ENVIRONMENT_KEY, trustProxy: ['127.0.0.1'] })
    other = await createApp(harness)
    ;[base, otherBase] = [await harness.app.listen({ host: '127.0.0.1', port: 0 }), await other.listen({ host: '127.0.0.1', port: 0 })]
    database = new pg.Client({ connectionString: harness.databaseUrl })
    await database.connect()
  })
  after(async () => {
    await database.end()
    await other.close()
    await harness.close()
  })

  const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: object, at = base): Promise<Response> => await fetch(`${at}${path}`, {
    method, headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) }, ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const problemOf = async (answer: Response): Promise<[number, string]> => [answer.status, (await answer.json() as { code: string }).code]
  const keyOf = async (scopes: readonly Scope[], tenant = FIRST_TENANT, expiresAt: Date | null = null): Promise<{ id: string, key: string }> => {
    const { row, key } = await harness.catalog.of(tenant).createKey({ name: 'k', scopes, expiresAt })
    return { id: row.id, key }
  }
  const begin = async (key: string, more: object = {}, headers: Record<string, string> = {}): Promise<Browser> => {
    const answer = await send('POST', '/v1/session', headers, { key, ...more })
    assert.equal(answer.status, 201, await answer.clone().text())
    const [cookie, ...attributes] = answer.headers.get('set-cookie')!.split('; ')
    const { csrfToken, expiresAt } = await answer.json() as { csrfToken: string, expiresAt: string }
    return { cookie: cookie!, csrf: csrfToken, attributes, expiresAt: Date.parse(expiresAt) }
  }
  const by = ({ cookie, csrf }: Browser): Record<string, string> => ({ cookie: `theme=dark; ${cookie}`, 'x-csrf-token': csrf })

  test('a key is shown once; the cookie is for no script and no other site, and the table has neither it nor the key', async () => {
    const { key, id } = await keyOf(['read', 'write'])
    const browser = await begin(key)
    assert.deepEqual(browser.attributes, ['Path=/', 'HttpOnly', 'SameSite=Strict'])
    assert.ok(Math.abs(browser.expiresAt - Date.now() - 12 * 60 * MINUTE_MS) < MINUTE_MS)
    const token = browser.cookie.split('=')[1]!
    assert.equal(Buffer.from(token, 'base64url').length, 32)
    const { rows } = await database.query('SELECT * FROM sessions WHERE key_id = $1', [id])
    assert.deepEqual([rows.length, rows[0].hash, rows[0].tenant_id], [1, createHash('sha256').update(token).digest('hex'), FIRST_TENANT])
    assert.ok(!JSON.stringify(rows).includes(token) && !JSON.stringify(rows).includes(key))
    const me = await (await send('GET', '/v1/me', by(browser))).json() as { key: string, scopes: string[] }
    assert.deepEqual([me.key, me.scopes], [id, ['read', 'write']])
    assert.deepEqual(await (await send('GET', '/v1/session', { cookie: browser.cookie })).json(), { csrfToken: browser.csrf, expiresAt: new Date(browser.expiresAt).toISOString() })
    assert.deepEqual(await (await send('GET', '/v1/session', { 'x-api-key': key })).json(), { csrfToken: null, expiresAt: null })
  })

  test('remembered it lives for 30 days; over https the cookie is Secure', async () => {
    const browser = await begin((await keyOf(['read'])).key, { remember: true }, { 'x-forwarded-proto': 'https' })
    assert.deepEqual(browser.attributes.slice(0, 4), ['Path=/', 'HttpOnly', 'SameSite=Strict', 'Secure'])
    const seconds = Number(/^Max-Age=(\d+)$/.exec(browser.attributes[4]!)?.[1])
    assert.ok(Math.abs(seconds - 30 * 86_400) < 60, `${seconds}`)
    assert.ok(Math.abs(browser.expiresAt - Date.now() - seconds * 1000) < MINUTE_MS)
  })

  test('a change without the right X-CSRF-Token is refused and changes nothing; reading needs none', async () => {
    const [browser, another] = [await begin((await keyOf(['read', 'write'])).key), await begin((await keyOf(['read', 'write'])).key)]
    const { id } = await harness.catalog.of(FIRST_TENANT).createModel(newFile('m'), MODEL)
    const { cookie } = browser
    for (const headers of [{ cookie }, { cookie, 'x-csrf-token': '' }, { cookie, 'x-csrf-token': another.csrf }, { cookie, 'x-csrf-token': cookie.split('=')[1]! }]) {
      assert.deepEqual(await problemOf(await send('DELETE', `/v1/models/${id}`, headers)), [403, 'forbidden'])
      assert.deepEqual(await problemOf(await send('POST', '/v1/plans', headers, { model: id, recipe: {} })), [403, 'forbidden'])
      assert.deepEqual(await problemOf(await send('DELETE', '/v1/session', headers)), [403, 'forbidden'])
      assert.equal((await send('GET', `/v1/models/${id}`, headers)).status, 200)
      assert.equal((await send('HEAD', `/v1/models/${id}`, headers)).status, 200)
    }
    assert.deepEqual(await problemOf(await send('DELETE', `/v1/models/${id}`, { ...by(browser), origin: 'https://elsewhere.example' })), [401, 'unauthorized'])
    assert.equal((await send('DELETE', `/v1/models/${id}`, by(browser))).status, 204)
  })

  test('it may do what its key may; a key in a header goes before it and needs no token', async () => {
    const [reader, writer] = [await begin((await keyOf(['read'])).key), await keyOf(['write'])]
    assert.deepEqual(await problemOf(await send('DELETE', '/v1/models/mdl_none', by(reader))), [403, 'forbidden'])
    assert.deepEqual(await problemOf(await send('GET', '/v1/keys', by(reader))), [403, 'forbidden'])
    assert.deepEqual(await problemOf(await send('DELETE', '/v1/models/mdl_none', { cookie: reader.cookie, authorization: `Bearer ${writer.key}` })), [404, 'not-found'])
  })

  test('a wrong key begins none and is on record; neither does a wrong body', async () => {
    for (const key of ['wrong', 'esp_0_wrong', `${ENVIRONMENT_KEY}x`]) {
      const answer = await send('POST', '/v1/session', {}, { key })
      assert.equal(answer.headers.get('set-cookie'), null)
      assert.deepEqual(await problemOf(answer), [401, 'unauthorized'])
    }
    for (const body of [{}, { key: '' }, { key: 1 }, { key: 'k', remember: 'yes' }, { key: 'k', tenant: 'x' }, { key: 'x'.repeat(1001) }]) assert.deepEqual(await problemOf(await send('POST', '/v1/session', {}, body)), [400, 'invalid-request'])
    assert.deepEqual(await problemOf(await send('POST', '/v1/session', { 'idempotency-key': 'k' }, { key: ENVIRONMENT_KEY })), [400, 'invalid-request'])
    assert.deepEqual(await problemOf(await send('POST', '/v1/session', { origin: 'https://elsewhere.example' }, { key: ENVIRONMENT_KEY })), [401, 'unauthorized'])
    const { id, key } = await keyOf(['read'])
    await begin(key)
    await assertEventually(async () => (await harness.catalog.of(FIRST_TENANT).audit({ limit: 5, action: 'createSession', actor: id })).items.length === 1)
    await assertEventually(async () => (await harness.catalog.of(FIRST_TENANT).audit({ limit: 5, action: 'authenticate' })).items.some(({ details }) => details?.['route'] === '/v1/session'))
  })

  test('what is no session opens nothing, and the browser is told to forget it', async () => {
    const { cookie } = await begin((await keyOf(['read'])).key)
    const [name] = cookie.split('=')
    for (const wrong of [`${name}=${'A'.repeat(43)}`, `${name}=x`, `${name}=`, name!, `x${cookie}`, '=', ';;;', `${name}=${'A'.repeat(5000)}`]) {
      assert.deepEqual(await problemOf(await send('GET', '/v1/models', { cookie: wrong })), [401, 'unauthorized'], wrong.slice(0, 60))
    }
    const forgotten = (await send('GET', '/v1/models', { cookie: `${name}=${'A'.repeat(43)}` })).headers.get('set-cookie')
    assert.equal(forgotten, `${name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`)
  })

  test('ended by the browser: here at once, at another process soon, with the streams that it opened', async () => {
    const { key } = await keyOf(['read'])
    const [ended, kept] = [await begin(key), await begin(key)]
    const stream = async (cookie: string) => {
      const opened = await watch(`${otherBase}/v1/events`, { cookie })
      assert.equal(opened.status, 200)
      return opened
    }
    const [ending, staying] = [await stream(ended.cookie), await stream(kept.cookie)]
    const answer = await send('DELETE', '/v1/session', by(ended))
    assert.deepEqual([answer.status, answer.headers.get('set-cookie')], [204, 'espalier_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0'])
    assert.deepEqual(await problemOf(await send('GET', '/v1/me', by(ended))), [401, 'unauthorized'])
    await ending.untilEnded('its session has ended', LIMIT_MS)
    assert.deepEqual(await problemOf(await send('GET', '/v1/me', by(ended), undefined, otherBase)), [401, 'unauthorized'])
    assert.equal((await send('GET', '/v1/me', by(kept), undefined, otherBase)).status, 200)
    staying.close()
  })

  test('expired it opens nothing, even where it is remembered, and its row goes', async () => {
    const { id, key } = await keyOf(['read'])
    const browser = await begin(key)
    await database.query("UPDATE sessions SET expires_at = now() + interval '300 milliseconds' WHERE key_id = $1", [id])
    assert.equal((await send('GET', '/v1/me', by(browser))).status, 200)
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.deepEqual(await problemOf(await send('GET', '/v1/me', by(browser))), [401, 'unauthorized'])
    await begin((await keyOf(['read'])).key)
    assert.equal((await database.query('SELECT 1 FROM sessions WHERE key_id = $1', [id])).rowCount, 0)
  })

  test('ends with its key: revoked, expired, gone with its tenant; one of ESPALIER_API_KEY with another one', async () => {
    const admin = { 'x-api-key': ENVIRONMENT_KEY }
    const revoked = await keyOf(['read'])
    const soon = await keyOf(['read'], FIRST_TENANT, new Date(Date.now() + 1500))
    const { tenant, issued } = await harness.catalog.createTenant('passing', {})
    const browsers = [await begin(revoked.key), await begin(soon.key), await begin(issued.key)]
    for (const browser of browsers) assert.equal((await send('GET', '/v1/me', by(browser))).status, 200)
    assert.equal((await send('DELETE', `/v1/keys/${revoked.id}`, admin)).status, 204)
    assert.equal((await send('DELETE', `/v1/tenants/${tenant.id}`, admin)).status, 204)
    await new Promise((resolve) => setTimeout(resolve, 1600))
    for (const browser of browsers) assert.deepEqual(await problemOf(await send('GET', '/v1/me', by(browser))), [401, 'unauthorized'])
    assert.deepEqual(await problemOf(await send('POST', '/v1/session', {}, { key: revoked.key })), [401, 'unauthorized'])

    const environment = await begin(ENVIRONMENT_KEY)
    assert.deepEqual((await (await send('GET', '/v1/me', by(environment))).json() as { key: null }).key, null)
    const { apiKey, ...without } = harness
    for (const dependencies of [{ ...without, apiKey: `another${apiKey}` }, without]) {
      const changed = await createApp(dependencies)
      assert.equal((await changed.inject({ url: '/v1/me', headers: by(environment) })).statusCode, 401)
      await changed.close()
    }
  })

  test('a tenant sees its own alone, and the token against forgery is of one session', async () => {
    const { tenant, issued } = await harness.catalog.createTenant('beside', {})
    const { id } = await harness.catalog.of(FIRST_TENANT).createModel(newFile('m'), MODEL)
    const [mine, theirs] = [await begin(issued.key), await begin((await keyOf(SCOPE_NAMES)).key)]
    assert.equal((await (await send('GET', '/v1/me', by(mine))).json() as { tenant: { id: string } }).tenant.id, tenant.id)
    assert.deepEqual(await problemOf(await send('GET', `/v1/models/${id}`, by(mine))), [404, 'not-found'])
    assert.deepEqual(await problemOf(await send('DELETE', `/v1/models/${id}`, by(mine))), [404, 'not-found'])
    assert.equal((await send('GET', `/v1/models/${id}`, by(theirs))).status, 200)
    assert.deepEqual(await problemOf(await send('DELETE', '/v1/session', { cookie: theirs.cookie, 'x-csrf-token': mine.csrf })), [403, 'forbidden'])
  })

  test('of one key the oldest go when there are too many', async () => {
    const { id, key } = await keyOf(['read'])
    const first = await begin(key)
    await database.query(`INSERT INTO sessions (hash, tenant_id, key_id, expires_at) SELECT 'x' || n, $1, $2, now() + interval '1 hour' FROM generate_series(1, ${MOST_SESSIONS - 1}) AS n`, [FIRST_TENANT, id])
    const last = await begin(key)
    assert.equal((await database.query('SELECT 1 FROM sessions WHERE key_id = $1', [id])).rowCount, MOST_SESSIONS)
    assert.deepEqual(await problemOf(await send('GET', '/v1/me', by(first))), [401, 'unauthorized'])
    assert.equal((await send('GET', '/v1/me', by(last))).status, 200)
  })

  test('on a server without keys what is no session holds nobody up', async () => {
    const { apiKey: _, ...without } = harness
    const keyless = await createApp({ ...without, requireKey: false })
    const answer = await keyless.inject({ url: '/v1/models', headers: { cookie: `espalier_session=${'A'.repeat(43)}`, host: 'localhost' } })
    await keyless.close()
    assert.equal(answer.statusCode, 200)
  })
})

async function assertEventually (holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + LIMIT_MS; !await holds();) assert.ok(Date.now() < end, String(holds))
}
