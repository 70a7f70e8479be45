/** JSON that is written again: what did not change is spelled as it was, as JavaScript cannot tell 1.0 from 1 and Keras does. */
import { isObject } from './json.ts'

/** Where a value stands in a text, and what is within it. */
interface Place { readonly start: number, readonly end: number, readonly members?: ReadonlyMap<string, Place>, readonly items?: readonly Place[] }

/**
 * The text of `value`. Where `text`, which is valid JSON of a depth that can be walked, has the same number or text in the same place, it is spelled as
 * there; between the values there are blanks if `text` has them after its first colon.
 */
export function respelled (text: string, value: unknown): string {
  const [comma, colon] = /^\s*\{\s*"(?:[^"\\]|\\.)*":\s/.test(text.slice(0, 1000)) ? [', ', ': '] : [',', ':']
  const print = (one: unknown, place: Place | undefined): string => {
    if (Array.isArray(one)) return `[${one.map((item, index) => print(item, place?.items?.[index])).join(comma)}]`
    if (isObject(one)) {
      const members = Object.entries(one).filter(([, item]) => item !== undefined)
      return `{${members.map(([key, item]) => JSON.stringify(key) + colon + print(item, place?.members?.get(key))).join(comma)}}`
    }
    const before = place === undefined || place.items !== undefined || place.members !== undefined ? undefined : text.slice(place.start, place.end)
    return before !== undefined && JSON.parse(before) === one ? before : JSON.stringify(one) ?? 'null'
  }
  return print(value, placeAt(text, 0))
}

/** The value that begins at or behind `from`. */
function placeAt (text: string, from: number): Place {
  const start = skipBlanks(text, from)
  switch (text[start]) {
    case '{': return objectAt(text, start)
    case '[': return listAt(text, start)
    case '"': return { start, end: endOfText(text, start) }
    default: {
      let end = start
      while (end < text.length && !/[\s,\]}]/.test(text[end]!)) end++
      return { start, end }
    }
  }
}

function objectAt (text: string, start: number): Place {
  const members = new Map<string, Place>()
  let at = skipBlanks(text, start + 1)
  while (text[at] !== '}') {
    const end = endOfText(text, at)
    const place = placeAt(text, skipBlanks(text, end) + 1)
    members.set(JSON.parse(text.slice(at, end)) as string, place)
    at = nextAt(text, place.end)
  }
  return { start, end: at + 1, members }
}

function listAt (text: string, start: number): Place {
  const items: Place[] = []
  let at = skipBlanks(text, start + 1)
  while (text[at] !== ']') {
    const place = placeAt(text, at)
    items.push(place)
    at = nextAt(text, place.end)
  }
  return { start, end: at + 1, items }
}

/** Behind the comma, or at the closing bracket. */
function nextAt (text: string, from: number): number {
  const at = skipBlanks(text, from)
  return text[at] === ',' ? skipBlanks(text, at + 1) : at
}

function skipBlanks (text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return at
}

/** Behind the closing quote of the text that opens at `start`. */
function endOfText (text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
