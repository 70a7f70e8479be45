/** Training examples in memory or in a file, and the order in which an epoch goes through them. */
import { mulberry32 } from '../../datasets/random.ts'
import type { NumberType, Shape } from '../../models/tensor.ts'

interface Described {
  /** Of one example. */
  readonly shape: Shape
  /** As the data set had it; float32 unless said. */
  readonly type?: NumberType
}

/** One array of examples in memory, row-major. */
export interface ExampleValues extends Described { readonly values: Float32Array }

/** One array of examples that are read when they are needed. */
export interface ExampleRows extends Described {
  /** The rows in the order asked for, row-major. */
  readRows (rows: ArrayLike<number>): Promise<Float32Array>
}

interface Examples<A> {
  readonly examples: number
  readonly features: readonly A[]
  readonly targets: readonly A[]
  /** One number for each example. */
  readonly weights?: Float32Array
}

/** Held in the session. */
export type TrainingData = Examples<ExampleValues>

/** Fed batch by batch. */
export type StreamedData = Examples<ExampleRows>

export function isStreamed (data: TrainingData | StreamedData): data is StreamedData {
  return [...data.features, ...data.targets].some((array) => 'readRows' in array)
}

/** Rows [from, to) of an array of either kind. */
export async function rowsOf (array: ExampleValues | ExampleRows, from: number, to: number): Promise<Float32Array> {
  if ('readRows' in array) return await array.readRows(Int32Array.from({ length: to - from }, (_, index) => from + index))
  const size = array.shape.reduce((product, one) => product * one, 1)
  return array.values.subarray(from * size, to * size)
}

/** The order of one epoch, the same for the same seed and epoch. Source: Fisher and Yates, in Durstenfeld's form. */
export function epochOrder (examples: number, seed: number, epoch: number, shuffle: boolean): Int32Array {
  const order = Int32Array.from({ length: examples }, (_, index) => index)
  if (!shuffle) return order
  const random = mulberry32(Math.imul(seed, 0x9E3779B1) ^ Math.imul(epoch + 1, 0x85EBCA6B))
  for (let last = examples - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const value = order[last]!
    order[last] = order[other]!
    order[other] = value
  }
  return order
}
