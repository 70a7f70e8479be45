/** The one text that is read out of a SavedModel's variables: a string tensor of no axes. */
import type { ByteSource } from '../../bytes.ts'
import type { BundleEntry } from './bundle.ts'
import { crc32c, masked } from './crc32c.ts'
import { STRING } from '../tensorflow/dtypes.ts'
import { assertAtMost, malformed } from './fail.ts'
import { shown } from './table.ts'
import { Reader } from './reader.ts'

/** The object graphs of the largest Keras models have a few MB. */
const MAX_BYTES = 16 * 2 ** 20

/**
 * Length, checksum of the length, bytes. The checksum of the entry goes over the length as a fixed number of 32 bits, the stored checksum and the
 * bytes. Source: tensor_bundle.cc, WriteStringTensor.
 */
export async function readText (entry: BundleEntry, source: ByteSource): Promise<Uint8Array> {
  const what = `the text "${shown(entry.key)}"`
  if (entry.dtype !== STRING || entry.shape.length > 0) throw malformed(`${what} is no single text`)
  assertAtMost(entry.size, MAX_BYTES, `bytes of ${what}`)
  const reader = new Reader(await source.read(0, entry.size), what)
  const length = reader.number()
  const stored = reader.take(4)
  const text = reader.take(length)
  const ofLength = crc32c(new Uint8Array(new Uint32Array([length]).buffer))
  const isRight = new DataView(stored.buffer, stored.byteOffset, 4).getUint32(0, true) === masked(ofLength)
  if (reader.left > 0 || !isRight || masked(crc32c(text, crc32c(stored, ofLength))) !== entry.crc) throw malformed(`${what} has a wrong length or checksum, the file is damaged`)
  return text
}
