/** TensorFlow's types of elements, by their numbers in files. Source: tensorflow/core/framework/types.proto. */
import type { NumberType } from '../../tensor.ts'

/** Types of plain numbers, which are read here. */
const NUMBERS: ReadonlyMap<number, NumberType> = new Map([
  [1, 'float32'], [2, 'float64'], [3, 'int32'], [4, 'uint8'], [5, 'int16'], [6, 'int8'], [9, 'int64'], [10, 'bool'], [14, 'bfloat16'], [17, 'uint16'],
  [19, 'float16'], [22, 'uint32'], [23, 'uint64'],
])

/** Types that are kept as they are, with the bytes of an element where it has a size of its own. */
const OTHERS: ReadonlyMap<number, { readonly name: string, readonly size?: number }> = new Map([
  [7, { name: 'string' }], [8, { name: 'complex64', size: 8 }], [11, { name: 'qint8', size: 1 }], [12, { name: 'quint8', size: 1 }], [13, { name: 'qint32', size: 4 }],
  [15, { name: 'qint16', size: 2 }], [16, { name: 'quint16', size: 2 }], [18, { name: 'complex128', size: 16 }], [20, { name: 'resource' }], [21, { name: 'variant' }],
  [24, { name: 'float8_e5m2', size: 1 }], [25, { name: 'float8_e4m3fn', size: 1 }], [26, { name: 'float8_e4m3fnuz', size: 1 }], [27, { name: 'float8_e4m3b11fnuz', size: 1 }],
  [28, { name: 'float8_e5m2fnuz', size: 1 }], [29, { name: 'int4', size: 1 }], [30, { name: 'uint4', size: 1 }], [31, { name: 'int2', size: 1 }], [32, { name: 'uint2', size: 1 }],
])

export const FLOAT = 1
export const STRING = 7

/** Names in types.proto that are not those of here. */
const PROTO_NAMES: ReadonlyMap<string, string> = new Map([['DT_FLOAT', 'float32'], ['DT_DOUBLE', 'float64'], ['DT_HALF', 'float16']])

/** The number of a type by its name in types.proto, `DT_FLOAT`; undefined for one that is not known. */
export function dtypeByName (name: string): number | undefined {
  const known = PROTO_NAMES.get(name) ?? (name.startsWith('DT_') ? name.slice(3).toLowerCase() : '')
  for (const [dtype, own] of NUMBERS) if (own === known) return dtype
  for (const [dtype, own] of OTHERS) if (own.name === known) return dtype
  return undefined
}

/** As numbers; undefined for all other types. */
export function numberTypeOf (dtype: number): NumberType | undefined {
  return NUMBERS.get(dtype)
}

/** What a message calls the type. */
export function dtypeName (dtype: number): string {
  return NUMBERS.get(dtype) ?? OTHERS.get(dtype)?.name ?? `type ${dtype}`
}

/** Bytes of an element of a type that is no number here; undefined when it has no size of its own, or is not known. */
export function otherSize (dtype: number): number | undefined {
  return OTHERS.get(dtype)?.size
}
