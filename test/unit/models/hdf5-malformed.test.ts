/** Damaged HDF5 files: each ends in an EspalierError or is read, quickly. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { EspalierError } from '../../../src/errors.ts'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readHdf5 } from '../../../src/models/formats/hdf5/index.ts'
import { fixture, objectsOf } from './hdf5-helpers.ts'

const LIMIT_MS = 5000

/** A generator of 32-bit numbers (mulberry32), so that every run damages the same places. */
function seeded (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
}

/** Reads everything; gives the code of the error, or "read". */
async function outcome (bytes: Uint8Array): Promise<string> {
  const start = performance.now()
  try {
    for (const object of objectsOf(await readHdf5(bytesInMemory(bytes)))) {
      for (const attribute of object.attributes.values()) void attribute.value
      if (object.kind === 'dataset') await object.read()
    }
    return 'read'
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error
    assert.match(error.message, /\d|HDF5/)
    return error.code
  } finally {
    assert.ok(performance.now() - start < LIMIT_MS)
  }
}

const ALLOWED = new Set(['read', 'invalid-model', 'unsupported-format', 'limit-exceeded'])

for (const name of ['types', 'types-latest', 'few-chunks', 'few-chunks-latest', 'refused']) {
  describe(name, async () => {
    const source = fixture(name)
    const sound = (await source.read(0, source.size)).slice()

    test('cut off anywhere', async () => {
      for (let i = 0; i < 60; i++) {
        const length = Math.floor(sound.length * i / 60)
        assert.equal(await outcome(sound.slice(0, length)), 'invalid-model', `cut off at ${length}`)
      }
    })

    test('with bytes changed', async () => {
      const random = seeded(17)
      const places = [...sound.keys()].filter((at) => sound[at] !== 0)
      for (let i = 0; i < 250; i++) {
        const damaged = sound.slice()
        const changes = 1 + random() % 3
        const done: string[] = []
        for (let c = 0; c < changes; c++) {
          const at = places[random() % places.length] as number
          const value = [0xff, 0, damaged[at] as number ^ (1 << (random() % 8)), random() % 256][random() % 4] as number
          damaged[at] = value
          done.push(`${at}=${value}`)
        }
        assert.ok(ALLOWED.has(await outcome(damaged)), done.join(' '))
      }
    })

    test('with every single byte of the first 2 KB set to 255', async () => {
      for (let at = 0; at < Math.min(2048, sound.length); at += 3) {
        const damaged = sound.slice()
        damaged[at] = 0xff
        assert.ok(ALLOWED.has(await outcome(damaged)), `byte ${at}`)
      }
    })
  })
}

test('no HDF5 file at all', async () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(7), new Uint8Array(5000), new TextEncoder().encode('PK\x03\x04 a zip file')]) {
    await assert.rejects(readHdf5(bytesInMemory(bytes)), { code: 'invalid-model' })
  }
})

test('a node that has itself as a child', async () => {
  const source = fixture('few-chunks')
  const bytes = (await source.read(0, source.size)).slice()
  const view = new DataView(bytes.buffer)
  // The root's B-tree lies at 136 (0x88); its first child is 32 bytes in, its level 5 bytes in.
  assert.equal(String.fromCharCode(...bytes.subarray(136, 140)), 'TREE')
  bytes[136 + 5] = 1
  view.setBigUint64(136 + 32, 136n, true)
  await assert.rejects(readHdf5(bytesInMemory(bytes)), { code: 'invalid-model', message: /reached twice|level/ })
})

test('a shape that the file cannot hold is refused before memory is taken', async () => {
  const source = fixture('types')
  const bytes = (await source.read(0, source.size)).slice()
  const view = new DataView(bytes.buffer)
  // The only dataspace of shape [5, 2]: 8 bytes of message, then the two sizes.
  let at = 0
  while (!(view.getBigUint64(at, true) === 5n && view.getBigUint64(at + 8, true) === 2n)) at += 8
  view.setBigUint64(at, 2n ** 40n, true)
  await assert.rejects(readHdf5(bytesInMemory(bytes)), { code: 'invalid-model', message: /\/unwritten at byte \d+: it claims \d+ bytes/ })
})
