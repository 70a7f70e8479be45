/** The variables of a SavedModel, each once, under the layer and role that its names tell. */
import type { BundleEntry } from './bundle.ts'
import type { ObjectGraph } from './object-graph.ts'

export interface Variable {
  readonly layer: string
  readonly role: string
  /** The first is the one that is read; others are further copies of the same values, which change with it. */
  readonly copies: readonly [BundleEntry, ...BundleEntry[]]
}

const ATTRIBUTE = '/.ATTRIBUTES/'
const VALUE = `${ATTRIBUTE}VARIABLE_VALUE`

/** Is it a variable, or something else that an object keeps (the keys of a table)? */
export function isVariable ({ key }: BundleEntry): boolean {
  return !key.includes(ATTRIBUTE) || key.endsWith(VALUE)
}

/** The key without what every key of an object graph has at its end, as text. */
export function pathOf (key: string): string {
  const at = key.indexOf(ATTRIBUTE)
  return textOf(at === -1 ? key : key.slice(0, at))
}

/**
 * Named by the name the variable was made with, "conv2d/kernel", where it has layer and role and is the only one of this name; else by its path
 * in the object graph.
 */
export function nameVariables (entries: readonly BundleEntry[], graph: ObjectGraph | undefined): Variable[] {
  const groups = joinCopies(inOrderOf(entries, graph), graph)
  const counts = new Map<string, number>()
  for (const [{ key }] of groups) counts.set(graph?.names.get(key) ?? '', (counts.get(graph?.names.get(key) ?? '') ?? 0) + 1)
  const taken = new Set<string>()
  return groups.map((copies) => {
    const { key } = copies[0]
    const given = graph?.names.get(key) ?? ''
    const name = counts.get(given) === 1 ? byName(given) ?? byPath(key, given) : byPath(key, given)
    return { ...unique(name, taken), copies }
  })
}

type Name = Pick<Variable, 'layer' | 'role'>

function byName (name: string): Name | undefined {
  const [, layer, role] = /^(.+)\/([^/]+)$/.exec(name) ?? []
  return layer === undefined || role === undefined ? undefined : { layer, role }
}

/** In a list the place tells nothing of the role; the name may. */
function byPath (key: string, given: string): Name {
  const path = pathOf(key)
  const name = byName(path) ?? { layer: path, role: path }
  if (/^\d+$/.test(name.role)) return { layer: path, role: byName(given)?.role ?? (given === '' ? 'value' : given) }
  return { layer: name.layer, role: name.role.replace(/^_+(?=.)/, '') }
}

/** Two variables of one name are told apart by a number. */
function unique (name: Name, taken: Set<string>): Name {
  let [role, count] = [name.role, 1]
  while (taken.has(`${name.layer}/${role}`)) role = `${name.role}_${++count}`
  taken.add(`${name.layer}/${role}`)
  return { layer: name.layer, role }
}

/** The index is sorted by key, where 10 comes before 2; the object graph has the order of the model. */
function inOrderOf (entries: readonly BundleEntry[], graph: ObjectGraph | undefined): BundleEntry[] {
  const places = new Map([...graph?.names.keys() ?? []].map((key, index) => [key, index]))
  const placeOf = ({ key }: BundleEntry) => places.get(key) ?? Infinity
  return entries.map((entry, index) => ({ entry, index })).sort((a, b) => {
    const [first, second] = [placeOf(a.entry), placeOf(b.entry)]
    return first === second ? a.index - b.index : first - second
  }).map(({ entry }) => entry)
}

type Copies = [BundleEntry, ...BundleEntry[]]

/**
 * Keras 3's `model.export` stores every variable twice, in the root's lists `variables` and `_all_variables`. Entries of two lists with the same
 * name, shape, type and checksum are one variable.
 */
function joinCopies (entries: readonly BundleEntry[], graph: ObjectGraph | undefined): Copies[] {
  const groups: Copies[] = []
  const bySignature = new Map<string, Copies[]>()
  for (const entry of entries) {
    const [, list] = /^([^/]+)\/\d+\/\.ATTRIBUTES\//.exec(entry.key) ?? []
    const name = graph?.names.get(entry.key)
    if (list === undefined || name === undefined || entry.slices.length > 0) {
      groups.push([entry])
      continue
    }
    const signature = JSON.stringify([name, entry.dtype, entry.shape, entry.crc])
    const same = bySignature.get(signature) ?? []
    const other = same.find((copies) => copies.every(({ key }) => !key.startsWith(`${list}/`)))
    if (other !== undefined) {
      other.push(entry)
      continue
    }
    const copies: Copies = [entry]
    groups.push(copies)
    bySignature.set(signature, [...same, copies])
  }
  return groups
}

/** A raw key as text, where it is UTF-8. */
export function textOf (key: string): string {
  return new TextDecoder().decode(Uint8Array.from(key, (letter) => letter.charCodeAt(0)))
}
