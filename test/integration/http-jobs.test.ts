/** Jobs over the API: submitting in both forms, idempotency, reading, downloads. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { RECEIPT } from '../contract/samples.ts'
import { form, openHarness, sha256, type Harness, type TestPart } from './http-harness.ts'

const RECIPE = { method: 'magnitude', target: { sparsity: 0.9 } }

describe('jobs', () => {
  let harness: Harness
  let model: string
  let dataset: string
  before(async () => {
    harness = await openHarness()
    model = (await send('/v1/models', { name: 'file', filename: 'm.keras', value: 'model' })).json().id
    dataset = (await send('/v1/datasets', { name: 'file', filename: 'd.npz', value: 'data' })).json().id
  })
  after(async () => await harness.close())

  const send = async (url: string, ...parts: TestPart[]) => await harness.app.inject({ method: 'POST', url, ...form(...parts) })
  const post = async (url: string, payload?: object, headers: Record<string, string> = {}) => await harness.app.inject({ method: 'POST', url, headers, ...(payload !== undefined && { payload }) })
  const get = async (url: string, headers: Record<string, string> = {}) => await harness.app.inject({ url, headers })
  const total = async () => (await get('/v1/jobs?limit=100')).json().items.length as number

  /** What a worker does. */
  async function finish (id: string, content = 'pruned model'): Promise<void> {
    const { sha256: hash, bytes } = await harness.blobs.put((async function * () { yield Buffer.from(content) })())
    await harness.catalog.begin(id, 1, 'test')
    const receipt = { ...RECEIPT, warnings: ['<script>alert(1)</script>'], layers: [{ ...RECEIPT.layers[0] ?? assert.fail(), name: '=cmd, "x"' }] }
    assert.ok(await harness.catalog.succeed(id, 1, receipt, [{ name: 'pruned é.keras', format: 'keras', bytes, sha256: hash }]))
  }

  test('JSON: 202, Location, a row and a queue entry', async () => {
    const answer = await post('/v1/jobs', { model, dataset, recipe: RECIPE })
    assert.equal(answer.statusCode, 202, answer.body)
    const job = answer.json()
    assert.equal(answer.headers.location, `/v1/jobs/${job.id}`)
    assert.equal(job.state, 'queued')
    assert.equal(job.model, model)
    assert.equal(job.dataset, dataset)
    assert.ok(await harness.queue.isLive({ jobId: job.id, attempt: 1 }))
    assert.deepEqual((await get(`/v1/jobs/${job.id}`)).json(), job)
  })

  test('JSON that is wrong names the place', async () => {
    const cases: Array<[object | undefined, number, string, RegExp]> = [
      [{ model, recipe: RECIPE, datset: 'x' }, 400, 'invalid-request', /\/datset unknown key "datset": did you mean "dataset"/],
      [{ recipe: RECIPE }, 400, 'invalid-request', /\/model is needed/],
      [{ model: 5, recipe: RECIPE }, 400, 'invalid-request', /\/model must be string/],
      [undefined, 400, 'invalid-request', /\/model is needed/],
      [{ model, recipe: { ...RECIPE, method: 'magnet' } }, 422, 'invalid-recipe', /\/method/],
      [{ model: 'mdl_none', recipe: RECIPE }, 404, 'not-found', /there is no model mdl_none/],
    ]
    for (const [body, status, code, detail] of cases) {
      const answer = await post('/v1/jobs', body)
      assert.equal(answer.statusCode, status, answer.body)
      assert.equal(answer.json().code, code)
      assert.match(answer.json().detail, detail)
    }
    const broken = await harness.app.inject({ method: 'POST', url: '/v1/jobs', payload: '{"model":', headers: { 'content-type': 'application/json' } })
    assert.equal(broken.statusCode, 400)
    assert.match(broken.json().detail, /not valid JSON/)
    const large = await post('/v1/jobs', { model, recipe: { ...RECIPE, note: 'x'.repeat(2 << 20) } })
    assert.equal(large.statusCode, 413)
    assert.equal(large.json().code, 'payload-too-large')
  })

  test('one form with files, parts in any order', async () => {
    const recipe = { name: 'recipe', value: 'method: magnitude\ntarget: {sparsity: 0.9}' }
    const file = { name: 'model', filename: 'form.keras', value: 'model form' }
    for (const parts of [[recipe, file], [file, recipe], [file, { name: 'recipe', filename: 'r.json', value: JSON.stringify(RECIPE) }]]) {
      const answer = await send('/v1/jobs', ...parts)
      assert.equal(answer.statusCode, 202, answer.body)
      assert.equal((await get(`/v1/models/${answer.json().model}`)).json().name, 'form.keras')
    }
    const mixed = await send('/v1/jobs', { name: 'model', value: model }, { name: 'dataset', filename: 'd.npz', value: 'data 2' }, { name: 'recipe', value: JSON.stringify(RECIPE), type: 'application/json' })
    assert.equal(mixed.statusCode, 202, mixed.body)
    assert.equal(mixed.json().model, model)
    assert.ok(mixed.json().dataset)
  })

  test('a recipe that comes first is refused before the files are read', async () => {
    const blobs = await harness.blobCount()
    const answer = await send('/v1/jobs', { name: 'recipe', value: 'method: magnet' }, { name: 'model', filename: 'm.keras', value: 'model never read' })
    assert.equal(answer.statusCode, 422)
    assert.equal(answer.json().code, 'invalid-recipe')
    assert.equal(answer.json().errors[0].path, '/method')
    assert.equal(await harness.blobCount(), blobs)
  })

  test('a form that is refused leaves no rows', async () => {
    const models = (await get('/v1/models?limit=100')).json().items.length
    const unreadable = await send('/v1/jobs', { name: 'model', filename: 'm.keras', value: 'model 7' }, { name: 'dataset', filename: 'd', value: 'nothing' }, { name: 'recipe', value: JSON.stringify(RECIPE) })
    assert.equal(unreadable.json().code, 'invalid-dataset')
    const missing = await send('/v1/jobs', { name: 'model', filename: 'm.keras', value: 'model 7' }, { name: 'dataset', value: 'dst_none' }, { name: 'recipe', value: JSON.stringify(RECIPE) })
    assert.equal(missing.statusCode, 404)
    assert.equal((await get('/v1/models?limit=100')).json().items.length, models)
    const lacking = await send('/v1/jobs', { name: 'recipe', value: JSON.stringify(RECIPE) })
    assert.match(lacking.json().detail, /part "model" is needed/)
  })

  test('the same Idempotency-Key does the work once', async () => {
    const before = await total()
    const headers = { 'idempotency-key': 'once' }
    const first = await post('/v1/jobs', { model, recipe: RECIPE }, headers)
    const again = await post('/v1/jobs', { recipe: RECIPE, model }, headers)
    assert.equal(again.statusCode, 202)
    assert.equal(again.body, first.body)
    assert.equal(again.headers.location, first.headers.location)
    assert.equal(again.headers['idempotency-replayed'], 'true')
    assert.equal(first.headers['idempotency-replayed'], undefined)
    const other = await post('/v1/jobs', { model, dataset, recipe: RECIPE }, headers)
    assert.equal(other.statusCode, 422)
    assert.equal(other.json().code, 'idempotency-mismatch')
    assert.equal(await total(), before + 1)
    assert.equal((await post('/v1/jobs', { model, recipe: RECIPE }, { 'idempotency-key': 'a b' })).statusCode, 400)
  })

  test('twenty at once with one key make one job', async () => {
    const before = await total()
    const answers = await Promise.all(Array.from({ length: 20 }, async () => await post('/v1/jobs', { model, recipe: RECIPE }, { 'idempotency-key': 'crowd' })))
    assert.equal(await total(), before + 1)
    assert.ok(answers.every((answer) => answer.statusCode === 202 || answer.json().code === 'still-running'))
  })

  test('a failed request frees its key; forms are told apart by their contents', async () => {
    const headers = { 'idempotency-key': 'form' }
    const upload = async (value: string) => {
      const { payload, headers: type } = form({ name: 'file', filename: 'm.keras', value })
      return await harness.app.inject({ method: 'POST', url: '/v1/models', payload, headers: { ...type, ...headers } })
    }
    assert.equal((await upload('nothing')).statusCode, 422)
    const first = await upload('model x')
    assert.equal(first.statusCode, 201)
    assert.equal((await upload('model x')).body, first.body)
    assert.equal((await upload('model y')).json().code, 'idempotency-mismatch')
  })

  test('lists are paged and filtered', async () => {
    const all = (await get('/v1/jobs?limit=100')).json().items.map((job: { id: string }) => job.id)
    const paged: string[] = []
    let cursor: string | null = null
    do {
      const page: { items: Array<{ id: string }>, next: string | null } = (await get(`/v1/jobs?limit=3${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)).json()
      paged.push(...page.items.map((job) => job.id))
      cursor = page.next
    } while (cursor !== null)
    assert.deepEqual(paged, all)
    assert.equal((await get('/v1/jobs?state=succeeded')).json().items.length, 0)
    assert.ok((await get(`/v1/jobs?model=${model}&state=queued`)).json().items.length > 0)
    const wrong = await get('/v1/jobs?state=done&limit=0&colour=red')
    assert.equal(wrong.statusCode, 400)
    assert.match(wrong.json().detail, /must be one of queued, running/)
    assert.deepEqual(wrong.json().errors.map((error: { path: string }) => error.path).sort(), ['/colour', '/limit', '/state'])
    assert.equal((await get('/v1/jobs?cursor=nonsense')).statusCode, 400)
  })

  test('cancel, retry, delete', async () => {
    const { id } = (await post('/v1/jobs', { model, recipe: RECIPE })).json()
    assert.equal((await harness.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })).statusCode, 409)
    const cancelled = await post(`/v1/jobs/${id}/cancel`, undefined, { 'content-type': 'application/json' })
    assert.equal(cancelled.statusCode, 202, cancelled.body)
    assert.equal(cancelled.json().state, 'cancelled')
    assert.equal((await post(`/v1/jobs/${id}/cancel`)).json().code, 'conflict')
    assert.equal((await post(`/v1/jobs/${id}/retry`)).json().state, 'queued')
    await post(`/v1/jobs/${id}/cancel`)
    assert.equal((await harness.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })).statusCode, 204)
    assert.equal((await get(`/v1/jobs/${id}`)).statusCode, 404)
    assert.equal((await post(`/v1/jobs/${id}/retry`)).json().code, 'not-found')
  })

  test('pause and resume', async () => {
    const { id } = (await post('/v1/jobs', { model, recipe: RECIPE })).json()
    const refused = await post(`/v1/jobs/${id}/resume`)
    assert.deepEqual([refused.statusCode, refused.json().code, refused.json().state], [409, 'conflict', 'queued'])
    assert.match(refused.json().detail, /only a paused job can be resumed/)
    const key = { 'idempotency-key': `pause-${id}` }
    const paused = await post(`/v1/jobs/${id}/pause`, undefined, key)
    assert.deepEqual([paused.statusCode, paused.json().state, paused.headers.location], [202, 'paused', `/v1/jobs/${id}`])
    assert.equal(await harness.queue.isLive({ jobId: id, attempt: 1 }), false)
    const again = await post(`/v1/jobs/${id}/pause`, undefined, key)
    assert.deepEqual([again.statusCode, again.body, again.headers['idempotency-replayed']], [202, paused.body, 'true'])
    assert.match((await post(`/v1/jobs/${id}/pause`)).json().detail, /is paused; only a queued or running job can be paused/)
    assert.ok((await get('/v1/jobs?state=paused')).json().items.some((job: { id: string }) => job.id === id))
    const resumed = await post(`/v1/jobs/${id}/resume`)
    assert.deepEqual([resumed.statusCode, resumed.json().state, resumed.json().attempts.length], [202, 'queued', 2])
    assert.ok(await harness.queue.isLive({ jobId: id, attempt: 2 }))
    await harness.catalog.begin(id, 2, 'test')
    assert.equal((await post(`/v1/jobs/${id}/pause`)).json().state, 'pausing')
    assert.equal((await post(`/v1/jobs/${id}/cancel`)).json().state, 'cancelling')
    assert.equal((await post('/v1/jobs/job_none/pause')).json().code, 'not-found')
    assert.equal((await post('/v1/jobs/job_none/resume')).json().code, 'not-found')
  })

  test('wait answers when the job has ended', async () => {
    const { id } = (await post('/v1/jobs', { model, recipe: RECIPE })).json()
    const started = Date.now()
    assert.equal((await get(`/v1/jobs/${id}?wait=0.2`)).json().state, 'queued')
    assert.ok(Date.now() - started >= 200)
    const waiting = get(`/v1/jobs/${id}?wait=20`)
    await sleep(100)
    await finish(id)
    const job = (await waiting).json()
    assert.equal(job.state, 'succeeded')
    assert.ok(Date.now() - started < 5_000)
    assert.equal((await get(`/v1/jobs/${id}?wait=31`)).statusCode, 400)
    assert.equal(job.artifacts[0].url, `/v1/jobs/${id}/artifacts/pruned%20%C3%A9.keras`)
  })

  test('downloads: whole, in part, revalidated', async () => {
    const { id } = (await post('/v1/jobs', { model, recipe: RECIPE })).json()
    await finish(id, '0123456789')
    const url = (await get(`/v1/jobs/${id}`)).json().artifacts[0].url
    const whole = await get(url)
    const etag = `"${sha256('0123456789')}"`
    assert.equal(whole.statusCode, 200)
    assert.equal(whole.body, '0123456789')
    assert.equal(whole.headers.etag, etag)
    assert.equal(whole.headers['content-length'], '10')
    assert.equal(whole.headers['accept-ranges'], 'bytes')
    assert.equal(whole.headers['repr-digest'], `sha-256=:${Buffer.from(sha256('0123456789'), 'hex').toString('base64')}:`)
    assert.match(String(whole.headers['content-disposition']), /^attachment; filename="pruned _\.keras"; filename\*=UTF-8''pruned%20%C3%A9\.keras$/)

    const ranges: Array<[Record<string, string>, number, string, string | undefined]> = [
      [{ range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=7-' }, 206, '789', 'bytes 7-9/10'],
      [{ range: 'bytes=-3' }, 206, '789', 'bytes 7-9/10'],
      [{ range: 'bytes=5-500' }, 206, '56789', 'bytes 5-9/10'],
      [{ range: 'bytes=2-4', 'if-range': etag }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=2-4', 'if-range': '"other"' }, 200, '0123456789', undefined],
      [{ range: 'bytes=0-1,3-4' }, 200, '0123456789', undefined],
      [{ range: 'lines=1-2' }, 200, '0123456789', undefined],
    ]
    for (const [headers, status, body, range] of ranges) {
      const answer = await get(url, headers)
      assert.deepEqual([answer.statusCode, answer.body, answer.headers['content-range']], [status, body, range], JSON.stringify(headers))
    }
    const outside = await get(url, { range: 'bytes=10-' })
    assert.equal(outside.statusCode, 416)
    assert.equal(outside.headers['content-range'], 'bytes */10')
    assert.equal(outside.json().code, 'range-not-satisfiable')
    assert.equal((await get(url, { 'if-none-match': `"x", W/${etag}` })).statusCode, 304)
    const head = await harness.app.inject({ method: 'HEAD', url })
    assert.deepEqual([head.statusCode, head.headers['content-length'], head.headers.etag, head.body], [200, '10', etag, ''])
    const missing = await get(`/v1/jobs/${id}/artifacts/other.keras`)
    assert.equal((await harness.app.inject({ method: 'POST', url: `/v1/jobs/${id}/artifacts/other.keras/link` })).json().detail, missing.json().detail)
    assert.equal(missing.statusCode, 404)
    assert.match(missing.json().detail, /it has pruned é\.keras/)
  })

  test('the layers as JSON and CSV, the report as a page', async () => {
    const { id } = (await post('/v1/jobs', { model, recipe: RECIPE })).json()
    assert.equal((await get(`/v1/jobs/${id}/layers`)).json().code, 'conflict')
    await finish(id)
    const json = await get(`/v1/jobs/${id}/layers`, { accept: '*/*' })
    assert.equal(json.json().items[0].achieved, 0.875)
    const csv = 'name,type,weights,nonzeros,asked,achieved,kept,skipped\r\n"\'=cmd, ""x""",Conv2D,8,1,,0.875,1,\r\n'
    assert.equal((await get(`/v1/jobs/${id}/layers?format=csv`)).body, csv)
    assert.equal((await get(`/v1/jobs/${id}/layers`, { accept: 'text/csv' })).body, csv)
    const page = await get(`/v1/jobs/${id}/report`)
    assert.match(String(page.headers['content-type']), /^text\/html/)
    assert.match(String(page.headers['content-security-policy']), /style-src 'sha256-/)
    assert.ok(page.body.includes('&lt;script&gt;alert(1)&lt;/script&gt;') && !page.body.includes('<script'))
    assert.ok(page.body.includes('87.5 %'))
  })
})
