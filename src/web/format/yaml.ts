/** JSON values as YAML in blocks, as recipes are written by hand. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What needs no quotes: it is no number, boolean or null, and has nothing that means something to YAML. */
const PLAIN = /^(?!(?:true|false|null|yes|no|on|off|~)$)[A-Za-z_][\w./-]*$/i

export function toYaml (value: unknown): string {
  return `${written(value as Json, '').trimStart()}\n`
}

function written (value: Json, indent: string): string {
  if (Array.isArray(value)) return value.length === 0 ? ' []' : value.map((item) => `\n${indent}-${written(item, `${indent}  `)}`).join('')
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value as Record<string, Json | undefined>).filter((entry): entry is [string, Json] => entry[1] !== undefined)
    return entries.length === 0 ? ' {}' : entries.map(([key, item]) => `\n${indent}${scalar(key)}:${written(item, `${indent}  `)}`).join('')
  }
  return ` ${scalar(value as string | number | boolean | null)}`
}

function scalar (value: string | number | boolean | null): string {
  return typeof value === 'string' && PLAIN.test(value) ? value : JSON.stringify(value)
}
