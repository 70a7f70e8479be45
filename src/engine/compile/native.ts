/** The part of tfjs-node that a step is recorded at: the binding that runs one TensorFlow operation, and what stands around it. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'

export type AttributeValue = string | number | boolean | readonly number[]

/** As tfjs-node's kernels write them; `type` is one of the binding's TF_ATTR_ constants. */
export interface OpAttribute { readonly name: string, readonly type: number, readonly value: AttributeValue }

export interface OutputInfo { readonly id: number, readonly shape: readonly number[], readonly dtype: number }

export interface Binding {
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_SHAPE: number
  createTensor (shape: readonly number[], dtype: number, values: ArrayBufferView | readonly string[]): number
  executeOp (name: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): OutputInfo[]
  tensorDataSync (id: number): unknown
}

export interface NativeBackend {
  binding: Binding
  getInputTensorIds (tensors: readonly TensorInfo[]): number[]
  getDTypeInteger (dtype: string): number
  executeMultipleOutputs (name: string, attributes: readonly OpAttribute[], inputs: readonly TensorInfo[], outputs: number): Tensor[]
  loadSavedModelMetaGraph (folder: string, tags: string): number
  deleteSavedModel (session: number): void
  runSavedModel (session: number, inputs: readonly Tensor[], names: ReadonlyArray<{ readonly name: string }>, outputs: readonly string[]): Tensor[]
}

/** The native backend. Throws `engine-unavailable` when another one computes. */
export function nativeBackend (): NativeBackend {
  if (tf.getBackend() !== 'tensorflow') throw new EspalierError('engine-unavailable', `TensorFlow is not loaded, "${tf.getBackend()}" computes`)
  return tf.backend() as unknown as NativeBackend
}
