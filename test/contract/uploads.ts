/** What uploads in pieces must do over HTTP, whatever store the blobs are in. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Blobs } from '../../src/jobs/ports.ts'
import { openHarness, sha256, type Harness } from '../integration/http-harness.ts'

const MiB = 1 << 20
const TUS = { 'tus-resumable': '1.0.0' }
const PIECE = { ...TUS, 'content-type': 'application/offset+octet-stream' }

/** Bytes that the harness takes for a model. */
export function modelOf (bytes: number): Buffer {
  return Buffer.concat([Buffer.from('model'), randomBytes(bytes - 5)])
}

export function base64 (text: string): string {
  return Buffer.from(text).toString('base64')
}

export function uploadsContract (name: string, open: () => Promise<{ blobs?: Blobs, close (): Promise<unknown> }>): void {
  describe(`uploads in pieces: ${name}`, () => {
    let harness: Harness
    let store: Awaited<ReturnType<typeof open>>
    let url: string
    before(async () => {
      store = await open()
      harness = await openHarness(store.blobs && { blobs: store.blobs })
      url = await harness.app.listen({ host: '127.0.0.1', port: 0 })
    })
    after(async () => {
      await harness.close()
      await store.close()
    })

    const begin = async (length: number | string, headers: Record<string, string> = {}) => await fetch(`${url}/v1/uploads`, { method: 'POST', headers: { ...TUS, 'upload-length': String(length), ...headers } })
    const begun = async (length: number): Promise<string> => {
      const answer = await begin(length, { 'upload-metadata': `filename ${base64('lenet.keras')},note` })
      assert.equal(answer.status, 201)
      return answer.headers.get('location')!
    }
    const send = async (place: string, offset: number, body: Uint8Array) => await fetch(url + place, { method: 'PATCH', headers: { ...PIECE, 'upload-offset': String(offset) }, body: new Uint8Array(body) })
    const ask = async (place: string) => await fetch(url + place, { method: 'HEAD', headers: TUS })
    const finish = async (place: string, body: object = {}, kind = 'models') => await harness.app.inject({ method: 'POST', url: `/v1/${kind}`, payload: { upload: place.split('/').at(-1), ...body } })
    const pieces = async (): Promise<Set<string>> => await harness.catalog.referencedBlobs()

    test('pieces of all sizes become the model that they are of, and are gone then', async () => {
      const file = modelOf(19 * MiB + 7)
      const place = await begun(file.length)
      const cuts = [0, 1, 3, 100_000, 9 * MiB, 9 * MiB + 1, file.length]
      for (const [at, from] of cuts.slice(0, -1).entries()) {
        const answer = await send(place, from, file.subarray(from, cuts[at + 1]))
        assert.deepEqual([answer.status, answer.headers.get('upload-offset'), answer.headers.get('tus-resumable')], [204, String(cuts[at + 1]), '1.0.0'], await answer.text())
        assert.equal((await ask(place)).headers.get('upload-offset'), String(cuts[at + 1]))
      }
      const asked = await ask(place)
      assert.deepEqual([asked.status, asked.headers.get('upload-length'), asked.headers.get('cache-control'), asked.headers.get('upload-metadata')],
        [200, String(file.length), 'no-store', `filename ${base64('lenet.keras')},note`])
      const parts = [...await pieces()]
      const answer = await finish(place)
      assert.equal(answer.statusCode, 201, answer.body)
      const model = answer.json()
      assert.deepEqual([model.sha256, model.bytes, model.name, answer.headers.location], [sha256(file), file.length, 'lenet.keras', `/v1/models/${model.id}`])
      assert.equal(sha256((await harness.app.inject(`/v1/models/${model.id}/file`)).rawPayload), model.sha256)
      assert.equal((await ask(place)).status, 404)
      await harness.app.remover.settled()
      for (const part of parts.filter((one) => one !== model.sha256)) assert.equal(await harness.blobs.has(part), false)
    })

    test('a data set, with a name and its scaling, once for one Idempotency-Key', async () => {
      const place = await begun(9)
      await send(place, 0, Buffer.from('data, 1 2'))
      const ask = async () => await harness.app.inject({ method: 'POST', url: '/v1/datasets', headers: { 'idempotency-key': `once-${name}` }, payload: { upload: place.split('/').at(-1), name: ' numbers ', inputs: { scale: 0.5 } } })
      const [answer, again] = [await ask(), await ask()]
      assert.equal(answer.statusCode, 201, answer.body)
      assert.deepEqual([answer.json().name, answer.json().inputs, answer.json().sha256], ['numbers', { scale: 0.5, offset: 0 }, sha256('data, 1 2')])
      assert.deepEqual([again.json(), again.headers['idempotency-replayed']], [answer.json(), 'true'])
    })

    test('of a client that goes away all that came is kept, up to the byte that was read', async () => {
      const file = modelOf(12 * MiB)
      const place = await begun(file.length)
      const { port } = new URL(url)
      const client = connect(Number(port), '127.0.0.1')
      client.write(`PATCH ${place} HTTP/1.1\r\nhost: localhost\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: ${file.length}\r\n\r\n`)
      client.write(file.subarray(0, 9 * MiB + 12_345))
      // In the middle of the body, behind all that was sent.
      client.end()
      let offset = 0
      for (let tries = 200; tries > 0 && offset !== 9 * MiB + 12_345; tries--) {
        await sleep(50)
        offset = (await harness.app.inject(place)).json().received
      }
      assert.equal(offset, 9 * MiB + 12_345)
      assert.equal((await ask(place)).headers.get('upload-offset'), String(offset))
      assert.equal((await send(place, offset, file.subarray(offset))).status, 204)
      assert.equal((await finish(place)).json().sha256, sha256(file))
    })

    test('while one client hangs, another one takes its place with what it had', async () => {
      const file = modelOf(2 * MiB)
      const place = await begun(file.length)
      const hanging = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
      hanging.write(`PATCH ${place} HTTP/1.1\r\nhost: localhost\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: ${file.length}\r\n\r\n`)
      hanging.write(file.subarray(0, MiB))
      await sleep(500)
      const asked = await ask(place)
      assert.equal(asked.headers.get('upload-offset'), String(MiB))
      assert.equal((await send(place, MiB, file.subarray(MiB))).status, 204)
      assert.equal((await finish(place)).json().sha256, sha256(file))
      hanging.destroy()
    })

    test('what cannot be read is refused and stays to be tried again, or deleted with all its pieces', async () => {
      const place = await begun(5)
      await send(place, 0, Buffer.from('miaow'))
      const [part] = [sha256('miaow')]
      const answer = await finish(place)
      assert.deepEqual([answer.statusCode, answer.json().code], [422, 'invalid-model'])
      assert.match(answer.json().detail, /^lenet\.keras: /)
      assert.equal((await ask(place)).status, 200)
      assert.equal((await fetch(url + place, { method: 'DELETE', headers: TUS })).status, 204)
      await harness.app.remover.settled()
      assert.deepEqual([(await ask(place)).status, await harness.blobs.has(part)], [404, false])
    })
  })
}
