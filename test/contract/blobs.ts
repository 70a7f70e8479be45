/** What every blob store must do: one suite, run on each. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Blobs } from '../../src/jobs/ports.ts'
import { damageContract } from './blob-damage.ts'
import { sha256Of } from './samples.ts'

export interface BlobStore {
  readonly blobs: Blobs
  /** How many complete and unfinished files the store holds, seen from outside. */
  leftovers (): Promise<{ complete: number, unfinished: number }>
  /** Leaves behind what a process leaves that dies within a put. */
  crashWithinPut (): Promise<void>
  /** Changes a bit of byte `at` of a stored file behind the store's back. */
  damage (sha256: string, at: number): Promise<void>
  /** Takes the last byte off a stored file. */
  cut (sha256: string): Promise<void>
  /** Makes a blob one of a version that kept no checksums of its parts. */
  forgetSums (sha256: string): Promise<void>
  /** The store tells the age of a file in steps of so many milliseconds. */
  readonly ageStepMs?: number
  dispose (): Promise<void>
}

const MiB = 1 << 20

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

export async function * of (...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield * chunks
}

export async function collect (content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(Uint8Array.from(chunk))
  return Buffer.concat(chunks)
}

export function blobsContract (name: string, make: () => Promise<BlobStore>): void {
  describe(`blobs: ${name}`, () => {
    let store: BlobStore
    let blobs: Blobs
    let ageStepMs: number
    before(async () => { store = await make(); ({ blobs, ageStepMs = 0 } = store) })
    after(async () => { await store.dispose() })

    test('gives back what was put, under its hash', async () => {
      const bytes = randomBytes(3 * MiB + 17)
      const put = await blobs.put(of(bytes.subarray(0, 5), bytes.subarray(5, 5), bytes.subarray(5, 2 * MiB), bytes.subarray(2 * MiB)))
      assert.deepEqual(put, { sha256: sha256Of(bytes), bytes: bytes.length, created: true })
      assert.ok(bytes.equals(await collect(blobs.stream(put.sha256))))
      assert.equal(await blobs.has(put.sha256), true)
    })

    test('takes a file, which may be gone then, under its hash; once more, it is the same blob', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'espalier-taken-'))
      try {
        const bytes = randomBytes(2 * MiB + 5)
        for (const created of [true, false]) {
          await writeFile(path.join(folder, 'output'), bytes)
          assert.deepEqual(await blobs.take(path.join(folder, 'output')), { sha256: sha256Of(bytes), bytes: bytes.length, created })
          assert.ok(bytes.equals(await collect(blobs.stream(sha256Of(bytes)))))
          await rm(path.join(folder, 'output'), { force: true })
        }
        await assert.rejects(blobs.take(path.join(folder, 'nowhere')))
        assert.equal((await store.leftovers()).unfinished, 0)
      } finally {
        await rm(folder, { recursive: true })
      }
    })

    test('an empty file is a file', async () => {
      const { sha256, bytes } = await blobs.put(of())
      assert.equal(bytes, 0)
      assert.equal((await collect(blobs.stream(sha256))).length, 0)
      const open = await blobs.open(sha256)
      assert.equal(open.size, 0)
      await open.close()
    })

    test('sizes around the piece size', async () => {
      for (const size of [1, MiB - 1, MiB, MiB + 1, 2 * MiB]) {
        const bytes = randomBytes(size)
        const { sha256 } = await blobs.put(of(bytes))
        assert.ok(bytes.equals(await collect(blobs.stream(sha256))), String(size))
      }
    })

    test('reads anywhere, also from several readers at once, and refuses to read outside', async () => {
      const bytes = randomBytes(5 * MiB + 3)
      const open = await blobs.open((await blobs.put(of(bytes))).sha256)
      assert.equal(open.size, bytes.length)
      const places = [[0, 10], [MiB - 1, 2], [MiB, MiB], [bytes.length - 4, 4], [7, 4 * MiB], [bytes.length, 0], [3 * MiB, 1]] as const
      const read = await Promise.all(places.map(async ([offset, length]) => await open.read(offset, length)))
      places.forEach(([offset, length], i) => { assert.ok(bytes.subarray(offset, offset + length).equals(read[i] as Uint8Array), `${offset}+${length}`) })
      await assert.rejects(open.read(bytes.length - 1, 2), { code: 'invalid-model' })
      await assert.rejects(open.read(-1, 1), { code: 'invalid-model' })
      await open.close()
    })

    test('streams ranges', async () => {
      const bytes = randomBytes(2 * MiB + 100)
      const { sha256 } = await blobs.put(of(bytes))
      for (const [from, to] of [[0, 1], [10, 10], [MiB - 3, MiB + 3], [MiB, 2 * MiB], [bytes.length - 1, bytes.length], [0, bytes.length]] as const) {
        assert.ok(bytes.subarray(from, to).equals(await collect(blobs.stream(sha256, { from, to }))), `${from}-${to}`)
      }
      await assert.rejects(collect(blobs.stream(sha256, { from: 5, to: 4 })), { code: 'invalid-request' })
      await assert.rejects(collect(blobs.stream(sha256, { from: 0, to: bytes.length + 1 })), { code: 'invalid-request' })
    })

    test('what is not there is not found, whatever it is called', async () => {
      for (const sha256 of [sha256Of('nothing'), '../../etc/passwd', '', 'ABCDEF']) {
        assert.equal(await blobs.has(sha256), false)
        assert.equal(await blobs.delete(sha256), false)
        assert.equal(await blobs.localPath(sha256), undefined)
        await assert.rejects(blobs.open(sha256), { code: 'not-found' })
        await assert.rejects(collect(blobs.stream(sha256)), { code: 'not-found' })
      }
    })

    test('a put past the limit, or whose source fails, leaves nothing', async () => {
      const earlier = await store.leftovers()
      const bytes = randomBytes(3 * MiB)
      await assert.rejects(blobs.put(of(bytes), bytes.length - 1), { code: 'payload-too-large' })
      await assert.rejects(blobs.put((async function * () { yield bytes; throw new Error('the client went away') })()), { message: 'the client went away' })
      assert.deepEqual(await store.leftovers(), earlier)
      assert.equal((await blobs.put(of(bytes), bytes.length)).bytes, bytes.length)
    })

    test('is not visible before it is complete', async () => {
      const bytes = randomBytes(2 * MiB)
      const sha256 = sha256Of(bytes)
      await blobs.put((async function * () {
        yield bytes
        await sleep(20)
        assert.equal(await blobs.has(sha256), false)
        await assert.rejects(blobs.open(sha256), { code: 'not-found' })
      })())
      assert.equal(await blobs.has(sha256), true)
    })

    test('the same content twice, also at once, is kept once', async () => {
      const bytes = randomBytes(2 * MiB + 1)
      const earlier = await store.leftovers()
      const puts = await Promise.all(Array.from({ length: 5 }, async () => await blobs.put(of(bytes))))
      assert.equal(new Set(puts.map((put) => put.sha256)).size, 1)
      assert.equal((await blobs.put(of(bytes))).created, false)
      // A second copy may go after the answer, whose time must not tell that there was one.
      for (let left = 200; left > 0 && (await store.leftovers()).unfinished > earlier.unfinished; left--) await sleep(20)
      assert.deepEqual(await store.leftovers(), { complete: earlier.complete + 1, unfinished: earlier.unfinished })
      assert.ok(bytes.equals(await collect(blobs.stream(sha256Of(bytes)))))
    })

    test('deleting', async () => {
      const earlier = await store.leftovers()
      const { sha256 } = await blobs.put(of(randomBytes(2 * MiB)))
      assert.equal(await blobs.delete(sha256), true)
      assert.equal(await blobs.delete(sha256), false)
      assert.equal(await blobs.has(sha256), false)
      assert.deepEqual(await store.leftovers(), earlier)
    })

    test('64 MiB pass through with little memory', async () => {
      const hash = createHash('sha256')
      const piece = randomBytes(64 * 1024)
      let most = 0
      let measured = 0
      // Every 4 MiB, after a garbage collection: what counts is what is held, not what was dropped.
      const measure = (streamed: number): void => {
        if (measured++ > 0 && streamed % (4 * MiB) !== 0) return
        collectGarbage()
        collectGarbage() // the second waits for what the first one frees in the background
        const { external, heapUsed } = process.memoryUsage()
        most = Math.max(most, external + heapUsed)
      }
      measure(0)
      const base = most
      const { sha256, bytes } = await blobs.put((async function * () {
        for (let i = 0; i < 1024; i++) {
          piece.writeUInt32LE(i)
          hash.update(piece)
          measure(i * piece.length)
          yield piece
        }
      })())
      assert.equal(bytes, 64 * MiB)
      assert.equal(sha256, hash.digest('hex'))
      let read = 0
      for await (const chunk of blobs.stream(sha256)) { read += chunk.length; measure(read) }
      assert.equal(read, 64 * MiB)
      assert.ok(most - base < 32 * MiB, `${Math.round((most - base) / MiB)} MiB more than before`)
      await blobs.delete(sha256)
    })

    test('a sweep takes orphans and what a crash left, but nothing that is kept or young', async () => {
      const kept = (await blobs.put(of(randomBytes(10)))).sha256
      const orphan = (await blobs.put(of(randomBytes(2 * MiB)))).sha256
      await store.crashWithinPut()
      assert.equal(await blobs.sweep(new Set([kept]), 60_000), 0)
      assert.equal(await blobs.has(orphan), true)
      await sleep(20 + ageStepMs)
      assert.ok(await blobs.sweep(new Set([kept]), 0) >= 2)
      assert.equal(await blobs.has(kept), true)
      assert.equal(await blobs.has(orphan), false)
      assert.deepEqual(await store.leftovers(), { complete: 1, unfinished: 0 })
    })

    test('putting known content again renews its age, so that a sweep leaves it', async () => {
      const bytes = randomBytes(100)
      const { sha256 } = await blobs.put(of(bytes))
      await sleep(2000 + 2 * ageStepMs)
      await blobs.put(of(bytes))
      await blobs.sweep(new Set(), 1900 + ageStepMs)
      assert.equal(await blobs.has(sha256), true)
    })

    damageContract(() => store)

    test('answers a ping', async () => { await blobs.ping() })
  })
}
