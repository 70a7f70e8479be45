/** What every blob store must notice: part of the contract of blob stores, with files that are changed behind their backs. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { EspalierError } from '../../src/errors.ts'
import type { Blobs } from '../../src/jobs/ports.ts'
import { collect, of, type BlobStore } from './blobs.ts'

const MiB = 1 << 20
const SIZE = 5 * MiB + 5
const DAMAGED_AT = 3 * MiB + 7

/** Does this say which file is damaged, and a place that holds byte `at`? */
function tells (sha256: string, at?: number): (error: EspalierError) => boolean {
  return ({ code, message, details }) => {
    assert.equal(code, 'blob-damaged')
    assert.ok(message.includes(sha256))
    assert.equal(details['sha256'], sha256)
    if (at !== undefined) assert.ok(details['from'] as number <= at && at < (details['to'] as number), message)
    return true
  }
}

/** What came of a stream before it failed, and with what. */
async function untilFailure (content: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer, error: unknown }> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of content) chunks.push(Uint8Array.from(chunk))
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error }
  }
  return { bytes: Buffer.concat(chunks), error: undefined }
}

async function readAt (blobs: Blobs, sha256: string, offset: number, length: number): Promise<Uint8Array> {
  const open = await blobs.open(sha256)
  try {
    return Uint8Array.from(await open.read(offset, length))
  } finally {
    await open.close()
  }
}

export function damageContract (storeOf: () => BlobStore): void {
  test('a flipped bit is noticed by whatever reads it, and by nothing else', async () => {
    const { blobs, damage } = storeOf()
    const bytes = randomBytes(SIZE)
    const { sha256 } = await blobs.put(of(bytes))
    const open = await blobs.open(sha256)
    await damage(sha256, DAMAGED_AT)

    const whole = await untilFailure(blobs.stream(sha256))
    tells(sha256)(whole.error as EspalierError)
    assert.ok(whole.bytes.length <= DAMAGED_AT && whole.bytes.equals(bytes.subarray(0, whole.bytes.length)), 'only what was stored, and not all of it, comes out of a stream')

    await assert.rejects(collect(blobs.stream(sha256, { from: DAMAGED_AT, to: DAMAGED_AT + 1 })), tells(sha256, DAMAGED_AT))
    await assert.rejects(collect(blobs.stream(sha256, { from: 2 * MiB - 3, to: SIZE })), tells(sha256, DAMAGED_AT))
    await assert.rejects(readAt(blobs, sha256, DAMAGED_AT - 2, 4), tells(sha256, DAMAGED_AT))
    await assert.rejects(readAt(blobs, sha256, 0, SIZE), tells(sha256, DAMAGED_AT))
    await assert.rejects(open.read(DAMAGED_AT, 1), tells(sha256, DAMAGED_AT))
    await open.close()

    assert.ok(bytes.subarray(10, 20).equals(await collect(blobs.stream(sha256, { from: 10, to: 20 }))))
    assert.ok(bytes.subarray(SIZE - 4).equals(await readAt(blobs, sha256, SIZE - 4, 4)))
    if (await isLocal(blobs)) await assert.rejects(blobs.localPath(sha256), tells(sha256, DAMAGED_AT))
    await blobs.delete(sha256)
  })

  test('bits at the first and the last byte, and in a small file', async () => {
    const { blobs, damage } = storeOf()
    for (const [size, at] of [[SIZE, 0], [SIZE, SIZE - 1], [1, 0], [100, 50], [64 * 1024, 65535], [64 * 1024 + 1, 65536]] as const) {
      const { sha256 } = await blobs.put(of(randomBytes(size)))
      await damage(sha256, at)
      await assert.rejects(collect(blobs.stream(sha256)), tells(sha256))
      await assert.rejects(readAt(blobs, sha256, at, 1), tells(sha256, at))
      await blobs.delete(sha256)
    }
  })

  test('so is a file that lost its end', async () => {
    const { blobs, cut } = storeOf()
    const { sha256 } = await blobs.put(of(randomBytes(SIZE)))
    await cut(sha256)
    const { bytes, error } = await untilFailure(blobs.stream(sha256))
    tells(sha256)(error as EspalierError)
    assert.ok(bytes.length < SIZE - 1)
    await assert.rejects(readAt(blobs, sha256, SIZE - 2, 1), tells(sha256))
    if (await isLocal(blobs)) await assert.rejects(blobs.localPath(sha256), tells(sha256))
    await blobs.delete(sha256)
  })

  test('putting a damaged file again, once it was noticed, heals it', async () => {
    const { blobs, damage } = storeOf()
    const bytes = randomBytes(SIZE)
    const { sha256 } = await blobs.put(of(bytes))
    await damage(sha256, DAMAGED_AT)
    await assert.rejects(readAt(blobs, sha256, DAMAGED_AT, 1), tells(sha256))
    await blobs.put(of(bytes))
    assert.ok(bytes.equals(await collect(blobs.stream(sha256))))
    assert.ok(bytes.equals(await readAt(blobs, sha256, 0, SIZE)))
    await blobs.delete(sha256)
  })

  test('files of a version without checksums read; they are checked as a whole, then get checksums', async () => {
    const { blobs, damage, forgetSums } = storeOf()
    const bytes = randomBytes(SIZE)
    const { sha256 } = await blobs.put(of(bytes))
    await forgetSums(sha256)
    assert.ok(bytes.equals(await collect(blobs.stream(sha256))))
    assert.ok(bytes.subarray(5, 9).equals(await collect(blobs.stream(sha256, { from: 5, to: 9 }))))
    await damage(sha256, DAMAGED_AT)
    assert.ok(bytes.subarray(5, 9).equals(await readAt(blobs, sha256, 5, 4)), 'it has checksums now: a read elsewhere does not look at the damage')
    await assert.rejects(readAt(blobs, sha256, DAMAGED_AT, 1), tells(sha256, DAMAGED_AT))

    await forgetSums(sha256)
    for (const read of [async () => await readAt(blobs, sha256, 5, 4), async () => await collect(blobs.stream(sha256, { from: 5, to: 9 })), async () => await collect(blobs.stream(sha256))]) {
      await assert.rejects(read, tells(sha256))
    }
    const { bytes: came } = await untilFailure(blobs.stream(sha256))
    assert.ok(came.length < SIZE, 'a stream ends before its end')
    if (await isLocal(blobs)) await assert.rejects(blobs.localPath(sha256), tells(sha256))
    await blobs.delete(sha256)
  })
}

async function isLocal (blobs: Blobs): Promise<boolean> {
  const { sha256 } = await blobs.put(of(Buffer.from('is it here?')))
  return await blobs.localPath(sha256) !== undefined
}
