/** JSON that is written again: what did not change is spelled as it was, as JavaScript cannot tell 1.0 from 1 and Keras does. */
import { isObject } from './json.ts'

/** How the values of a text are spelled. */
export interface Spelling {
  /** Of a number, a text, true, false or null: its letters. */
  readonly letters?: string
  readonly members?: ReadonlyMap<string, Spelling>
  readonly items?: readonly Spelling[]
  /** Of the whole: are there blanks between its values? */
  readonly spaced?: boolean
}

/** Of valid JSON of a depth that can be walked. There are blanks if the text has them after its first colon. */
export function spellingOf (text: string): Spelling {
  return { ...valueAt(text, 0).spelling, spaced: /^\s*\{\s*"(?:[^"\\]|\\.)*":\s/.test(text.slice(0, 1000)) }
}

/** With a member that stands in another text. */
export function withMember (spelling: Spelling | undefined, name: string, member: Spelling | undefined): Spelling | undefined {
  return member === undefined ? spelling : { ...spelling, members: new Map([...spelling?.members ?? [], [name, member]]) }
}

/** Members that have another name in some formats of Keras, with the values they had. */
const OTHER_NAMES: Readonly<Record<string, string>> = { negative_slope: 'alpha', alpha: 'negative_slope', optimizer: 'optimizer_config', optimizer_config: 'optimizer' }

/**
 * The text of `value`, where every number and text that has the same value in the same place of `before` is spelled as there. Layers are in the same place
 * when they have the same name.
 */
export function respelled (before: Spelling | undefined, value: unknown): string {
  const [comma, colon] = before?.spaced === true ? [', ', ': '] : [',', ':']
  const print = (one: unknown, place: Spelling | undefined): string => {
    if (Array.isArray(one)) {
      const placeOf = placesOf(place)
      return `[${one.map((item, index) => print(item, placeOf(item, index))).join(comma)}]`
    }
    if (isObject(one)) {
      const members = Object.entries(one).filter(([, item]) => item !== undefined)
      return `{${members.map(([key, item]) => JSON.stringify(key) + colon + print(item, memberOf(place, key))).join(comma)}}`
    }
    const letters = place?.letters
    return letters !== undefined && JSON.parse(letters) === one ? letters : JSON.stringify(one) ?? 'null'
  }
  return print(value, before)
}

/** The member, by any of its names. The layers of the first Keras models were their whole configuration. */
export function memberOf (spelling: Spelling | undefined, name: string): Spelling | undefined {
  if (spelling?.items !== undefined && name === 'layers') return spelling
  return spelling?.members?.get(name) ?? (Object.hasOwn(OTHER_NAMES, name) ? spelling?.members?.get(OTHER_NAMES[name]!) : undefined)
}

/** Where an item of a list stood: by its name, where it has one, as others may have come before it. */
function placesOf (spelling: Spelling | undefined): (item: unknown, index: number) => Spelling | undefined {
  const items = spelling?.items ?? []
  let named: Map<string, Spelling> | undefined
  return (item, index) => {
    const name = nameOf(item)
    if (name === undefined || nameIn(items[index]) === name) return items[index]
    named ??= new Map(items.map((one): [string, Spelling] => [nameIn(one) ?? '', one]))
    return named.get(name)
  }
}

function nameOf (item: unknown): string | undefined {
  if (!isObject(item)) return undefined
  const name = isObject(item.config) ? item.config.name : item.name
  return typeof name === 'string' ? name : undefined
}

function nameIn (spelling: Spelling | undefined): string | undefined {
  const own = spelling?.members
  const letters = (own?.get('config')?.members ?? own)?.get('name')?.letters
  return letters?.startsWith('"') === true ? JSON.parse(letters) as string : undefined
}

/** A value, and where it ends. */
interface Read { readonly spelling: Spelling, readonly end: number }

/** The value that begins at or behind `from`. */
function valueAt (text: string, from: number): Read {
  const start = skipBlanks(text, from)
  switch (text[start]) {
    case '{': return objectAt(text, start)
    case '[': return listAt(text, start)
    default: {
      const end = text[start] === '"' ? endOfText(text, start) : endOfWord(text, start)
      return { spelling: { letters: text.slice(start, end) }, end }
    }
  }
}

function objectAt (text: string, start: number): Read {
  const members = new Map<string, Spelling>()
  let at = skipBlanks(text, start + 1)
  while (text[at] !== '}') {
    const end = endOfText(text, at)
    const value = valueAt(text, skipBlanks(text, end) + 1)
    members.set(JSON.parse(text.slice(at, end)) as string, value.spelling)
    at = nextAt(text, value.end)
  }
  return { spelling: { members }, end: at + 1 }
}

function listAt (text: string, start: number): Read {
  const items: Spelling[] = []
  let at = skipBlanks(text, start + 1)
  while (text[at] !== ']') {
    const value = valueAt(text, at)
    items.push(value.spelling)
    at = nextAt(text, value.end)
  }
  return { spelling: { items }, end: at + 1 }
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

function endOfWord (text: string, start: number): number {
  let at = start
  while (at < text.length && !/[\s,\]}]/.test(text[at]!)) at++
  return at
}

/** Behind the closing quote of the text that opens at `start`. */
function endOfText (text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
