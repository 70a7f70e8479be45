/** Rows in any order are the rows that were asked for, and the reads stay few and bounded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ExampleArray } from '../../../src/datasets/dataset.ts'
import { readRows } from '../../../src/datasets/rows.ts'

/** Row r holds r * size, r * size + 1, ... */
function counting (size: number, reads: Array<[number, number]> = []): ExampleArray {
  return {
    shape: [size],
    type: 'float32',
    async read (from: number, to: number) {
      reads.push([from, to])
      return Float32Array.from({ length: (to - from) * size }, (_, at) => from * size + at)
    },
  } as unknown as ExampleArray
}

test('any rows, in their order, repeated ones too', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(5000), { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), async (rows, size) => {
    const expected = Float32Array.from(rows.flatMap((row) => Array.from({ length: size }, (_, at) => row * size + at)))
    assert.deepEqual(await readRows(counting(size), Int32Array.from(rows)), expected)
  }))
})

test('rows near one another come with one read, rows far apart with one each', async () => {
  const reads: Array<[number, number]> = []
  await readRows(counting(10, reads), [7, 3, 5, 3, 900_000, 500_000])
  assert.deepEqual(reads, [[3, 8], [500_000, 500_001], [900_000, 900_001]])
})

test('one read gives at most four million numbers, and those that begin together no more', async () => {
  const size = 1 << 20
  let [running, most] = [0, 0]
  const reads: Array<[number, number]> = []
  const array = counting(size, reads)
  const watched = {
    ...array,
    async read (from: number, to: number) {
      running += (to - from) * size
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= (to - from) * size
      return await array.read(from, to)
    },
  }
  const values = await readRows(watched, [0, 1, 2, 3, 4, 5, 6])
  assert.equal(values.length, 7 * size)
  assert.ok(reads.every(([from, to]) => (to - from) * size <= 1 << 22), JSON.stringify(reads))
  assert.ok(most <= 1 << 22, String(most))
})
