/** The dataspace message: the shape of a dataset or attribute. */
import type { Cursor } from './cursor.ts'
import { tooMuch } from './fail.ts'
import { MAX_RANK } from './limits.ts'

/** `isNull`: no element at all, not even one (h5py's Empty); the shape is then []. `maxShape`: undefined where an axis may grow without limit. */
export interface Dataspace { readonly shape: number[], readonly isNull: boolean, readonly elements: number, readonly maxShape: ReadonlyArray<number | undefined> }

/** Reads a dataspace message of version 1 or 2; the number of elements is below 2^53. */
export function readDataspace (cursor: Cursor): Dataspace {
  const version = cursor.version(1, 2)
  const rank = cursor.u8()
  const flags = cursor.u8()
  if (rank > MAX_RANK) throw tooMuch(cursor.what, cursor.position, 'the number of axes', rank, MAX_RANK)
  const type = cursor.u8()
  if (version === 1) cursor.skip(4)
  else if (type > 2) throw cursor.fail(`dataspace type ${type} is not known, 0 to 2 are`)
  if (version === 2 && type === 2) return { shape: [], isNull: true, elements: 0, maxShape: [] }
  const shape: number[] = []
  let elements = 1
  for (let i = 0; i < rank; i++) {
    shape.push(cursor.length())
    elements *= shape[i] as number
    if (!Number.isSafeInteger(elements)) throw cursor.fail(`the shape [${shape.join(', ')}] has too many elements`)
  }
  return { shape, isNull: false, elements, maxShape: (flags & 1) === 0 ? shape : shape.map(() => readMaximum(cursor)) }
}

/** A maximum of all bits set means unlimited. */
function readMaximum (cursor: Cursor): number | undefined {
  const { lengthSize } = cursor.sizes
  const unlimited = cursor.bytes.subarray(cursor.at, cursor.at + lengthSize).every((byte) => byte === 0xff)
  if (!unlimited) return cursor.length()
  cursor.skip(lengthSize)
  return undefined
}
