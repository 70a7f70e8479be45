/** The dtypes of safetensors files: how large their elements are and how their values are read. */
import type { NumberType } from '../../tensor.ts'

export interface Dtype {
  readonly bits: number
  /** Absent for those whose numbers are not read here: their bytes stand for them. */
  readonly type?: NumberType
  /** Are tensors of it pruned? Of the others nothing is changed by default. */
  readonly pruned?: true
}

/** All that safetensors 0.8 knows. Source: its TensorView and Dtype, and the sizes they give. */
export const DTYPES = {
  F32: { bits: 32, type: 'float32', pruned: true },
  F16: { bits: 16, type: 'float16', pruned: true },
  BF16: { bits: 16, type: 'bfloat16', pruned: true },
  F64: { bits: 64, type: 'float64' },
  I8: { bits: 8, type: 'int8' },
  U8: { bits: 8, type: 'uint8' },
  I16: { bits: 16, type: 'int16' },
  U16: { bits: 16, type: 'uint16' },
  I32: { bits: 32, type: 'int32' },
  U32: { bits: 32, type: 'uint32' },
  I64: { bits: 64, type: 'int64' },
  U64: { bits: 64, type: 'uint64' },
  BOOL: { bits: 8, type: 'bool' },
  C64: { bits: 64 },
  F8_E4M3: { bits: 8 },
  F8_E5M2: { bits: 8 },
  F8_E8M0: { bits: 8 },
  F8_E4M3FNUZ: { bits: 8 },
  F8_E5M2FNUZ: { bits: 8 },
  F6_E2M3: { bits: 6 },
  F6_E3M2: { bits: 6 },
  F4: { bits: 4 },
} as const satisfies Readonly<Record<string, Dtype>>

export type DtypeName = keyof typeof DTYPES

export function isDtype (name: unknown): name is DtypeName {
  return typeof name === 'string' && Object.hasOwn(DTYPES, name)
}

/** The dtypes that are pruned, for messages. */
export const PRUNED_DTYPES = (Object.keys(DTYPES) as DtypeName[]).filter((name) => 'pruned' in DTYPES[name]).join(', ')
