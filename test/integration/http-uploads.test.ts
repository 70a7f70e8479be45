/** Uploads: streamed, in parts, refused, aborted. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BlobReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js'
import { form, openHarness, sha256, type Harness } from './http-harness.ts'

describe('uploads', () => {
  let harness: Harness
  before(async () => { harness = await openHarness() })
  after(async () => await harness.close())

  const post = async (url: string, ...parts: Parameters<typeof form>) => await harness.app.inject({ method: 'POST', url, ...form(...parts) })

  test('a model is stored, read and addressed', async () => {
    const answer = await post('/v1/models', { name: 'file', filename: 'C:\\dir\\lenet.keras', value: 'model 1' }, { name: 'name', value: 'LeNet' })
    assert.equal(answer.statusCode, 201)
    const model = answer.json()
    assert.equal(answer.headers.location, `/v1/models/${model.id}`)
    assert.equal(model.name, 'LeNet')
    assert.equal(model.sha256, sha256('model 1'))
    assert.equal(model.bytes, 7)
    assert.deepEqual((await harness.app.inject(`/v1/models/${model.id}`)).json(), model)
    const file = await harness.app.inject(`/v1/models/${model.id}/file`)
    assert.equal(file.body, 'model 1')
    assert.match(String(file.headers['content-disposition']), /filename="LeNet"/)
  })

  test('without a name the label is the last step of the file name', async () => {
    const answer = await post('/v1/models', { name: 'file', filename: '../../etc/net.keras', value: 'model 2' })
    assert.equal(answer.json().name, 'net.keras')
  })

  test('the files of a TF.js model become one zip, the same for the same files', async () => {
    const parts = [
      { name: 'file', filename: 'group1-shard1of1.bin', value: new Uint8Array(200_000).fill(7) },
      { name: 'file', filename: 'model.json', value: '{"modelTopology":{}}' },
    ]
    const [first, second] = [await post('/v1/models', ...parts), await post('/v1/models', ...parts)]
    assert.equal(first.statusCode, 201, first.body)
    assert.equal(first.json().name, 'model.zip')
    assert.equal(first.json().sha256, second.json().sha256)
    const zip = (await harness.app.inject(`/v1/models/${first.json().id}/file`)).rawPayload
    const entries = await new ZipReader(new BlobReader(new Blob([new Uint8Array(zip)])), { useWebWorkers: false }).getEntries()
    assert.deepEqual(entries.map((entry) => entry.filename), ['group1-shard1of1.bin', 'model.json'])
    assert.ok(entries.every((entry) => entry.compressionMethod === 0))
    const shard = entries[0]
    assert.ok(shard !== undefined && !shard.directory)
    assert.deepEqual(await shard.getData(new Uint8ArrayWriter()), new Uint8Array(200_000).fill(7))
  })

  test('a piece twice, or shards without model.json, are refused and leave nothing', async () => {
    const before = await harness.blobCount()
    const twice = await post('/v1/models', { name: 'file', filename: 'model.json', value: '{}' }, { name: 'file', filename: 'model.json', value: '{}' })
    assert.equal(twice.statusCode, 400)
    assert.match(twice.json().detail, /model\.json comes twice/)
    const lone = await post('/v1/models', { name: 'file', filename: 'a.bin', value: 'x' })
    assert.match(lone.json().detail, /needs its model\.json/)
    assert.equal(await harness.blobCount(), before)
  })

  test('a model in pieces that is too large, or whose client leaves, leaves nothing', async () => {
    const before = await harness.blobCount()
    const large = { name: 'file', filename: 'a.bin', value: new Uint8Array(33 << 20) }
    const answer = await post('/v1/models', { name: 'file', filename: 'model.json', value: '{}' }, large)
    assert.equal(answer.statusCode, 413, answer.body)
    const wrong = await post('/v1/models', { name: 'file', filename: 'model.json', value: '{}' }, { name: 'flie', value: 'x' })
    assert.equal(wrong.statusCode, 400)
    assert.equal(await harness.blobCount(), before)
  })

  test('what cannot be read is 422 and makes no model', async () => {
    const before = (await harness.app.inject('/v1/models?limit=100')).json().items.length
    const answer = await post('/v1/models', { name: 'file', filename: 'cat.jpg', value: 'miaow' })
    assert.equal(answer.statusCode, 422)
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    assert.equal(answer.json().code, 'invalid-model')
    assert.match(answer.json().detail, /cat\.jpg: begins with "miaow"/)
    assert.equal((await harness.app.inject('/v1/models?limit=100')).json().items.length, before)
  })

  test('wrong forms say what would be right', async () => {
    const cases: Array<[Parameters<typeof form>, number, RegExp]> = [
      [[{ name: 'fiel', filename: 'a', value: 'model' }], 400, /unknown part "fiel": did you mean "file"/],
      [[{ name: 'file', value: 'model' }], 400, /came without a file name/],
      [[{ name: 'name', filename: 'a', value: 'x' }], 400, /part "name": must be a label, not a file/],
      [[{ name: 'name', value: 'x' }], 400, /part "file" is needed/],
      [[{ name: 'file', filename: 'a', value: '' }], 400, /the file is empty/],
      [[{ name: 'name', value: ' ' }, { name: 'file', filename: 'a', value: 'model' }], 400, /part "name": must be text of 1 to 200/],
      [[{ name: 'file', filename: 'a', value: 'model' }, { name: 'file', filename: 'b', value: 'model' }], 400, /comes more than once/],
    ]
    for (const [parts, status, detail] of cases) {
      const answer = await post('/v1/models', ...parts)
      assert.equal(answer.statusCode, status, answer.body)
      assert.match(answer.json().detail, detail)
    }
    const json = await harness.app.inject({ method: 'POST', url: '/v1/models', payload: { a: 1 } })
    assert.equal(json.statusCode, 400)
    assert.match(json.json().detail, /upload is needed/)
    const text = await harness.app.inject({ method: 'POST', url: '/v1/models', payload: 'x', headers: { 'content-type': 'text/plain' } })
    assert.equal(text.statusCode, 415)
    assert.equal(text.json().code, 'unsupported-media-type')
  })

  test('a data set keeps the scaling it was given', async () => {
    const answer = await post('/v1/datasets', { name: 'inputs', value: '{"scale": 0.5}' }, { name: 'file', filename: 'd.npz', value: 'data' })
    assert.equal(answer.statusCode, 201, answer.body)
    assert.deepEqual(answer.json().inputs, { scale: 0.5, offset: 0 })
    const wrong = await post('/v1/datasets', { name: 'inputs', value: '{"scael": 0.5}' }, { name: 'file', filename: 'd.npz', value: 'data' })
    assert.equal(wrong.statusCode, 400)
    assert.match(wrong.json().detail, /\/scael unknown key "scael": did you mean "scale"/)
    const notJson = await post('/v1/datasets', { name: 'inputs', value: 'half' }, { name: 'file', filename: 'd.npz', value: 'data' })
    assert.match(notJson.json().detail, /must be JSON/)
  })

  test('too large is 413 while the client still sends, and leaves nothing', async () => {
    const url = await harness.app.listen({ host: '127.0.0.1', port: 0 })
    const before = await harness.blobCount()
    const body = new FormData()
    body.append('file', new Blob([new Uint8Array(40 << 20)]), 'big.keras')
    const answer = await fetch(`${url}/v1/models`, { method: 'POST', body })
    assert.equal(answer.status, 413)
    assert.equal((await answer.json() as { code: string }).code, 'payload-too-large')
    assert.equal(await harness.blobCount(), before)

    const wrong = new FormData()
    wrong.append('fiel', new Blob([new Uint8Array(40 << 20)]), 'big.keras')
    const early = await fetch(`${url}/v1/models`, { method: 'POST', body: wrong })
    assert.equal(early.status, 400)
    assert.match((await early.json() as { detail: string }).detail, /did you mean "file"/)

    // A client that goes away in the middle of a file, and one that ends the body in the middle of one.
    const { port } = new URL(url)
    const head = 'POST /v1/models HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: '
    const part = '--b\r\ncontent-disposition: form-data; name="file"; filename="half.keras"\r\n\r\nmodel half'
    const leaving = connect(Number(port), '127.0.0.1')
    leaving.write(`${head}1000000\r\n\r\n${part}`)
    await sleep(200)
    assert.equal(await harness.blobCount(), before + 1, 'the unfinished file is being written')
    leaving.destroy()
    const cut = connect(Number(port), '127.0.0.1')
    cut.write(`${head}${part.length}\r\nconnection: close\r\n\r\n${part}`)
    const reply = await new Promise<string>((resolve) => {
      let text = ''
      cut.on('data', (piece) => { text += String(piece) }).on('close', () => resolve(text))
    })
    assert.match(reply, /^HTTP\/1\.1 400 /)
    assert.match(reply, /invalid-request/)
    await sleep(200)
    assert.equal(await harness.blobCount(), before)
  })
})
