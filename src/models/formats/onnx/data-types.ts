/** The table of ONNX' data types: which numbers they are, and in which fields of a tensor they lie. */
import type { NumberType } from '../../tensor.ts'

/** The fields of TensorProto that hold numbers, besides raw_data. */
export const DATA_FIELDS = {
  4: { name: 'float_data', size: 4 },
  5: { name: 'int32_data', size: 'varint' },
  7: { name: 'int64_data', size: 'varint' },
  10: { name: 'double_data', size: 8 },
  11: { name: 'uint64_data', size: 'varint' },
} as const

export type DataField = keyof typeof DATA_FIELDS

export interface OnnxType {
  readonly name: string
  /** Absent where the values are no numbers that are read here. */
  readonly type?: NumberType
  /** Where the values lie when they are not raw. */
  readonly field?: DataField
}

/** By TensorProto.DataType. Source: onnx.proto of ONNX 1.20. */
export const ONNX_TYPES: Readonly<Record<number, OnnxType>> = {
  1: { name: 'FLOAT', type: 'float32', field: 4 },
  2: { name: 'UINT8', type: 'uint8', field: 5 },
  3: { name: 'INT8', type: 'int8', field: 5 },
  4: { name: 'UINT16', type: 'uint16', field: 5 },
  5: { name: 'INT16', type: 'int16', field: 5 },
  6: { name: 'INT32', type: 'int32', field: 5 },
  7: { name: 'INT64', type: 'int64', field: 7 },
  8: { name: 'STRING' },
  9: { name: 'BOOL', type: 'bool', field: 5 },
  10: { name: 'FLOAT16', type: 'float16', field: 5 },
  11: { name: 'DOUBLE', type: 'float64', field: 10 },
  12: { name: 'UINT32', type: 'uint32', field: 11 },
  13: { name: 'UINT64', type: 'uint64', field: 11 },
  14: { name: 'COMPLEX64' },
  15: { name: 'COMPLEX128' },
  16: { name: 'BFLOAT16', type: 'bfloat16', field: 5 },
  17: { name: 'FLOAT8E4M3FN' },
  18: { name: 'FLOAT8E4M3FNUZ' },
  19: { name: 'FLOAT8E5M2' },
  20: { name: 'FLOAT8E5M2FNUZ' },
  21: { name: 'UINT4' },
  22: { name: 'INT4' },
  23: { name: 'FLOAT4E2M1' },
  24: { name: 'FLOAT8E8M0' },
  25: { name: 'UINT2' },
  26: { name: 'INT2' },
}
