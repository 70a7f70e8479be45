/** What a parsed JSON text may be. */

export type Json = Readonly<Record<string, unknown>>

/** An object, and neither a list nor null. */
export function isRecord (value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
