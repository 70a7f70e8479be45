/** Memory of pieces: none is given out twice while it is good, whatever is read beside it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesBetween, type ByteSource } from '../../../src/models/bytes.ts'
import { openRing, pieceMemory, withRing, WORK_BYTES } from '../../../src/models/piece-memory.ts'

const MB = 2 ** 20

/** Every byte tells its place. */
const source: ByteSource = {
  size: 3 * MB + 5,
  read: async () => assert.fail('pieces are read into the ring'),
  async readInto (offset, target) { for (let index = 0; index < target.length; index++) target[index] = (offset + index) % 251 },
}

test('a piece is good until five more were asked for; then its memory is used again', () => {
  const ring = openRing()
  const pieces = Array.from({ length: 6 }, (_, index) => ring.next(1000).fill(index))
  assert.deepEqual(pieces.map((piece) => [piece.length, piece[0], piece[999]]), [0, 1, 2, 3, 4, 5].map((index) => [1000, index, index]))
  assert.equal(ring.next(1000).byteOffset, pieces[0]!.byteOffset)
  for (const { buffer, byteOffset } of pieces) assert.ok(buffer === pieceMemory().buffer && byteOffset >= WORK_BYTES && byteOffset % 16 === 0)
  ring.close()
})

test('rings share nothing; where the common memory is full or a piece is larger, pieces have memory of their own', () => {
  const rings = Array.from({ length: 4 }, openRing)
  const pieces = rings.flatMap((ring, index) => Array.from({ length: 6 }, (_, piece) => ring.next(4 * MB).fill(6 * index + piece)))
  pieces.forEach((piece, index) => { assert.ok(piece[0] === index && piece.at(-1) === index) })
  assert.notEqual(pieces.at(-1)!.buffer, pieceMemory().buffer)
  assert.equal(rings[0]!.next(5 * MB).length, 5 * MB)
  for (const ring of rings) ring.close()
  // All of it was given back.
  const after = openRing()
  assert.equal(after.next(1).buffer, pieceMemory().buffer)
  after.close()
})

test('readings one after the other through one ring: each piece is right until three more were asked for', async () => {
  await withRing(async (ring) => {
    const recent: Array<{ piece: Uint8Array, at: number }> = []
    for (let reading = 0; reading < 4; reading++) {
      let at = 17 * reading
      for await (const piece of bytesBetween(source, at, source.size, 700_001, ring)) {
        recent.push({ piece, at })
        at += piece.length
        for (const { piece, at } of recent.slice(-3)) for (let index = 0; index < piece.length; index += 997) assert.equal(piece[index], (at + index) % 251)
      }
      assert.equal(at, source.size)
    }
  })
})
