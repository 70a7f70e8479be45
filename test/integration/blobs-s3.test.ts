/** The blob store on S3: the contract on a real server, and what only this store has. */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import {
  CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command, PutObjectCommand, UploadPartCommand,
} from '@aws-sdk/client-s3'
import { orMissing } from '../../src/infra/blobs/s3-client.ts'
import { createS3Blobs, type S3BlobsOptions } from '../../src/infra/blobs/s3.ts'
import { blobsContract, collect, of, type BlobStore } from '../contract/blobs.ts'
import { sha256Of } from '../contract/samples.ts'
import { cuttingProxy } from '../support/cutting-proxy.ts'
import { clientOf, startS3, type TestS3 } from '../support/s3.ts'

const MiB = 1 << 20

async function inBucket (server: TestS3, options: S3BlobsOptions = {}): Promise<BlobStore & { settings: Awaited<ReturnType<TestS3['bucket']>> }> {
  const settings = await server.bucket()
  const client = clientOf(settings)
  const blobs = createS3Blobs(settings, options)
  const { bucket: Bucket, prefix } = settings
  const keyOf = (sha256: string): { Bucket: string, Key: string } => ({ Bucket, Key: `${prefix}blobs/${sha256}` })
  const change = async (sha256: string, how: (bytes: Uint8Array) => Uint8Array): Promise<void> => {
    const { Body } = await client.send(new GetObjectCommand(keyOf(sha256)))
    await client.send(new PutObjectCommand({ ...keyOf(sha256), Body: how(await Body!.transformToByteArray()) }))
  }
  return {
    settings,
    blobs,
    ageStepMs: 1000,
    async leftovers () {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
      const uploads = await orMissing(client.send(new ListMultipartUploadsCommand({ Bucket })))
      const keys = Contents.map(({ Key }) => Key!)
      assert.ok(keys.every((key) => key.startsWith(prefix)))
      const complete = keys.filter((key) => key.startsWith(`${prefix}blobs/`)).length
      const sums = keys.filter((key) => key.startsWith(`${prefix}sums/`) && keys.includes(key.replace('sums/', 'blobs/'))).length
      return { complete, unfinished: keys.length - complete - sums + (uploads?.Uploads?.length ?? 0) }
    },
    async crashWithinPut () {
      const Key = `${prefix}uploads/${randomUUID()}`
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
      await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: Buffer.from('half a') }))
      await client.send(new PutObjectCommand({ Bucket, Key: `${prefix}uploads/${randomUUID()}`, Body: 'complete, but not yet a blob' }))
      await client.send(new PutObjectCommand({ Bucket, Key: `${prefix}sums/${sha256Of('none')}`, Body: 'sums without a blob' }))
    },
    async damage (sha256, at) {
      await change(sha256, (bytes) => {
        bytes[at]! ^= 1
        return bytes
      })
    },
    async cut (sha256) { await change(sha256, (bytes) => bytes.subarray(0, -1)) },
    async forgetSums (sha256) { await client.send(new DeleteObjectCommand({ Bucket, Key: `${prefix}sums/${sha256}` })) },
    async dispose () {
      await blobs.close()
      client.destroy()
    },
  }
}

describe('S3', () => {
  let server: TestS3
  before(async () => { server = await startS3() })
  after(async () => { await server.stop() })

  blobsContract('S3', async () => await inBucket(server))
  test('a file in parts, the least that a store takes, is what it was, whatever its size', async () => {
    const store = await inBucket(server, { partBytes: 5 * MiB, copyBytes: 6 * MiB })
    for (const size of [5 * MiB, 5 * MiB + 1, 10 * MiB, 17 * MiB + 3]) {
      const bytes = randomBytes(size)
      const { sha256 } = await store.blobs.put(of(bytes.subarray(0, 1), bytes.subarray(1)))
      assert.equal(sha256, sha256Of(bytes))
      assert.ok(bytes.equals(await collect(store.blobs.stream(sha256))), String(size))
      await store.damage(sha256, size - 2)
      await assert.rejects(collect(store.blobs.stream(sha256, { from: size - 2, to: size })), { code: 'blob-damaged' })
    }
    assert.deepEqual(await store.leftovers(), { complete: 4, unfinished: 0 })
    await store.dispose()
  })

  test('a put in parts past the limit, or whose source fails, leaves nothing', async () => {
    const { blobs, leftovers, dispose } = await inBucket(server, { partBytes: 5 * MiB })
    const bytes = randomBytes(12 * MiB)
    await assert.rejects(blobs.put(of(bytes.subarray(0, 6 * MiB), bytes.subarray(6 * MiB)), bytes.length - 1), { code: 'payload-too-large' })
    await assert.rejects(blobs.put((async function * () { yield bytes; throw new Error('the client went away') })()), { message: 'the client went away' })
    assert.deepEqual(await leftovers(), { complete: 0, unfinished: 0 })
    await dispose()
  })

  test('a large file that turns out to be a duplicate leaves no object behind when it is answered, nor one that came to nothing', async () => {
    const { settings, blobs, leftovers, dispose } = await inBucket(server, { partBytes: 5 * MiB })
    const client = clientOf(settings)
    const bytes = randomBytes(11 * MiB)
    const uploads = async (): Promise<number> => (await client.send(new ListObjectsV2Command({ Bucket: settings.bucket, Prefix: `${settings.prefix}uploads/` }))).KeyCount ?? 0
    for (const created of [true, false, false]) {
      assert.equal((await blobs.put(of(bytes))).created, created)
      assert.equal(await uploads(), 0)
    }
    await assert.rejects(blobs.put(of(bytes), undefined, async () => { throw new Error('cannot be held') }), /cannot be held/)
    assert.deepEqual(await leftovers(), { complete: 1, unfinished: 0 })
    client.destroy()
    await dispose()
  })

  test('connections that are cut within a put or a read are replaced; the blob is whole', async () => {
    const proxy = await cuttingProxy(server.endpoint)
    const blobs = createS3Blobs({ ...await server.bucket(), endpoint: proxy.url }, { partBytes: 5 * MiB, patience: 5000 })
    const piece = randomBytes(3 * MiB)
    const bytes = Buffer.concat([piece, piece, piece, piece, piece])
    const { sha256 } = await blobs.put((async function * () {
      for (let i = 0; i < 5; i++) {
        if (i % 2 === 1) proxy.cut()
        yield piece
      }
    })())
    assert.equal(sha256, sha256Of(bytes))
    proxy.cutAfter(7 * MiB)
    assert.ok(bytes.equals(await collect(blobs.stream(sha256))))
    const file = await blobs.open(sha256)
    proxy.cutAfter(2 * MiB)
    assert.ok(bytes.subarray(MiB, 9 * MiB).equals(await file.read(MiB, 8 * MiB)))
    assert.equal(proxy.cuts, 4)
    await blobs.close()
    await proxy.close()
  })

  test('refused keys and a bucket that is not there: unavailable, and what to look at', async () => {
    const { settings, dispose } = await inBucket(server)
    for (const [changes, say] of [[{ credentials: { accessKeyId: 'testkey12345', secretAccessKey: 'wrong' } }, /the keys/], [{ bucket: 'not-there-at-all' }, /ESPALIER_S3_BUCKET/]] as const) {
      const blobs = createS3Blobs({ ...settings, ...changes })
      await assert.rejects(blobs.ping(), { code: 'unavailable', message: say })
      await blobs.close()
    }
    await dispose()
  })
})

test('without an S3 store it is unavailable', async () => {
  const blobs = createS3Blobs({ bucket: 'none', endpoint: 'http://127.0.0.1:1', region: 'us-east-1', prefix: '', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })
  await assert.rejects(blobs.has(sha256Of('a')), { code: 'unavailable', message: /ESPALIER_S3_ENDPOINT/ })
  await assert.rejects(blobs.put(of(Buffer.alloc(10))), { code: 'unavailable' })
  await assert.rejects(blobs.put(of(Buffer.alloc(9 * MiB))), { code: 'unavailable' })
  await blobs.close()
})
