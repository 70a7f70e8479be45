/** Number types, shapes and tensors as they stand in model files. */

export const NUMBER_TYPES = {
  float16: 2, bfloat16: 2, float32: 4, float64: 8, int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, int64: 8, uint64: 8, bool: 1,
} as const

export type NumberType = keyof typeof NUMBER_TYPES

/** Sizes of the axes. In a graph's shapes `null` is a size that is only known with the data (the batch, mostly). */
export type Shape = readonly number[]
export type SymbolicShape = ReadonlyArray<number | null>

/** A tensor in a model file, not yet read. `key` is unique within the file and stable: outputs are addressed by it. */
export interface StoredTensor {
  readonly key: string
  readonly shape: Shape
  readonly type: NumberType
  /** Of a tensor that lost places since its file was read: those of the file's that are left along each axis, in order; null: all. */
  readonly kept?: ReadonlyArray<readonly number[] | null>
  /** All values in row-major order, widened or narrowed to float32. */
  read (): Promise<Float32Array>
  /** The same values in order, in pieces of at most `values` (default 262,144) numbers, so that a large tensor need not be held. */
  chunks (values?: number): AsyncIterable<Float32Array>
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf (shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1)
}
