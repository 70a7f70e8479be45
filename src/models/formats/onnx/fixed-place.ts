/** Numbers of fixed size: raw_data, external data, packed floats, or a run of fields with a tag before each number. */
import type { ByteSource } from '../../bytes.ts'
import { PIECE, type Edit, type Encode, type Place } from './place.ts'

export interface FixedRun {
  readonly source: ByteSource
  readonly start: number
  readonly count: number
  /** Bytes of an element. */
  readonly size: number
  /** Bytes of the tag before each element. */
  readonly tag: number
}

export function fixedPlace (run: FixedRun): Place {
  const { source, start, count, size, tag } = run
  const stride = size + tag
  const spans = async function * (elements: number): AsyncGenerator<{ first: number, bytes: Uint8Array }> {
    const step = Math.max(1, elements)
    for (let first = 0; first < count; first += step) yield { first, bytes: await source.read(start + first * stride, Math.min(step, count - first) * stride) }
  }
  return {
    count,
    async * pieces (elements) {
      for await (const { bytes } of spans(elements)) yield elementsOf(bytes, run)
    },
    at: async (first, length) => elementsOf(await source.read(start + first * stride, length * stride), run),
    async edit (encode): Promise<Edit> {
      const content = async function * (): AsyncGenerator<Uint8Array> {
        for await (const { first, bytes } of spans(PIECE)) yield rewritten(bytes, first, encode, run)
      }
      return { source, start, end: start + count * stride, size: count * stride, content }
    },
  }
}

function elementsOf (bytes: Uint8Array, { size, tag }: FixedRun): Uint8Array {
  if (tag === 0) return bytes
  const elements = new Uint8Array(bytes.length / (size + tag) * size)
  for (let at = tag, to = 0; at < bytes.length; at += size + tag, to += size) elements.set(bytes.subarray(at, at + size), to)
  return elements
}

function rewritten (bytes: Uint8Array, first: number, encode: Encode, run: FixedRun): Uint8Array {
  const fresh = encode(first, elementsOf(bytes, run))
  if (run.tag === 0) return fresh
  const result = bytes.slice()
  const { size, tag } = run
  for (let at = tag, from = 0; from < fresh.length; at += size + tag, from += size) result.set(fresh.subarray(from, from + size), at)
  return result
}
