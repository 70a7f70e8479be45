/** A tensor that is pruned without being held, and the readings of it. */
import { EspalierError } from '../../errors.ts'
import { ahead } from '../../models/ahead.ts'
import { FIRST_NOT_FINITE, MAGNITUDE, type Bracket, type Elements, type Room, type Tally } from './elements.ts'

export interface StreamedTensor {
  /** `layer/role`, for reports and messages. */
  readonly name: string
  readonly layer: string
  readonly weights: number
  readonly shape: readonly number[]
  /** A sparsity of its own: its layer is pinned to it and leaves the competition. */
  readonly sparsity?: number
  readonly elements: Elements
  /** The raw elements from front to back, in pieces of whole elements. Throws when the job is stopped. */
  raw (): AsyncIterable<Uint8Array>
  /** `count` of them from number `first` on; absent where that is not cheap. */
  at? (first: number, count: number): Promise<Uint8Array>
}

/** The pieces of a tensor, each with the number of its first element. */
export async function * piecesOf ({ elements, raw }: StreamedTensor): AsyncGenerator<{ piece: Uint8Array, first: number }> {
  let first = 0
  for await (const piece of ahead(raw())) {
    yield { piece, first }
    first += piece.length / elements.size
  }
}

/** Reads a tensor once. Throws `invalid-model` for what is NaN or infinite, naming the place. */
export async function tallyOf (tensor: StreamedTensor, bracket: Bracket, room: Room): Promise<Tally> {
  const counter = tensor.elements.counter(bracket, room)
  for await (const { piece, first } of piecesOf(tensor)) if (!counter.add(piece, first)) refuse(tensor, piece, first)
  return counter.tally()
}

function refuse ({ name, elements }: StreamedTensor, piece: Uint8Array, first: number): never {
  const bits = elements.bitsOf(piece, first)
  const at = bits.findIndex((one) => (one & MAGNITUDE) >= FIRST_NOT_FINITE)
  const value = new Float32Array(bits.slice(at, at + 1).buffer)[0]
  throw new EspalierError('invalid-model', `the weights ${name} hold ${value} at position ${first + at}; only finite weights can be ranked`, { tensor: name, position: first + at })
}

/** The number of the element that is the `count`th (from 1) of this magnitude. */
export async function placeOf (tensor: StreamedTensor, magnitude: number, count: number): Promise<number> {
  const counter = tensor.elements.counter({ from: magnitude, to: magnitude + 1 }, { left: 0, apart: 0 })
  let before = 0
  for await (const { piece, first } of piecesOf(tensor)) {
    counter.add(piece, first)
    const { inside } = counter.tally()
    if (inside >= count) return placeIn(tensor, piece, first, magnitude, count - before)
    before = inside
  }
  throw changed(tensor)
}

/** Elements that are read at once to find one. */
const READ_AT_ONCE = 2 ** 22

/** The same among `length` elements from number `first` on, where `count` counts from there; null where these are not read alone. */
export async function placeWithin (tensor: StreamedTensor, { first, length }: { readonly first: number, readonly length: number }, magnitude: number, count: number): Promise<number | null> {
  if (tensor.at === undefined || length > READ_AT_ONCE) return null
  return placeIn(tensor, await tensor.at(first, length), first, magnitude, count)
}

function placeIn (tensor: StreamedTensor, piece: Uint8Array, first: number, magnitude: number, count: number): number {
  const bits = tensor.elements.bitsOf(piece, first)
  let left = count
  for (let index = 0; index < bits.length; index++) if ((bits[index]! & MAGNITUDE) === magnitude && --left === 0) return first + index
  throw changed(tensor)
}

function changed ({ name }: StreamedTensor): EspalierError {
  return new EspalierError('invalid-model', `the weights ${name} changed while they were read`, { tensor: name })
}
