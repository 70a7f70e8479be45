/** Tensors in memory that stand in place of those of the file. */
import type { Shape, StoredTensor } from '../tensor.ts'
import { encodeNumbers } from './encode.ts'
import { fileTensor, withRaw, type FileTensor } from './file-tensor.ts'

/** Bytes in a piece of raw values. */
const PIECE = 1 << 20

/**
 * `values`, row-major, in place of `tensor`: its key and its type, in which they are held, so that what is read is what will be written. The values may
 * not be changed afterwards.
 */
export function heldTensor (tensor: StoredTensor, shape: Shape, values: Float32Array): FileTensor {
  const { key, type, datatype, storedAs, compressed } = withRaw(tensor)
  const bytes = encodeNumbers(values, datatype)
  const { size } = datatype
  const raw = async function * (length = PIECE): AsyncGenerator<Uint8Array> {
    const step = Math.max(size, length - length % size)
    for (let from = 0; from < bytes.length; from += step) yield bytes.subarray(from, from + step)
  }
  const at = async (first: number, count: number) => bytes.subarray(first * size, (first + count) * size)
  return { ...fileTensor({ key, shape, type, datatype, compressed, raw, at, ...(storedAs !== undefined && { storedAs }) }), held: true }
}
