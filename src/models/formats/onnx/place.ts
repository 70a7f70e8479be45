/** What a place is: some of a tensor's numbers, as they lie in a file, to be read and written again. */
import type { ByteSource } from '../../bytes.ts'
import type { LengthPrefix } from '../protobuf/wire.ts'

/** New raw elements from number `first` on, for the raw elements that are there. */
export type Encode = (first: number, before: Uint8Array) => Uint8Array

/** Bytes [start, end) of `source` become `size` bytes of `content`. */
export interface Edit {
  readonly source: ByteSource
  readonly start: number
  readonly end: number
  readonly size: number
  content (): Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  /** The length that counts these bytes. */
  readonly prefix?: LengthPrefix
}

export interface Place {
  readonly count: number
  /** The raw elements, little-endian, in pieces of at most `elements`. */
  pieces (elements: number): AsyncGenerator<Uint8Array>
  /** `count` raw elements from number `first` on; absent where they must be counted from the front. */
  at? (first: number, count: number): Promise<Uint8Array>
  /** The elements numbered from 0 within this place, encoded anew. */
  edit (encode: Encode): Promise<Edit>
}

/** Elements in a piece while a place is written. */
export const PIECE = 262_144
