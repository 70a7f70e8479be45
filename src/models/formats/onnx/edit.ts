/** A file written again with some of its bytes replaced; the lengths that count them change with them. */
import { EspalierError } from '../../../errors.ts'
import type { ByteSource } from '../../bytes.ts'
import type { Edit } from './place.ts'
import { varintOf } from '../protobuf/varint.ts'
import type { LengthPrefix } from '../protobuf/wire.ts'

/** Bytes that are copied at once. */
const COPIED = 1 << 20

/** The bytes of `source` with `edits`, which must not overlap. */
export async function * edited (source: ByteSource, edits: readonly Edit[]): AsyncGenerator<Uint8Array> {
  const sorted = [...edits, ...lengthEdits(source, edits)].sort((a, b) => a.start - b.start)
  let at = 0
  for (const { start, end, content } of sorted) {
    if (start < at) throw new EspalierError('internal', `two changes of the bytes at ${start}`)
    yield * copied(source, at, start)
    yield * content()
    at = end
  }
  yield * copied(source, at, source.size)
}

async function * copied (source: ByteSource, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += COPIED) yield await source.read(at, Math.min(COPIED, end - at))
}

/** A message begins before what it holds: from the last to the first, each length is reached after all that change it. */
function lengthEdits (source: ByteSource, edits: readonly Edit[]): Edit[] {
  const growth = new Map<LengthPrefix, number>()
  for (const { prefix, size, start, end } of edits) {
    for (let outer = prefix; outer !== undefined; outer = outer.parent) growth.set(outer, growth.get(outer) ?? 0)
    if (prefix !== undefined) growth.set(prefix, growth.get(prefix)! + size - (end - start))
  }
  return [...growth.keys()].sort((a, b) => b.at - a.at).flatMap((prefix) => {
    const grown = growth.get(prefix)!
    // Nothing inside changed its size: the length stays as it is written, even where that is longer than need be.
    if (grown === 0) return []
    const bytes = Uint8Array.from(varintOf(prefix.length + grown))
    const { parent, at, size } = prefix
    if (parent !== undefined) growth.set(parent, growth.get(parent)! + grown + bytes.length - size)
    return [{ source, start: at, end: at + size, size: bytes.length, content: () => [bytes] }]
  })
}
