/** Stored files that a disk has changed: downloads are cut off, and jobs fail before anything reads the file. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { RECIPE, sha256Of } from '../contract/samples.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { makeWorkplace, MODEL_BYTES, runner, type Workplace } from '../contract/workplace.ts'
import { flipBit } from '../support/damage.ts'
import { form, openHarness, type Harness } from './http-harness.ts'

const MiB = 1 << 20

describe('downloads of a damaged file', () => {
  let harness: Harness, address: string
  const bytes = Buffer.concat([Buffer.from('model'), randomBytes(6 * MiB)])
  before(async () => {
    harness = await openHarness()
    const created = await harness.app.inject({ method: 'POST', url: '/v1/models', ...form({ name: 'file', filename: 'm.keras', value: bytes }) })
    assert.equal(created.statusCode, 201)
    address = `${await harness.app.listen({ host: '127.0.0.1', port: 0 })}/v1/models/${created.json<{ id: string }>().id}/file`
    await harness.damageBlob(sha256Of(bytes), 4 * MiB)
  })
  after(async () => { await harness.close() })

  test('the whole one is cut off before what is wrong', async () => {
    const response = await fetch(address)
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-length'), String(bytes.length))
    const chunks: Uint8Array[] = []
    await assert.rejects(async () => { for await (const chunk of response.body!) chunks.push(chunk) })
    const came = Buffer.concat(chunks)
    assert.ok(came.length <= 4 * MiB && came.equals(bytes.subarray(0, came.length)))
  })

  test('a range that begins at it is refused with the file and the place; one elsewhere comes', async () => {
    const refused = await fetch(address, { headers: { range: `bytes=${4 * MiB - 10}-${4 * MiB + 10}` } })
    assert.equal(refused.status, 500)
    for (const name of ['etag', 'content-range', 'content-disposition', 'repr-digest']) assert.equal(refused.headers.get(name), null, name)
    const problem = await refused.json() as { code: string, sha256: string, from: number, to: number }
    assert.equal(problem.code, 'blob-damaged')
    assert.equal(problem.sha256, sha256Of(bytes))
    assert.ok(problem.from <= 4 * MiB && 4 * MiB < problem.to)
    const range = await fetch(address, { headers: { range: 'bytes=0-9' } })
    assert.equal(range.status, 206)
    assert.deepEqual(Buffer.from(await range.arrayBuffer()), bytes.subarray(0, 10))
  })
})

describe('jobs on damaged files', () => {
  let place: Workplace
  before(async () => { place = await makeWorkplace() })
  after(async () => { await place.dispose() })

  const damage = async (bytes: Uint8Array | string): Promise<void> => {
    const sha256 = sha256Of(bytes)
    await flipBit(path.join(place.scratch, '..', 'blobs', sha256.slice(0, 2), sha256), 3)
  }

  test('a damaged model fails the job, and no engine sees it', async () => {
    const job = await place.submit()
    await damage(MODEL_BYTES)
    let ran = false
    const by = { run: async (...args: Parameters<typeof runner.run>) => { ran = true; return await runner.run(...args) } }
    assert.equal(await place.attempt(job, { by }), 'failed')
    assert.equal(ran, false)
    const { error } = (await place.catalog.of(FIRST_TENANT).job(job.id))!
    assert.equal(error!.code, 'blob-damaged')
    assert.equal(error!.details!['sha256'], sha256Of(MODEL_BYTES))
  })

  test('a damaged checkpoint is as good as lost: the run begins at its beginning', async () => {
    const { catalog, fileBlobs } = place
    const job = await place.submit()
    assert.deepEqual(job.recipe, RECIPE)
    await catalog.begin(job.id, 1, 'dies')
    const state = `the state of ${job.id}`
    await catalog.checkpoint(job.id, 1, await fileBlobs.put((async function * () { yield Buffer.from(state) })()))
    await damage(state)
    let checkpoint: unknown
    const by = { run: async (...args: Parameters<typeof runner.run>) => { checkpoint = args[0].checkpoint; return await runner.run(...args) } }
    assert.equal(await place.attempt(job, { by }), 'succeeded')
    assert.equal(checkpoint, null)
  })
})
