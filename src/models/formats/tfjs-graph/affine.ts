/** Affine quantization: integers that stand for numbers at even distances. Zeros can be written where one of them stands for exactly zero. */
import type { ManifestWeight, Quantization } from '../tfjs-manifest.ts'
import { unread } from '../tfjs-manifest.ts'

const LARGEST = { uint8: 0xff, uint16: 0xffff } as const

/** The integer that stands for zero, as a float32; undefined when none does. Converters see to it, unless all numbers are on one side of zero. */
export function zeroPoint ({ dtype, scale, min }: Quantization): number | undefined {
  if (dtype === 'float16') return undefined
  const code = scale === 0 ? 0 : Math.round(-min / scale)
  return code >= 0 && code <= LARGEST[dtype] && Math.fround(code * scale + min) === 0 ? code : undefined
}

/**
 * The integers of `before` with the new `values` of the same elements: one whose number is the same stays, and any other must have become zero.
 * Throws `unsupported-format` for other numbers, which these integers would not give back.
 */
export function requantized ({ name, stored, quantization }: ManifestWeight, values: Float32Array, before: Uint8Array): Uint8Array {
  const { scale, min } = quantization!
  const zero = zeroPoint(quantization!)
  const bytes = before.slice()
  const codes = stored === 'uint16' ? new Uint16Array(bytes.buffer) : bytes
  for (let at = 0; at < codes.length; at++) {
    const value = values[at]!
    if (Math.fround(codes[at]! * scale + min) === value) continue
    if (value !== 0 || zero === undefined) throw unread(name, `quantized as ${stored}, so its numbers can ${zero === undefined ? 'not be changed' : 'only become zero'}; ${value} was asked for`)
    codes[at] = zero
  }
  return bytes
}
