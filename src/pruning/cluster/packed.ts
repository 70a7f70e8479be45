/**
 * A tensor of shared weights as it is packed: codebook, Huffman-coded indices and, of sparse tensors, Huffman-coded gaps between weights that are not zero.
 * Source: Han, Mao, Dally 2016, Deep Compression, sections 2 to 4.
 */
import { EspalierError } from '../../errors.ts'
import type { Clustered } from './cluster.ts'
import { codeLengths, countSymbols, decodeSymbols, encodeSymbols } from './huffman.ts'

type Shared = Pick<Clustered, 'codebook' | 'indices'>

export interface Packed {
  /** Weights of the tensor. */
  readonly size: number
  readonly codebook: Float32Array
  /** The codebook's number of every entry. Entries are all weights where there are no gaps. */
  readonly indices: Coded
  /** How many weights each entry lies behind the one before, less one; null where zeros are indices like others. */
  readonly gaps: Coded | null
}

export interface Coded { readonly count: number, readonly lengths: Uint8Array, readonly bytes: Uint8Array }

/** Largest gaps of the paper, for dense layers and for convolutions; a larger one takes an entry that is zero on its way. */
const SPANS = [32, 256] as const

/** A count of entries, and how many centroids there are. */
const HEADER_BYTES = 8

/** The smallest of: all weights as indices, or gaps of one span or the other. */
export function packShared ({ codebook, indices }: Shared): Packed {
  const size = indices.length
  const ways = [
    { size, codebook, indices: coded(indices, codebook.length), gaps: null },
    ...SPANS.map((span): Packed => {
      const entries = entriesOf(indices, span)
      return { size, codebook, indices: coded(entries.indices, codebook.length), gaps: coded(entries.gaps, span) }
    }),
  ]
  return ways.reduce((least, way) => packedBytes(way) < packedBytes(least) ? way : least)
}

/** Bytes of it all, with the codebook as float32 (but for zero, which needs no number) and a byte for the length of each word. */
export function packedBytes ({ codebook, indices, gaps }: Packed): number {
  return HEADER_BYTES + 4 * (codebook.length - 1) + codedBytes(indices) + (gaps === null ? 0 : codedBytes(gaps))
}

/** Indices into the codebook, as they were packed. Throws `verification-failed` for what was not packed here. */
export function unpackShared ({ size, codebook, indices, gaps }: Packed): Uint16Array {
  const entries = decodeSymbols(indices.bytes, indices.lengths, indices.count)
  if (entries.some((index) => index >= codebook.length)) throw wrong('an index is none of the codebook')
  if (gaps === null) {
    if (entries.length !== size) throw wrong(`${entries.length} indices are given for ${size} weights`)
    return entries
  }
  if (gaps.count !== entries.length) throw wrong(`${gaps.count} gaps are given for ${entries.length} indices`)
  const unpacked = new Uint16Array(size)
  let place = -1
  decodeSymbols(gaps.bytes, gaps.lengths, gaps.count).forEach((gap, at) => {
    place += gap + 1
    if (place >= size) throw wrong(`entry ${at} lies behind the last of ${size} weights`)
    unpacked[place] = entries[at]!
  })
  return unpacked
}

/** Bits that a weight takes at least when each is coded by itself, zeros included. */
export function entropyOf ({ codebook, indices }: Shared): number {
  return countSymbols(indices, codebook.length).reduce((bits, count) => count === 0 ? bits : bits - count / indices.length * Math.log2(count / indices.length), 0)
}

function entriesOf (indices: Uint16Array, span: number): { readonly indices: Uint16Array, readonly gaps: Uint16Array } {
  let count = 0
  const each = (write: (index: number, gap: number) => void): void => {
    for (let at = 0, last = -1; at < indices.length; at++) {
      // A zero on the way is only an entry where the gap could not be told otherwise.
      if (indices[at] === 0 && at - last < span) continue
      write(indices[at]!, at - last - 1)
      last = at
    }
  }
  each(() => { count++ })
  const entries = { indices: new Uint16Array(count), gaps: new Uint16Array(count) }
  let at = 0
  each((index, gap) => {
    entries.indices[at] = index
    entries.gaps[at++] = gap
  })
  return entries
}

function coded (symbols: Uint16Array, size: number): Coded {
  const lengths = codeLengths(countSymbols(symbols, size))
  return { count: symbols.length, lengths, bytes: encodeSymbols(symbols, lengths) }
}

function codedBytes ({ lengths, bytes }: Coded): number {
  return lengths.length + bytes.length
}

function wrong (what: string): EspalierError {
  return new EspalierError('verification-failed', `shared weights: ${what}`)
}
