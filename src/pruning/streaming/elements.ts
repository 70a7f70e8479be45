/** What streaming needs of a type of number: its magnitudes as float32 bits, counted and cut in the raw elements of a file. */

/** The bits of a float32 without its sign. As integers they stand in the order of the magnitudes. */
export const MAGNITUDE = 0x7fffffff

/** From here on the exponent is all ones: infinities and NaN. */
export const FIRST_NOT_FINITE = 0x7f800000

/** Magnitudes from `from` to below `to`, as float32 bits. */
export interface Bracket { readonly from: number, readonly to: number }

/** Magnitudes of `length` elements from number `first` on, each with how often it came; without counts once each. */
export interface Kept { readonly bits: Int32Array, readonly counts?: Float64Array, readonly first: number, readonly length: number }

/** What a tensor has of a bracket. */
export interface Tally {
  readonly zeros: number
  /** Below the bracket, zeros too. */
  readonly below: number
  readonly inside: number
  /** Those inside; null where there was no room for them. */
  readonly kept: readonly Kept[] | null
}

/** How many magnitudes may be kept in all, and how many counts of magnitudes may be kept apart by pieces: without room for these they are kept together. */
export interface Room { left: number, apart: number }

/** Counts the elements of one tensor, from front to back. */
export interface Counter {
  /** False when something in `raw` is NaN or infinite; `first` is the number of its first element. */
  add (raw: Uint8Array, first: number): boolean
  tally (): Tally
}

/** Where one tensor is cut: magnitudes below `bits` go, and those equal to it whose number is below `until`. */
export interface PlacedCut { readonly bits: number, readonly until: number }

export interface Elements {
  /** Bytes of an element. */
  readonly size: number
  /** What is ranked, as float32 bits; signs may be there. */
  bitsOf (raw: Uint8Array, first: number): Int32Array
  /** One at a time: counters may share memory. With a bracket of one magnitude nothing is kept. */
  counter (bracket: Bracket, room: Room): Counter
  /** Sets to +0 what goes, in place. */
  cut (raw: Uint8Array, first: number, cut: PlacedCut): void
}

/** Are the magnitudes of a bracket worth keeping, or is counting them enough? */
export function keeps ({ from, to }: Bracket): boolean {
  return to - from > 1
}

/** Of `length` elements from number `first` on, how many stand before `until`. */
export function countBefore (until: number, first: number, length: number): number {
  return Math.max(0, Math.min(until - first, length))
}

let room = new Int32Array()

/** Memory for what is collected from so many elements, which the next counter uses again. */
export function collectedFrom (count: number): Int32Array {
  if (room.length < count) room = new Int32Array(count)
  return room
}
