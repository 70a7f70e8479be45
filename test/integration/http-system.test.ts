/** What surrounds the resources: health, keys, headers, documentation, unknown addresses, unexpected errors. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { FOR_EVER } from '../../src/jobs/retention.ts'
import { openHarness, type Harness } from './http-harness.ts'

const KEY = 'a long and secret key'.replaceAll(' ', '-')

describe('the service around its resources', () => {
  let harness: Harness
  before(async () => { harness = await openHarness({ apiKey: KEY }) })
  after(async () => await harness.close())
  const get = async (url: string, headers: Record<string, string> = {}) => await harness.app.inject({ url, headers })

  test('the key opens /v1 and /metrics; health and documentation are open', async () => {
    for (const url of ['/v1/jobs', '/v1/catalog', '/metrics', '/%761/jobs']) {
      const answer = await get(url)
      assert.equal(answer.statusCode, 401, url)
      assert.equal(answer.json().code, 'unauthorized')
      assert.match(String(answer.headers['www-authenticate']), /^Bearer/)
      assert.equal((await get(url, { authorization: 'Bearer wrong' })).statusCode, 401)
      assert.equal((await get(url, { authorization: `Bearer ${KEY}` })).statusCode, 200)
      assert.equal((await get(url, { 'x-api-key': KEY })).statusCode, 200)
    }
    for (const url of ['/healthz', '/readyz', '/openapi.json', '/docs/']) assert.equal((await get(url)).statusCode, 200, url)
  })

  test('pages of other sites change nothing, the own pages may', async () => {
    const headers = { 'x-api-key': KEY, host: 'espalier.local:8080' }
    const post = async (origin: string) => await harness.app.inject({ method: 'POST', url: '/v1/jobs/none/cancel', headers: { ...headers, origin } })
    assert.equal((await post('http://evil.example')).statusCode, 401)
    assert.equal((await post('null')).statusCode, 401)
    assert.equal((await post('http://espalier.local:8080')).statusCode, 404)
  })

  test('ready when everything answers, else it names what does not', async () => {
    const ready = (await get('/readyz')).json() as { status: string, checks: Record<string, { state: string, latencyMs: number }> }
    assert.equal(ready.status, 'ready')
    assert.deepEqual(Object.entries(ready.checks).map(([name, { state }]) => [name, state]), [['postgres', 'up'], ['valkey', 'up'], ['blobs', 'up'], ['schema', 'up']])
    for (const { latencyMs } of Object.values(ready.checks)) assert.ok(latencyMs >= 0 && latencyMs < 1500)
    const broken = await openHarness()
    const { queue, catalog } = broken
    Object.assign(queue, { ping: async () => { throw new Error('gone') } })
    Object.assign(catalog, { ping: async () => await new Promise(() => {}) })
    try {
      const answer = await broken.app.inject('/readyz')
      assert.equal(answer.statusCode, 503)
      assert.deepEqual(answer.json().down, ['postgres', 'valkey'])
      assert.deepEqual(answer.json().checks.schema, { state: 'unknown', latencyMs: null })
      assert.match(answer.json().detail, /postgres, valkey/)
      assert.equal((await broken.app.inject('/healthz')).statusCode, 200)
    } finally {
      await broken.close()
    }
  })

  test('every answer has security headers and its id', async () => {
    for (const url of ['/healthz', '/nowhere', '/v1/jobs', '/docs/', `/v1/jobs/${'x'.repeat(300)}`]) {
      const { headers } = await get(url)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.match(String(headers['content-security-policy']), /default-src/)
      assert.ok(headers['x-request-id'])
    }
  })

  test('unknown addresses are 404, wrong methods 405 with Allow', async () => {
    const missing = await get('/v2/jobs')
    assert.equal(missing.statusCode, 404)
    assert.equal(missing.headers['content-type'], 'application/problem+json')
    assert.equal(missing.json().code, 'not-found')
    const method = await harness.app.inject({ method: 'PUT', url: '/v1/jobs/x' })
    assert.equal(method.statusCode, 405)
    assert.equal(method.json().code, 'method-not-allowed')
    assert.equal(method.headers.allow, 'DELETE, GET, HEAD')
    // A method that wants a body is not asked for one first.
    const query = await harness.app.inject({ method: 'QUERY', url: '/v1/jobs/x' })
    assert.deepEqual([query.statusCode, query.headers.allow], [405, 'DELETE, GET, HEAD'])
    const long = await get(`/v1/jobs/${'x'.repeat(1500)}`, { 'x-api-key': KEY })
    assert.deepEqual([long.statusCode, long.headers['content-type'], long.headers['x-content-type-options']], [404, 'application/problem+json', 'nosniff'])
    const unreadable = await get('/v1/jobs/%E0%A4%A')
    assert.deepEqual([unreadable.statusCode, unreadable.json().code], [400, 'invalid-request'])
  })

  test('an unexpected error tells nothing but its id', async () => {
    const broken = await openHarness()
    Object.assign(broken.catalog, { of: () => ({ models: async () => { throw new Error('password=hunter2 at /srv/app.ts') }, retention: async () => FOR_EVER }) })
    try {
      const answer = await broken.app.inject('/v1/models')
      assert.equal(answer.statusCode, 500)
      assert.equal(answer.json().code, 'internal')
      assert.ok(!answer.body.includes('hunter2'))
      assert.equal(answer.json().requestId, answer.headers['x-request-id'])
    } finally {
      await broken.close()
    }
  })

  test('the OpenAPI document describes every route', async () => {
    const document = (await get('/openapi.json')).json()
    assert.equal(document.openapi, '3.1.0')
    assert.deepEqual(Object.keys(document.paths).sort(), [
      '/healthz', '/metrics', '/readyz', '/v1/audit', '/v1/catalog', '/v1/datasets', '/v1/datasets/{id}', '/v1/datasets/{id}/file', '/v1/events', '/v1/jobs', '/v1/jobs/{id}',
      '/v1/jobs/{id}/artifacts/{name}', '/v1/jobs/{id}/artifacts/{name}/link', '/v1/jobs/{id}/cancel', '/v1/jobs/{id}/events', '/v1/jobs/{id}/layers', '/v1/jobs/{id}/metrics', '/v1/jobs/{id}/pause', '/v1/jobs/{id}/position',
      '/v1/jobs/{id}/report', '/v1/jobs/{id}/resume', '/v1/jobs/{id}/retry', '/v1/jobs/{id}/weights', '/v1/jobs/{id}/weights/{tensor}/mask', '/v1/keys', '/v1/keys/{id}', '/v1/keys/{id}/rotate', '/v1/me', '/v1/models', '/v1/models/{id}', '/v1/models/{id}/file',
      '/v1/plans', '/v1/queues', '/v1/session', '/v1/sweeps', '/v1/sweeps/{id}', '/v1/sweeps/{id}/cancel', '/v1/tenants', '/v1/tenants/{id}', '/v1/uploads', '/v1/uploads/{id}', '/v1/webhooks', '/v1/webhooks/{id}', '/v1/webhooks/{id}/deliveries',
      '/v1/webhooks/{id}/deliveries/{delivery}/retry', '/v1/webhooks/{id}/ping', '/v1/webhooks/{id}/rotate-secret', '/v1/workers',
    ])
    const operations = Object.values(document.paths as Record<string, Record<string, { operationId: string, tags: string[], responses: Record<string, { content?: object }> }>>).flatMap((path) => Object.values(path))
    assert.equal(new Set(operations.map((operation) => operation.operationId)).size, operations.length)
    for (const operation of operations) {
      assert.ok(operation.tags.length > 0)
      assert.ok(operation.responses['500']?.content !== undefined && 'application/problem+json' in operation.responses['500'].content, operation.operationId)
    }
    assert.deepEqual(Object.keys(document.components.schemas).sort(), ['Dataset', 'Job', 'JobSummary', 'Model', 'Plan', 'Problem', 'QueuePosition', 'QueueState', 'Recipe', 'Sweep', 'Upload', 'Webhook', 'WebhookDelivery', 'Worker'])
    const refs = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? []
    for (const ref of new Set(refs)) assert.match(ref, /#\/components\/schemas\/(Dataset|Job|JobSummary|Model|Plan|Problem|QueuePosition|QueueState|Recipe|Sweep|Upload|Webhook|WebhookDelivery|Worker)"/)
  })

  test('the documentation page takes nothing from elsewhere', async () => {
    assert.equal((await get('/')).headers.location, '/docs')
    const page = await get('/docs/')
    assert.ok(!/(src|href)="(https?:)?\/\//.test(page.body))
    const script = await get('/docs/static/swagger-ui-bundle.js')
    assert.equal(script.statusCode, 200)
  })
})
