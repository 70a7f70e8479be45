/** A variable of a SavedModel as a tensor, read in pieces and checked against its checksum. */
import { NUMBER_TYPES, type NumberType, type Shape } from '../../tensor.ts'
import { streamOf, type ByteSource } from '../../bytes.ts'
import { fileTensor, type FileTensor } from '../file-tensor.ts'
import { datatypeOf } from '../hdf5/index.ts'
import type { BundleEntry } from './bundle.ts'
import { crc32c, masked } from './crc32c.ts'
import { malformed } from './fail.ts'
import { shown } from './table.ts'

/** Bytes in a piece of raw values. */
const PIECE = 2 ** 20

/** What of a tensor lies where, and which of its elements is the first there. */
export interface Place { readonly entry: BundleEntry, readonly from: number }

/** The places hold the values of a tensor one behind the other; reading them to their ends throws `invalid-model` when a checksum is wrong. */
export function bundleTensor (key: string, shape: Shape, type: NumberType, places: readonly Place[], sourceOf: (entry: BundleEntry) => ByteSource): FileTensor {
  const width = NUMBER_TYPES[type]
  const raw = async function * (bytes = PIECE): AsyncGenerator<Uint8Array> {
    for (const { entry } of places) yield * checked(entry, streamOf(sourceOf(entry), Math.max(width, bytes - bytes % width)))
  }
  const [only, ...others] = places
  const at = async (first: number, count: number) => await sourceOf(only!.entry).read(first * width, count * width)
  return fileTensor({ key, shape, type, datatype: datatypeOf(type), compressed: false, raw, ...(others.length === 0 && { at }) })
}

/** The pieces as they come, and at their end the comparison of checksums. */
async function * checked (entry: BundleEntry, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let crc = 0
  for await (const piece of pieces) {
    crc = crc32c(piece, crc)
    yield piece
  }
  if (masked(crc) !== entry.crc) throw malformed(`the values of "${shown(entry.key)}" have a wrong checksum, the file is damaged`, { key: shown(entry.key) })
}
