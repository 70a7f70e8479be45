/** A TFLite model as it stands in a file: tensors, operators, and what they are fed. */
import type { BuiltinName, TensorType } from './schema.ts'

/** real = scale * (stored - zero point); one for the tensor, or one for each place of an axis. */
export interface Quantization { readonly scales: readonly number[], readonly zeroPoints: readonly number[], readonly axis: number }

/** One axis of a sparse tensor: all of its places, or those that are there (compressed rows). */
export type SparseAxis =
  | { readonly kind: 'dense', readonly size: number }
  | { readonly kind: 'csr', readonly segments: Int32Array, readonly indices: Int32Array }

/** Which values of a constant `data` has. Blocks are axes of their own behind those of the tensor. */
export interface Sparsity { readonly order: readonly number[], readonly blockMap: readonly number[], readonly axes: readonly SparseAxis[] }

export interface TfliteTensor {
  readonly name: string
  /** Sizes that are only known with the data are 1 here. */
  readonly shape: readonly number[]
  /** -1 for these; absent when all are known. */
  readonly signature?: readonly number[]
  readonly type: TensorType
  /** Of constants: little-endian elements, row-major. */
  readonly data?: Uint8Array
  readonly quantization?: Quantization
  readonly sparsity?: Sparsity
}

export interface TfliteOperator {
  readonly builtin: BuiltinName
  readonly version: number
  /** Tensors by number; -1: left out. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** By the names of the options in the schema. */
  readonly options: Readonly<Record<string, number | boolean>>
}

export interface TfliteModel {
  readonly description: string
  readonly tensors: readonly TfliteTensor[]
  readonly operators: readonly TfliteOperator[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** Of the signature `serving_default`. */
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
}
