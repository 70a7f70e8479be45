/** Numbers as varints: int32_data (which also holds the bits of 16-bit floats), int64_data and uint64_data, packed or with a tag before each. */
import type { ByteSource } from '../../bytes.ts'
import { malformed } from './fail.ts'
import { PIECE, type Edit, type Place } from './place.ts'
import { MAX_VARINT, readVarint, varintOf, type Varint } from '../protobuf/varint.ts'
import type { LengthPrefix } from '../protobuf/wire.ts'

/** Bytes of varints that are read at once. */
const WINDOW = 65_536

export interface VarintRun {
  readonly source: ByteSource
  readonly start: number
  readonly end: number
  /** Bytes of the tag before each number. */
  readonly tag: number
  /** The tag that is written before each number. */
  readonly tagBytes: readonly number[]
  /** Bytes of an element once it is a number. */
  readonly size: number
  readonly signed: boolean
  /** The length that counts these bytes. */
  readonly prefix?: LengthPrefix
  /** Names the tensor in errors. */
  readonly what: string
}

/** Counts the numbers, reading all of them. Throws `invalid-model` for one that is cut off or does not fit its type. */
export async function varintPlace (run: VarintRun): Promise<Place> {
  let count = 0
  for await (const piece of piecesOf(run, PIECE)) count += piece.length / run.size
  return {
    count,
    pieces: (elements) => piecesOf(run, elements),
    async edit (encode): Promise<Edit> {
      const content = async function * (): AsyncGenerator<Uint8Array> {
        let first = 0
        for await (const piece of piecesOf(run, PIECE)) {
          yield varintsOf(encode(first, piece), run)
          first += piece.length / run.size
        }
      }
      // The length stands before the numbers, so they are encoded once to be counted.
      let size = 0
      for await (const bytes of content()) size += bytes.length
      return { source: run.source, start: run.start, end: run.end, size, content, ...(run.prefix !== undefined && { prefix: run.prefix }) }
    },
  }
}

async function * piecesOf (run: VarintRun, elements: number): AsyncGenerator<Uint8Array> {
  // A number has a byte at least, so a short run needs no large piece.
  let piece = new Uint8Array(Math.max(1, Math.min(elements, WINDOW, run.end - run.start)) * run.size)
  let filled = 0
  for await (const values of batchesOf(run)) {
    for (const value of values) {
      store(piece, filled, value, run)
      filled += run.size
      if (filled < piece.length) continue
      yield piece
      piece = new Uint8Array(piece.length)
      filled = 0
    }
  }
  if (filled > 0) yield piece.subarray(0, filled)
}

/** The numbers of one window after the other. */
async function * batchesOf (run: VarintRun): AsyncGenerator<Array<Varint['value']>> {
  const { source, start, end, tag, what } = run
  for (let from = start; from < end;) {
    const bytes = await source.read(from, Math.min(WINDOW, end - from))
    const isLast = from + bytes.length === end
    const values: Array<Varint['value']> = []
    let at = 0
    while (at < bytes.length && (isLast || at + tag + MAX_VARINT <= bytes.length)) {
      const read = readVarint(bytes, at + tag, what)
      if (read === undefined) throw malformed(`${what}: its numbers end at byte ${end}, within one`, { at: end })
      values.push(read.value)
      at += tag + read.size
    }
    from += at
    yield values
  }
}

function store (piece: Uint8Array, at: number, value: number | bigint, { size, signed, what }: VarintRun): void {
  const wide = typeof value === 'number' ? value : signed ? BigInt.asIntN(64, value) : value
  const [least, most] = signed ? [-(2 ** (8 * size - 1)), 2 ** (8 * size - 1)] : [0, 2 ** (8 * size)]
  if (wide < least || wide >= most) throw malformed(`${what}: the number ${wide} does not fit its type of ${8 * size} bits`)
  if (typeof wide === 'number' && size <= 4) {
    for (let byte = 0, rest = wide; byte < size; byte++, rest = Math.floor(rest / 256)) piece[at + byte] = rest & 0xff
    return
  }
  let rest = BigInt.asUintN(8 * size, BigInt(wide))
  for (let byte = 0; byte < size; byte++, rest >>= 8n) piece[at + byte] = Number(rest & 0xffn)
}

function varintsOf (elements: Uint8Array, { size, signed, tagBytes }: VarintRun): Uint8Array {
  const bytes: number[] = []
  for (let at = 0; at < elements.length; at += size) {
    let value = 0n
    for (let byte = size - 1; byte >= 0; byte--) value = value << 8n | BigInt(elements[at + byte]!)
    bytes.push(...tagBytes, ...varintOf(signed ? BigInt.asIntN(8 * size, value) : value))
  }
  return Uint8Array.from(bytes)
}
