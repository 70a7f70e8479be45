/** Zip archives: round trips, the real Keras file, and archives that lie. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { EspalierError } from '../../../src/errors.ts'
import { bytesInMemory, type ByteSource } from '../../../src/models/bytes.ts'
import { crc32 } from '../../../src/models/crc32.ts'
import { openZip, writeZip, type ZipInput, type ZipOptions } from '../../../src/models/zip.ts'

const text = (value: string) => new TextEncoder().encode(value)

async function collect (pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Uint8Array.from(Buffer.concat(all))
}

const zipOf = async (...inputs: ZipInput[]) => await collect(writeZip(inputs))
const contentOf = async (source: ByteSource) => await source.read(0, source.size)

async function * piecesOf (bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function readAll (bytes: Uint8Array, options: ZipOptions = {}): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for (const entry of await openZip(bytesInMemory(bytes), options)) found.set(entry.name, await collect(entry.stream()))
  return found
}

const refused = async (bytes: Uint8Array, message: RegExp, options: ZipOptions = {}, code = 'invalid-model') => {
  await assert.rejects(readAll(bytes, options), (error) => {
    assert.ok(error instanceof EspalierError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  })
}

/** Changes 16- or 32-bit numbers of an archive with one entry; negative places count from the directory's start. */
function patched (bytes: Uint8Array, change: (view: DataView, directory: number) => void): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  change(view, view.getUint32(copy.length - 6, true))
  return copy
}

describe('crc32', () => {
  test('the check value of the standard, and any cut gives the same', () => {
    assert.equal(crc32(text('123456789')), 0xcbf43926)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
      assert.equal(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut))), crc32(bytes))
    }))
  })
})

describe('writeZip and openZip', () => {
  test('what is written is read back, stored and deflated, whole and streamed', async () => {
    await fc.assert(fc.asyncProperty(
      fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[a-zé][a-z0-9_.]{0,20}$/), bytes: fc.uint8Array({ maxLength: 3000 }), deflate: fc.boolean(), streamed: fc.boolean() }), { selector: (input) => input.name, maxLength: 5 }),
      async (inputs) => {
        const bytes = await zipOf(...inputs.map(({ name, bytes, deflate, streamed }) => ({ name, deflate, content: streamed ? piecesOf(bytes, 700) : bytes })))
        const entries = await openZip(bytesInMemory(bytes))
        assert.deepEqual(entries.map((entry) => entry.name), inputs.map((input) => input.name))
        for (const [index, entry] of entries.entries()) {
          assert.deepEqual(await collect(entry.stream()), inputs[index]!.bytes)
          assert.deepEqual(Uint8Array.from(await contentOf(await entry.source())), inputs[index]!.bytes)
        }
      }), { numRuns: 40 })
  })

  test('Python reads it, checksums included', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'espalier-zip-'))
    try {
      const path = join(folder, 'a.zip')
      const big = new Uint8Array(100_000).map((_, index) => index % 251)
      await writeFile(path, await zipOf({ name: 'known', content: text('abc') }, { name: 'ä/streamed', content: piecesOf(big, 999) },
        { name: 'deflated', content: big, deflate: true }, { name: 'both', content: piecesOf(big, 5000), deflate: true }))
      const script = 'import sys, zipfile, zlib; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print([(i.filename, i.file_size, i.compress_type) for i in z.infolist()])'
      const said = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }).trim()
      assert.equal(said, "[('known', 3, 0), ('ä/streamed', 100000, 0), ('deflated', 100000, 8), ('both', 100000, 8)]")
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('a real .keras file: stored entries lie in the archive, uncopied', async () => {
    const bytes = await readFile('examples/lenet5.keras')
    const entries = await openZip(bytesInMemory(bytes))
    assert.deepEqual(entries.map(({ name, size, method }) => [name, size, method]), [['metadata.json', 64, 'stored'], ['config.json', 5872, 'stored'], ['model.weights.h5', 5204324, 'stored']])
    const head = await (await entries[2]!.source()).read(0, 8)
    assert.equal(head.buffer, bytes.buffer)
    assert.deepEqual([...head], [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a])
    for (const entry of entries) await collect(entry.stream())
  })

  test('an iteration may be ended early', async () => {
    const [entry] = await openZip(bytesInMemory(await zipOf({ name: 'a', content: new Uint8Array(5_000_000), deflate: true })))
    const pieces = entry!.stream()
    const first = await pieces.next()
    assert.ok(first.done !== true && first.value.length < 1_000_000)
    await pieces.return(undefined)
  })

  test('an error of the content reaches the writer', async () => {
    const broken = async function * () {
      yield text('a')
      throw new Error('disk gone')
    }
    for (const deflate of [false, true]) await assert.rejects(zipOf({ name: 'a', content: broken(), deflate }), /disk gone/)
  })
})

describe('archives that are refused', () => {
  const content = text('hello hello hello hello hello hello')
  const one = async (name = 'a', deflate = false) => await zipOf({ name, content, deflate })

  test('names that lead outside', async () => {
    for (const name of ['../a', '/a', 'a/../../b', 'c:\\a', 'a\\b', 'a\0b']) await refused(await one(name), /leads out of the archive/)
  })

  test('the same name twice', async () => {
    const bytes = await zipOf({ name: 'aa', content }, { name: 'ab', content })
    const copy = bytes.slice()
    for (let at = 0; at + 1 < copy.length; at++) if (copy[at] === 0x61 && copy[at + 1] === 0x62) copy[at + 1] = 0x61
    await refused(copy, /comes twice/)
  })

  test('encrypted, unknown compression, two sizes, wrong size, wrong checksum', async () => {
    await refused(patched(await one(), (view, at) => view.setUint16(at + 8, 1, true)), /encrypted/)
    await refused(patched(await one(), (view, at) => view.setUint16(at + 10, 12, true)), /method 12/)
    await refused(patched(await one(), (view, at) => view.setUint32(at + 24, 7, true)), /two sizes, 7 and 35/)
    await refused(patched(await one('a', true), (view, at) => view.setUint32(at + 24, 7, true)), /declared as 7 bytes and holds more/)
    await refused(patched(await one('a', true), (view, at) => view.setUint32(at + 24, 70, true)), /declared as 70 bytes and holds 35/)
    await refused(patched(await one('a', true), (view, at) => view.setUint32(at + 16, 1, true)), /checksum/, { code: 'invalid-dataset' }, 'invalid-dataset')
  })

  test('bombs: a ratio beyond deflate, too much in all, overlapping entries', async () => {
    await refused(patched(await one('a', true), (view, at) => view.setUint32(at + 24, 1e9, true)), /cannot expand by more than 1032/)
    await refused(await one(), /holds 35 bytes after decompression, at most 20/, { limits: { inflatedBytes: 20 } }, 'limit-exceeded')
    await refused(await zipOf({ name: 'a', content }, { name: 'b', content }), /2 entries, at most 1/, { limits: { entries: 1 } }, 'limit-exceeded')
    const two = await zipOf({ name: 'a', content }, { name: 'b', content })
    await refused(patched(two, (view, at) => view.setUint32(at + 47 + 42, 0, true)), /reaches into what follows/)
    const [entry] = await openZip(bytesInMemory(await one('a', true)), { limits: { memoryBytes: 30 } })
    await assert.rejects(entry!.source(), { code: 'limit-exceeded', message: /35 bytes after decompression, at most 30/ })
  })

  test('two headers that disagree', async () => {
    await refused(patched(await one(), (view) => view.setUint8(30, 0x62)), /another name/)
    await refused(patched(await one(), (view) => view.setUint32(0, 0, true)), /no local header/)
    await refused(patched(await one(), (view) => view.setUint16(28, 60_000, true)), /reach into what follows/)
  })

  test('500 mutations: an answer or an EspalierError, nothing else', async () => {
    const whole = await zipOf({ name: 'a.npy', content: new Uint8Array(500).map((_, index) => index * index), deflate: true }, { name: 'b', content }, { name: 'c', content: piecesOf(content, 9), deflate: true })
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.option(fc.nat(whole.length)), async (changes, cut) => {
      const bytes = whole.slice(0, cut ?? whole.length)
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
      try {
        await readAll(bytes)
      } catch (error) {
        assert.ok(error instanceof EspalierError && error.code !== 'internal', String(error))
      }
    }), { numRuns: 500 })
  })
})
