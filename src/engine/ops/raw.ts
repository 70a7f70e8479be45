/** Runs one TensorFlow operation by name, for what tfjs-core has no function or no gradient for. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { nativeBackend, type OpAttribute } from '../compile/native.ts'

/** The kinds that TensorFlow tells apart; `type` is a tfjs dtype. */
export type RawAttribute =
  | { readonly int: number } | { readonly ints: readonly number[] } | { readonly float: number } | { readonly bool: boolean }
  | { readonly string: string } | { readonly type: 'float32' | 'int32' | 'bool' }

/** The dtypes as attributes. */
export const FLOAT: RawAttribute = { type: 'float32' }
export const INT: RawAttribute = { type: 'int32' }

/** The outputs of operation `name`. Every attribute without a default must be given: a recorded graph infers none. */
export function rawOp (name: string, attributes: Readonly<Record<string, RawAttribute>>, inputs: readonly Tensor[], outputs = 1): Tensor[] {
  return nativeBackend().executeMultipleOutputs(name, Object.entries(attributes).map(([key, value]) => encoded(key, value)), inputs, outputs)
}

function encoded (name: string, attribute: RawAttribute): OpAttribute {
  const backend = nativeBackend()
  const { TF_ATTR_INT, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_STRING, TF_ATTR_TYPE } = backend.binding
  if ('int' in attribute) return { name, type: TF_ATTR_INT, value: attribute.int }
  if ('ints' in attribute) return { name, type: TF_ATTR_INT, value: attribute.ints }
  if ('float' in attribute) return { name, type: TF_ATTR_FLOAT, value: attribute.float }
  if ('bool' in attribute) return { name, type: TF_ATTR_BOOL, value: attribute.bool }
  if ('string' in attribute) return { name, type: TF_ATTR_STRING, value: attribute.string }
  return { name, type: TF_ATTR_TYPE, value: backend.getDTypeInteger(attribute.type) }
}
