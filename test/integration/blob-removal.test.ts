/** Blobs that nothing refers to any more go at once, in every store, and over the API; never those that somebody is about to refer to. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createFileBlobs } from '../../src/infra/blobs/files.ts'
import { createPostgresBlobs } from '../../src/infra/blobs/postgres.ts'
import { createS3Blobs } from '../../src/infra/blobs/s3.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { blobRemovalContract } from '../contract/blob-removal.ts'
import { MODEL } from '../contract/samples.ts'
import { freshDatabase } from '../support/database.ts'
import { startS3, type TestS3 } from '../support/s3.ts'
import { form, openHarness, sha256, type Harness } from './http-harness.ts'

blobRemovalContract('files', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-removal-'))
  return { blobs: createFileBlobs(folder), close: async () => await rm(folder, { recursive: true }) }
}, 40)

blobRemovalContract('Postgres', async () => {
  const { url, drop } = await freshDatabase()
  const blobs = createPostgresBlobs(url, { chunkBytes: 50_000 })
  return { blobs, async close () { await blobs.close(); await drop() } }
}, 40)

let server: TestS3
before(async () => { server = await startS3() })
after(async () => { await server.stop() })

blobRemovalContract('S3', async () => {
  const blobs = createS3Blobs(await server.bucket())
  return { blobs, close: async () => await blobs.close() }
}, 15)

describe('removal of blobs over the API', () => {
  let harness: Harness
  /** Called while a model is read: after its file came in, before its row is made. */
  let whileRead: () => Promise<unknown> = async () => {}
  before(async () => {
    harness = await openHarness({ summarizeModel: async () => { await whileRead(); return MODEL } })
  })
  after(async () => await harness.close())

  const upload = async (value: string) => await harness.app.inject({ method: 'POST', url: '/v1/models', ...form({ name: 'file', filename: 'm.keras', value }) })
  const remove = async (id: string): Promise<void> => {
    assert.equal((await harness.app.inject({ method: 'DELETE', url: `/v1/models/${id}` })).statusCode, 204)
    await harness.app.remover.settled()
  }

  test('a deleted model\'s file is gone when nobody else has it', async () => {
    const before = await harness.blobCount()
    const [first, second] = [(await upload('model a')).json(), (await upload('model a')).json()]
    assert.equal(await harness.blobCount(), before + 1)
    await remove(first.id)
    assert.equal((await harness.app.inject(`/v1/models/${second.id}/file`)).body, 'model a')
    await remove(second.id)
    assert.equal(await harness.blobCount(), before)
  })

  test('nor does a file stay that could not be read', async () => {
    const before = await harness.blobCount()
    whileRead = async () => { throw new Error('cannot be read') }
    assert.equal((await upload('model b')).statusCode, 500)
    whileRead = async () => {}
    assert.equal(await harness.blobCount(), before)
  })

  test('a file that is uploaded again while its last model is deleted stays', async () => {
    const { id } = (await upload('model c')).json()
    whileRead = async () => { await remove(id) }
    const again = (await upload('model c')).json()
    whileRead = async () => {}
    await harness.app.remover.settled()
    assert.equal((await harness.app.inject(`/v1/models/${again.id}/file`)).body, 'model c')
  })

  test('deleting answers the same whether another tenant has the file or not', async () => {
    const { tenant } = await harness.catalog.createTenant('another', {})
    const content = 'model d'
    const { id } = (await upload(content)).json()
    await harness.catalog.of(tenant.id).createModel({ name: 'theirs', bytes: content.length, sha256: sha256(content) }, MODEL)
    const alone = (await upload('model e')).json()
    const answers = await Promise.all([id, alone.id].map(async (one: string) => await harness.app.inject({ method: 'DELETE', url: `/v1/models/${one}` })))
    const [shared, own] = answers.map(({ statusCode, body, headers: { date, 'x-request-id': request, ...headers } }) => ({ statusCode, body, headers }))
    assert.deepEqual(shared, own)
    await harness.app.remover.settled()
    assert.deepEqual([await harness.blobs.has(sha256(content)), await harness.blobs.has(sha256('model e'))], [true, false])
    assert.equal((await harness.catalog.of(FIRST_TENANT).models({ limit: 100 })).items.some(({ name }) => name === 'theirs'), false)
  })
})
