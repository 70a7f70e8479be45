/** JSON in model files: read within a limit, and told apart without trusting any of it. */
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../bytes.ts'

export type Json = Readonly<Record<string, unknown>>

/** Configurations of the largest published Keras models have a few MB; this is what is parsed at most. */
export const MAX_JSON_BYTES = 64 * 2 ** 20

/** Lists, objects and their members. A value costs some twenty bytes of memory where its text has two; a model of 3,000 layers has about 100,000. */
const MAX_JSON_VALUES = 2 ** 20

/** Nested deeper than any model; the recursive code that reads configurations must not run out of stack. */
const MAX_JSON_DEPTH = 200

export function isObject (value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** All bytes of a JSON part of a file; throws `limit-exceeded` above MAX_JSON_BYTES. */
export async function readJsonBytes (source: ByteSource, what: string): Promise<Uint8Array> {
  assertJsonSize(source.size, what)
  return await source.read(0, source.size)
}

export function assertJsonSize (size: number, what: string): void {
  if (size > MAX_JSON_BYTES) {
    throw new EspalierError('limit-exceeded',
      `${what}: ${size} bytes of JSON, at most ${MAX_JSON_BYTES} are read`,
      { what, limit: MAX_JSON_BYTES, bytes: size })
  }
}

/** A JSON object out of text or bytes. Throws `invalid-model`, naming `what`. */
export function parseObject (text: Uint8Array | string, what: string): Json {
  let value: unknown
  assertFewValues(text, what)
  try {
    value = JSON.parse(typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text))
  } catch (cause) {
    throw new EspalierError('invalid-model', `${what} is not valid JSON (${cause instanceof Error ? cause.message : String(cause)})`, { what }, { cause })
  }
  if (!isObject(value)) throw new EspalierError('invalid-model', `${what} must be a JSON object`, { what })
  if (isDeeperThan(value, MAX_JSON_DEPTH)) {
    throw new EspalierError('limit-exceeded',
      `${what} is nested deeper than ${MAX_JSON_DEPTH} levels`,
      { what, limit: MAX_JSON_DEPTH })
  }
  return value
}

/** `[`, `{` and `,`. */
const [LIST, OBJECT, COMMA] = [0x5b, 0x7b, 0x2c]

/** A bound from above, before anything is parsed: each value has a bracket or a comma before it, and signs within texts count as well. */
function assertFewValues (text: Uint8Array | string, what: string): void {
  let count = 0
  for (let at = 0; at < text.length && count <= MAX_JSON_VALUES; at++) {
    const sign = typeof text === 'string' ? text.charCodeAt(at) : text[at]
    if (sign === LIST || sign === OBJECT || sign === COMMA) count++
  }
  if (count > MAX_JSON_VALUES) throw new EspalierError('limit-exceeded', `${what} has more than ${MAX_JSON_VALUES} values`, { what, limit: MAX_JSON_VALUES })
}

/** A loop with its own stack: the check must not itself recurse. */
function isDeeperThan (value: unknown, limit: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true
    level = level.flatMap((one) => typeof one === 'object' && one !== null ? Object.values(one).filter((inner) => typeof inner === 'object' && inner !== null) : [])
  }
  return false
}
