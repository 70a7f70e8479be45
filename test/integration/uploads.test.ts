/** Uploads in pieces: the contract on every store, and what hostile or mistaken clients send. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createPostgresBlobs } from '../../src/infra/blobs/postgres.ts'
import { createS3Blobs } from '../../src/infra/blobs/s3.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { sweep } from '../../src/jobs/use-cases/sweep.ts'
import { base64, modelOf, uploadsContract } from '../contract/uploads.ts'
import { freshDatabase } from '../support/database.ts'
import { startS3, type TestS3 } from '../support/s3.ts'
import { openHarness, sha256, type Harness } from './http-harness.ts'

uploadsContract('files', async () => ({ close: async () => {} }))

uploadsContract('Postgres', async () => {
  const { url, drop } = await freshDatabase()
  return { blobs: createPostgresBlobs(url), close: drop }
})

let server: TestS3
before(async () => { server = await startS3() })
after(async () => { await server.stop() })
uploadsContract('S3', async () => ({ blobs: createS3Blobs(await server.bucket()), close: async () => {} }))

describe('uploads in pieces, sent wrongly', () => {
  const TUS = { 'tus-resumable': '1.0.0' }
  const PIECE = { ...TUS, 'content-type': 'application/offset+octet-stream' }
  let harness: Harness
  let url: string
  before(async () => {
    harness = await openHarness({ limits: { uploadBytes: 1 << 20 } })
    url = await harness.app.listen({ host: '127.0.0.1', port: 0 })
  })
  after(async () => await harness.close())

  const ask = async (method: string, path: string, headers: Record<string, string>, body?: BodyInit): Promise<{ status: number, code?: string, detail?: string, headers: Headers }> => {
    const answer = await fetch(url + path, { method, headers, ...(body !== undefined && { body, duplex: 'half' }) } as RequestInit)
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, ...(text.startsWith('{') && JSON.parse(text)) }
  }
  const begun = async (bytes: number): Promise<string> => (await ask('POST', '/v1/uploads', { ...TUS, 'upload-length': String(bytes) })).headers.get('location')!
  const send = async (place: string, offset: string, body: BodyInit, headers: Record<string, string> = PIECE) => await ask('PATCH', place, { ...headers, 'upload-offset': offset }, body)
  const age = async (place: string): Promise<void> => {
    const admin = await harness.catalog.of(FIRST_TENANT).upload(place.split('/').at(-1)!)
    await harness.catalog.of(FIRST_TENANT).addUploadPart(admin!.id, { position: admin!.received, bytes: 1, sha256: sha256('x') }, 0)
  }

  test('what is spoken is told', async () => {
    const { status, headers } = await ask('OPTIONS', '/v1/uploads', {})
    assert.deepEqual([status, headers.get('tus-version'), headers.get('tus-extension'), headers.get('tus-max-size'), headers.get('access-control-allow-origin')],
      [204, '1.0.0', 'creation,expiration,termination', String(1 << 20), null])
  })

  test('beginnings that are wrong', async () => {
    const cases: Array<[Record<string, string>, number, string]> = [
      [{ 'upload-length': '5' }, 412, 'precondition-failed'],
      [{ 'tus-resumable': '0.2.2', 'upload-length': '5' }, 412, 'precondition-failed'],
      [TUS, 400, 'invalid-request'],
      [{ ...TUS, 'upload-defer-length': '1' }, 400, 'invalid-request'],
      [{ ...TUS, 'upload-length': '-1' }, 400, 'invalid-request'],
      [{ ...TUS, 'upload-length': '1e3' }, 400, 'invalid-request'],
      [{ ...TUS, 'upload-length': '0' }, 400, 'invalid-request'],
      [{ ...TUS, 'upload-length': '9'.repeat(400) }, 400, 'invalid-request'],
      [{ ...TUS, 'upload-length': String((1 << 20) + 1) }, 413, 'payload-too-large'],
      [{ ...TUS, 'upload-length': String(Number.MAX_SAFE_INTEGER) }, 413, 'payload-too-large'],
      [{ ...TUS, 'upload-length': '5', 'upload-metadata': `a ${base64('1')},a ${base64('2')}` }, 400, 'invalid-request'],
      [{ ...TUS, 'upload-length': '5', 'upload-metadata': `__proto__ ${base64('1')}` }, 400, 'invalid-request'],
      [{ ...TUS, 'upload-length': '5', 'upload-metadata': 'a !' }, 400, 'invalid-request'],
      [{ ...TUS, 'upload-length': '5', 'upload-concat': 'partial' }, 400, 'invalid-request'],
    ]
    for (const [headers, status, code] of cases) {
      const answer = await ask('POST', '/v1/uploads', headers)
      assert.deepEqual([answer.status, answer.code], [status, code], JSON.stringify(headers))
      assert.equal(answer.headers.get('tus-resumable'), '1.0.0')
    }
    const withBody = await ask('POST', '/v1/uploads', { ...PIECE, 'upload-length': '5' }, 'model')
    assert.deepEqual([withBody.status, withBody.code], [415, 'unsupported-media-type'])
    assert.deepEqual((await harness.catalog.of(FIRST_TENANT).uploads({ limit: 10 })).items, [])
  })

  test('a begun upload is answered as the resource, the same for one Idempotency-Key', async () => {
    const headers = { ...TUS, 'upload-length': '5', 'upload-metadata': `name ${base64('../x/net.keras')}`, 'idempotency-key': 'one' }
    const [first, again] = [await ask('POST', '/v1/uploads', headers), await ask('POST', '/v1/uploads', headers)]
    assert.deepEqual([first.status, again.status, again.headers.get('location')], [201, 201, first.headers.get('location')])
    const shown = await ask('GET', first.headers.get('location')!, {}) as unknown as Record<string, unknown>
    assert.deepEqual([shown['name'], shown['bytes'], shown['received']], ['net.keras', 5, 0])
    assert.ok(Math.abs(Date.parse(String(shown['expiresAt'])) - Date.now() - 24 * 3_600_000) < 60_000)
    assert.ok(Math.abs(Date.parse(first.headers.get('upload-expires')!) - Date.parse(String(shown['expiresAt']))) < 2000)
    const other = await ask('POST', '/v1/uploads', { ...headers, 'upload-length': '6' })
    assert.deepEqual([other.status, other.code], [422, 'idempotency-mismatch'])
  })

  test('wrong offsets, too many bytes, other content: nothing is added', async () => {
    const place = await begun(10)
    assert.equal((await send(place, '0', 'model')).status, 204)
    const many = 'x'.repeat(300_000)
    const cases: Array<[string, BodyInit, Record<string, string>, number, string]> = [
      ['0', 'model', PIECE, 409, 'conflict'],
      ['6', 'x', PIECE, 409, 'conflict'],
      ['-5', 'x', PIECE, 400, 'invalid-request'],
      ['five', 'x', PIECE, 400, 'invalid-request'],
      ['5', '123456', PIECE, 413, 'payload-too-large'],
      ['5', many, PIECE, 413, 'payload-too-large'],
      ['5', 'x', TUS, 415, 'unsupported-media-type'],
      ['5', 'x', { 'content-type': PIECE['content-type'] }, 412, 'precondition-failed'],
      ['5', 'x', { ...PIECE, 'upload-length': '20' }, 400, 'invalid-request'],
    ]
    for (const [offset, body, headers, status, code] of cases) {
      const answer = await send(place, offset, body, headers)
      assert.deepEqual([answer.status, answer.code], [status, code], `${offset} ${JSON.stringify(headers)}: ${answer.detail}`)
    }
    const missing = await ask('PATCH', place, PIECE, 'x')
    assert.deepEqual([missing.status, missing.code], [400, 'invalid-request'])
    assert.equal((await ask('HEAD', place, TUS)).headers.get('upload-offset'), '5')
    const early = await harness.app.inject({ method: 'POST', url: '/v1/models', payload: { upload: place.split('/').at(-1) } })
    assert.deepEqual([early.statusCode, early.json().code, early.json().received], [409, 'conflict', 5])
  })

  test('a body of no told length that goes on beyond the file is cut at its end', async () => {
    const place = await begun(10)
    const answer = await send(place, '0', new ReadableStream({
      async start (controller) {
        for (let i = 0; i < 40; i++) controller.enqueue(Buffer.from('modelmodel'))
        controller.close()
      },
    }))
    assert.deepEqual([answer.status, answer.code], [413, 'payload-too-large'])
    assert.ok(Number((await ask('HEAD', place, TUS)).headers.get('upload-offset')) <= 10)
  })

  test('one that is not there, and one that has expired', async () => {
    for (const method of ['HEAD', 'PATCH', 'DELETE', 'GET']) assert.equal((await ask(method, '/v1/uploads/upl_none', { ...TUS, 'upload-offset': '0' })).status, 404, method)
    const place = await begun(10)
    await age(place)
    for (const [method, headers] of [['HEAD', TUS], ['PATCH', { ...PIECE, 'upload-offset': '1' }]] as const) assert.equal((await ask(method, place, headers, method === 'HEAD' ? undefined : 'x')).status, 410, method)
    const made = await harness.app.inject({ method: 'POST', url: '/v1/models', payload: { upload: place.split('/').at(-1) } })
    assert.deepEqual([made.statusCode, made.json().code], [410, 'upload-expired'])
    await sweep({ catalog: harness.catalog, blobs: harness.blobs })
    assert.equal((await ask('HEAD', place, TUS)).status, 404)
  })

  test('a sweep leaves the pieces of what is unfinished, and takes those of what has expired', async () => {
    const [kept, gone] = [modelOf(1000), modelOf(1001)]
    const [first, second] = [await begun(2000), await begun(2000)]
    await send(first, '0', new Uint8Array(kept))
    await send(second, '0', new Uint8Array(gone))
    await age(second)
    await sweep({ catalog: harness.catalog, blobs: harness.blobs, olderThanMs: 0 })
    harness.app.remover.after()
    await harness.app.remover.settled()
    assert.deepEqual([await harness.blobs.has(sha256(kept)), await harness.blobs.has(sha256(gone))], [true, false])
  })
})
