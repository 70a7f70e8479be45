/** JSON of safetensors files: what JSON.parse would take silently or at any price is refused before it is parsed. */
import { EspalierError } from '../../../errors.ts'
import { parseObject, type Json } from '../json.ts'

/** A tensor takes about 130 bytes of a header, so this is room for MAX_MEMBERS of them; the format itself allows 100 MB, which no published file comes near. */
export const MAX_JSON_BYTES = 16 * 2 ** 20

/** Members of one object, so tensors in a file or in an index. Models with 256 experts in each of 60 layers have 50,000 tensors. */
export const MAX_MEMBERS = 100_000

/** Headers have three levels: the object, a tensor's entry, its shape. */
const MAX_DEPTH = 8

/** Letters of a name that a message shows. */
const MAX_SHOWN = 200

/** `bytes` as a JSON object. Throws `invalid-model` for text that is not UTF-8 or JSON or names a member twice, `limit-exceeded` for too many members or levels. */
export function parseJson (bytes: Uint8Array, what: string): Json {
  const text = decoded(bytes, what)
  assertPlain(text, what)
  return parseObject(text, what)
}

function decoded (bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new EspalierError('invalid-model', `${what} is not valid UTF-8`, { what }, { cause })
  }
}

/** One pass over the text. Text that is no JSON at all is left to JSON.parse to refuse. */
function assertPlain (text: string, what: string): void {
  /** The objects around a place with their members; undefined for lists. */
  const open: Array<Set<string> | undefined> = []
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]
    if (sign === '{' || sign === '[') {
      open.push(sign === '{' ? new Set() : undefined)
      if (open.length > MAX_DEPTH) throw new EspalierError('limit-exceeded', `${what} is nested deeper than ${MAX_DEPTH} levels`, { what, limit: MAX_DEPTH })
    } else if (sign === '}' || sign === ']') {
      open.pop()
    } else if (sign === '"') {
      const end = endOfText(text, at)
      const members = open.at(-1)
      if (members !== undefined && isFollowedByColon(text, end)) addTo(members, text.slice(at, end), what)
      at = end - 1
    }
  }
}

function addTo (members: Set<string>, quoted: string, what: string): void {
  const name = unescaped(quoted)
  if (members.has(name)) throw new EspalierError('invalid-model', `${what} has ${JSON.stringify(name.slice(0, MAX_SHOWN))} twice`, { what })
  members.add(name)
  if (members.size > MAX_MEMBERS) throw new EspalierError('limit-exceeded', `${what} lists more than ${MAX_MEMBERS} names`, { what, limit: MAX_MEMBERS })
}

/** The index behind the closing quote. */
function endOfText (text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return Math.min(at + 1, text.length)
}

function isFollowedByColon (text: string, from: number): boolean {
  let at = from
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return text[at] === ':'
}

/** Two spellings of one name are the same name. */
function unescaped (quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return JSON.parse(quoted) as string
  } catch {
    return quoted
  }
}
