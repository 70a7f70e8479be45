/** Files that are no records of weights, or lie about themselves: told as such, before anything large is read. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import { EspalierError } from '../../../../src/errors.ts'
import { readWeightIndex } from '../../../../src/methods/weight-record/read.ts'
import { bytesInMemory, type ByteSource } from '../../../../src/models/bytes.ts'
import { recordOf } from '../../../support/weight-record.ts'

const TRAILER = 12

function withIndex (masks: Buffer, index: unknown, changes: { length?: number, version?: number, mark?: string } = {}): Buffer {
  const text = Buffer.from(typeof index === 'string' ? index : JSON.stringify(index))
  const trailer = Buffer.alloc(TRAILER)
  trailer.writeUInt32LE(changes.length ?? text.length, 0)
  trailer.writeUInt32LE(changes.version ?? 1, 4)
  trailer.write(changes.mark ?? 'ESPW', 8, 'latin1')
  return Buffer.concat([masks, text, trailer])
}

describe('records of weights that are none', () => {
  let whole: Buffer, masks: Buffer, index: any
  before(async () => {
    const pieces: Uint8Array[] = []
    for await (const piece of recordOf('dense/kernel')) pieces.push(piece)
    whole = Buffer.concat(pieces)
    const begin = whole.length - TRAILER - whole.readUInt32LE(whole.length - TRAILER)
    masks = whole.subarray(0, begin)
    index = JSON.parse(whole.subarray(begin, whole.length - TRAILER).toString())
  })

  const read = async (bytes: Uint8Array) => await readWeightIndex(bytesInMemory(bytes))
  const refused = async (bytes: Uint8Array, what: RegExp): Promise<void> => {
    await assert.rejects(read(bytes), (error: unknown) => error instanceof EspalierError && error.code === 'internal' && what.test(error.message))
  }
  /** The index with its one tensor changed. */
  const changed = (tensor: object): Buffer => withIndex(masks, { ...index, tensors: [{ ...index.tensors[0], ...tensor }] })

  test('the one they are made of is read', async () => {
    assert.deepEqual(await read(whole), index)
    assert.deepEqual(await read(withIndex(masks, index)), index)
  })

  test('cut anywhere, it is refused', async () => {
    for (let length = 0; length < whole.length; length++) await refused(whole.subarray(0, length), /no record of weights|is no JSON/)
  })

  test('another mark or version', async () => {
    await refused(withIndex(masks, index, { mark: 'PK\x03\x04' }), /it ends with .*"ESPW" is expected/)
    await refused(withIndex(masks, index, { version: 2 }), /version 2, 1 is read/)
    await refused(new Uint8Array(64), /it ends with/)
  })

  test('lengths that lie: nothing beyond the end of the file is asked for', async () => {
    const asked: Array<[number, number]> = []
    const watched = (bytes: Buffer, size = bytes.length): ByteSource => {
      const inner = bytesInMemory(bytes)
      // A file of `size` bytes whose end is these bytes.
      return { ...inner, size, async read (offset: number, length: number) { asked.push([offset, length]); return await inner.read(offset - (size - bytes.length), length) } } as ByteSource
    }
    for (const length of [whole.length, 0x7fffffff, 0xffffffff]) await assert.rejects(readWeightIndex(watched(withIndex(masks, index, { length }))), /its index is said to have/)
    // There, but more than is held.
    await assert.rejects(readWeightIndex(watched(withIndex(masks, index, { length: 33 * 2 ** 20 }), 2 ** 40)), /33554432 are read at most/)
    assert.ok(asked.every(([, length]) => length === TRAILER), JSON.stringify(asked))
  })

  test('an index that is no JSON, or another one', async () => {
    await refused(withIndex(masks, '{"tensors": ['), /no JSON/)
    await refused(withIndex(masks, ''), /no JSON/)
    for (const wrong of [null, 3, [], {}, { tensors: {}, left: 0 }, { tensors: [], left: 'none' }, { tensors: [null], left: 0 }, { tensors: [{ ...index.tensors[0], mask: 'here' }], left: 0 }]) await refused(withIndex(masks, wrong), /no record of weights/)
    await refused(withIndex(masks, '['.repeat(100_000)), /no JSON/)
    await refused(withIndex(masks, `${'['.repeat(100_000)}${']'.repeat(100_000)}`), /no record of weights/)
    await refused(withIndex(masks, '{"__proto__": {"tensors": [], "left": 0}}'), /no record of weights/)
    assert.equal(({} as Record<string, unknown>)['tensors'], undefined)
  })

  test('masks that lie outside of the file, or are not as large as their matrix', async () => {
    await refused(changed({ mask: { at: 1, bytes: 1 } }), /the mask of dense\/kernel is said to be 1 bytes from 1 on.*the masks end at 1/)
    await refused(changed({ mask: { at: 2 ** 40, bytes: 1 } }), /the masks end at 1/)
    await refused(changed({ mask: { at: -1, bytes: 1 } }), /no record of weights/)
    await refused(changed({ mask: { at: 0, bytes: 0 } }), /2 x 3 weights take 1/)
    await refused(changed({ rows: 2 ** 20, columns: 2 ** 20 }), /536870912 are read at most/)
    await refused(changed({ rows: Number.MAX_SAFE_INTEGER, columns: Number.MAX_SAFE_INTEGER }), /are read at most/)
    await refused(changed({ rows: -2, columns: -3 }), /no record of weights/)
    await refused(changed({ rows: 0.5 }), /no record of weights/)
  })

  test('any bytes changed: read, or refused with a code', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), async (changes) => {
      const bytes = Buffer.from(whole)
      for (const [at, byte] of changes) bytes[at] = byte
      await read(bytes).then(() => {}, (error: unknown) => { assert.ok(error instanceof EspalierError, String(error)) })
    }), { numRuns: 300 })
  })
})
