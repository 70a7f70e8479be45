/** A model file as the source text of a C array, for devices without files. */
import { EspalierError } from '../../../errors.ts'

const PER_LINE = 16

/** The text is six times as long, and no string holds much more. */
const MAX_BYTES = 64 * 2 ** 20

/** Aligned as microcontrollers' runtimes want it; `name` begins the names of both constants. Throws `limit-exceeded`. */
export function cArrayOf (bytes: Uint8Array, name: string): Uint8Array {
  if (bytes.length > MAX_BYTES) throw new EspalierError('limit-exceeded', `the model has ${bytes.length} bytes; as a C array at most ${MAX_BYTES} are written`)
  const lines = [
    `/* A TFLite model of ${bytes.length} bytes. */`,
    `#ifndef ${name.toUpperCase()}_H`,
    `#define ${name.toUpperCase()}_H`,
    '',
    '#if defined(__cplusplus) && __cplusplus >= 201103L',
    `#define ${name.toUpperCase()}_ALIGNED alignas(16)`,
    '#elif defined(__GNUC__)',
    `#define ${name.toUpperCase()}_ALIGNED __attribute__((aligned(16)))`,
    '#else',
    `#define ${name.toUpperCase()}_ALIGNED`,
    '#endif',
    '',
    `${name.toUpperCase()}_ALIGNED static const unsigned char ${name}[] = {`,
  ]
  for (let at = 0; at < bytes.length; at += PER_LINE) lines.push(`  ${Array.from(bytes.subarray(at, at + PER_LINE), (byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', ')},`)
  lines.push('};', `static const unsigned int ${name}_length = ${bytes.length};`, '', '#endif', '')
  return new TextEncoder().encode(lines.join('\n'))
}

/** The bytes that such a text holds. */
export function bytesOfCArray (text: Uint8Array): Uint8Array {
  return Uint8Array.from(new TextDecoder().decode(text).matchAll(/0x([0-9a-f]{2}),/g), ([, digits]) => Number.parseInt(digits!, 16))
}
