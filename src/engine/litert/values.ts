/** Arrays to and from the element types of TFLite. */
import type { Quantization, TfliteTensor } from '../../models/exports/tflite/model.ts'
import { EspalierError } from '../../errors.ts'

/** Bytes of an input: floats as they are, int8 rounded by the scale of the tensor and held to its range. Throws `unsupported-layer` for other types. */
export function toElements (values: Float32Array, { name, type, quantization }: TfliteTensor): Uint8Array {
  if (type === 'float32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  if (type !== 'int8' || quantization === undefined) throw new EspalierError('unsupported-layer', `the input "${name}" is of ${type}, floats and int8 are fed`)
  const [scale, zero] = stepOf(quantization)
  return new Uint8Array(Int8Array.from(values, (value) => Math.min(127, Math.max(-128, Math.round(value / scale) + zero))).buffer)
}

/** What the bytes of an output stand for; `bytes` begin where their buffer does. */
export function fromElements (bytes: Uint8Array<ArrayBuffer>, { name, type, quantization }: TfliteTensor): Float32Array {
  if (type === 'float32') return new Float32Array(bytes.buffer)
  if (type === 'int32') return Float32Array.from(new Int32Array(bytes.buffer))
  if (type === 'bool') return Float32Array.from(bytes)
  if (type !== 'int8' || quantization === undefined) throw new EspalierError('unsupported-layer', `the output "${name}" is of ${type}, which is not read`)
  const [scale, zero] = stepOf(quantization)
  return Float32Array.from(new Int8Array(bytes.buffer), (value) => (value - zero) * scale)
}

function stepOf ({ scales, zeroPoints }: Quantization): [number, number] {
  return [scales[0]!, zeroPoints[0]!]
}
