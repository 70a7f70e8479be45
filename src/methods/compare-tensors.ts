/** Two tensors compared number by number, in pieces: by their bytes where they are of one type, and no more than a piece of each is held. */
import { ahead } from '../models/ahead.ts'
import { changedRaw, changeOf, valuesOf, withRaw, type FileTensor } from '../models/formats/file-tensor.ts'
import { decodeNumbers } from '../models/formats/hdf5/index.ts'
import type { StreamedChange, TensorChanges } from '../models/model.ts'
import { withRing } from '../models/piece-memory.ts'
import type { StoredTensor } from '../models/tensor.ts'

export interface Difference { readonly at: number, readonly wanted: number | undefined, readonly read: number | undefined }

/** Bytes of a piece. */
const PIECE = 4 * 2 ** 20

/** The first place where `found` does not hold the numbers of `tensor` with its change, or not as many; undefined when there is none. NaN equals itself, and -0 equals 0. */
export async function differenceOf (tensor: StoredTensor, changes: TensorChanges, found: StoredTensor): Promise<Difference | undefined> {
  const change = changeOf(tensor, changes)
  const [own, other] = [withRaw(tensor), withRaw(found)]
  const isSameType = own.datatype.kind === 'float' && other.datatype.kind === 'float' && own.datatype.format === other.datatype.format &&
    own.datatype.littleEndian === other.datatype.littleEndian && !(change instanceof Float32Array)
  if (!isSameType) return await firstDifference(valuesOf(tensor, changes), found.chunks(), (values) => values, 1)
  // What was written is known by its sums. Where these differ, it is made again to find the place.
  if (change !== undefined && !(change instanceof Float32Array) && await isWhatWasMade(change, other)) return undefined
  return await withRing(async (ring) => await withRing(async (otherRing) => {
    const wanted = change === undefined ? own.raw(PIECE, ring) : changedRaw(own, change, { ring })
    return await firstDifference(wanted, other.raw(PIECE, otherRing), (bytes) => decodeNumbers(bytes, own.datatype), own.datatype.size)
  }))
}

async function isWhatWasMade (change: StreamedChange, found: FileTensor): Promise<boolean> {
  const check = change.check?.() ?? null
  if (check === null) return false
  await withRing(async (ring) => { for await (const piece of ahead(found.raw(PIECE, ring))) check.add(piece) })
  return check.isSame()
}

/** `size`: of an element, in units of the pieces' lengths. */
async function firstDifference<T extends Uint8Array | Float32Array> (
  wanted: AsyncIterable<T>, read: AsyncIterable<T>, numbersOf: (piece: T) => Float32Array, size: number
): Promise<Difference | undefined> {
  let first = 0
  for await (const [one, other] of inStep(wanted, read)) {
    if (one.length !== other.length || !hasEqualBytes(one, other)) {
      const [numbers, others] = [numbersOf(one), numbersOf(other)]
      const at = firstUnequal(numbers, others)
      if (at !== -1) return { at: first + at, wanted: numbers[at], read: others[at] }
    }
    first += one.length / size
  }
  return undefined
}

/** Both streams in pieces of one length; where one ends before the other, its last piece is empty. */
async function * inStep<T extends Uint8Array | Float32Array> (ones: AsyncIterable<T>, others: AsyncIterable<T>): AsyncGenerator<[T, T]> {
  const iterators = [ahead(ones), ahead(others)] as const
  const rest: [T | undefined, T | undefined] = [undefined, undefined]
  try {
    while (true) {
      for (const side of [0, 1] as const) {
        while (rest[side] === undefined || rest[side].length === 0) {
          const { done, value } = await iterators[side].next()
          if (done === true) break
          rest[side] = value
        }
      }
      const [one, other] = rest
      if ((one?.length ?? 0) === 0 && (other?.length ?? 0) === 0) return
      if (one === undefined || other === undefined || one.length === 0 || other.length === 0) {
        const left = (one?.length ?? 0) > 0 ? one! : other!
        const none = left.subarray(0, 0) as T
        yield left === one ? [left, none] : [none, left]
        return
      }
      const length = Math.min(one.length, other.length)
      yield [one.subarray(0, length) as T, other.subarray(0, length) as T]
      rest[0] = one.subarray(length) as T
      rest[1] = other.subarray(length) as T
    }
  } finally {
    await Promise.all(iterators.map(async (iterator) => await iterator.return(undefined)))
  }
}

function hasEqualBytes (one: Uint8Array | Float32Array, other: Uint8Array | Float32Array): boolean {
  return Buffer.from(one.buffer, one.byteOffset, one.byteLength).equals(Buffer.from(other.buffer, other.byteOffset, other.byteLength))
}

/** The place up to the longer one's end; -1 when there is none. */
function firstUnequal (wanted: Float32Array, read: Float32Array): number {
  const length = Math.max(wanted.length, read.length)
  for (let at = 0; at < length; at++) {
    const value = wanted[at]
    // The second comparison is only true of NaN, which equals itself here.
    if (value !== read[at] && !(Number.isNaN(value) && Number.isNaN(read[at]))) return at
  }
  return -1
}
