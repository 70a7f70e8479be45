/** Whole numbers as inputs: data sets are read as float32, inputs of whole numbers have a range. */
import { EspalierError } from '../../errors.ts'
import type { NumberType } from '../../models/tensor.ts'

/** Whole numbers above it are no longer told apart as float32. */
export const LARGEST_WHOLE = 2 ** 24

type WholeType = Exclude<NumberType, 'float16' | 'bfloat16' | 'float32' | 'float64'>

/** The range of each type, as far as float32 tells it exactly. */
const RANGES: Readonly<Record<WholeType, readonly [lowest: number, highest: number]>> = {
  bool: [0, 1],
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65_535],
  int16: [-32_768, 32_767],
  int32: [-LARGEST_WHOLE, LARGEST_WHOLE],
  uint32: [0, LARGEST_WHOLE],
  int64: [-LARGEST_WHOLE, LARGEST_WHOLE],
  uint64: [0, LARGEST_WHOLE],
}

/** The values, which all are whole and in range for the input `name`. Throws `shape-mismatch` naming one that is not. */
export function whole (values: Float32Array, name: string, type: WholeType): Float32Array {
  const [lowest, highest] = RANGES[type]
  const at = values.findIndex((value) => !(Number.isInteger(value) && value >= lowest && value <= highest))
  if (at < 0) return values
  throw new EspalierError('shape-mismatch', `the input ${name} takes ${type}, the features have ${values[at]}; whole numbers from ${lowest} to ${highest} fit`, { input: name, value: values[at] })
}
