/** The graph of objects whose variables a SavedModel holds: what each is called, and which belong to an optimizer. Source: trackable_object_graph.proto. */
import { assertAtMost, malformed } from './fail.ts'
import { fieldsOf, sizeIn, textIn, valueOf } from '../protobuf/message.ts'

export interface ObjectGraph {
  /** The name a variable was made with ("conv2d/kernel") by its key, in the order of the graph. */
  readonly names: ReadonlyMap<string, string>
  /** Keys of what only an optimizer holds: its moments, its counters. */
  readonly optimizer: ReadonlySet<string>
}

interface TrackedObject {
  readonly children: ReadonlyArray<{ readonly node: number, readonly name: string }>
  readonly variables: ReadonlyArray<{ readonly name: string, readonly key: string }>
  /** Of an optimizer: the variables that are moments of others. */
  readonly slots: readonly number[]
}

/** Objects, references and variables; each costs memory, and models have some thousands. */
const MAX_PARTS = 2 ** 19

const WHAT = 'the object graph'

/** Throws `invalid-model` for what is malformed: references to objects that are not there among it. */
export function readObjectGraph (message: Uint8Array): ObjectGraph {
  const nodes: TrackedObject[] = []
  let parts = 0
  for (const field of fieldsOf(message, WHAT)) {
    if (field.number !== 1) continue
    const node = readObject(valueOf(field, 'bytes', WHAT))
    parts += 1 + node.children.length + node.variables.length + node.slots.length
    assertAtMost(parts, MAX_PARTS, `parts of ${WHAT}`)
    nodes.push(node)
  }
  for (const { children, slots } of nodes) {
    const lost = [...children.map(({ node }) => node), ...slots].find((node) => node >= nodes.length)
    if (lost !== undefined) throw malformed(`${WHAT} refers to object ${lost} of ${nodes.length}`)
  }
  return { names: namesIn(nodes), optimizer: optimizerKeys(nodes) }
}

function readObject (message: Uint8Array): TrackedObject {
  const children: Array<{ node: number, name: string }> = []
  const variables: Array<{ name: string, key: string }> = []
  const slots: number[] = []
  let parts = 0
  for (const field of fieldsOf(message, WHAT)) {
    assertAtMost(++parts, MAX_PARTS, `parts of an object in ${WHAT}`)
    if (field.number === 1) {
      const { numbers, texts } = readPart(valueOf(field, 'bytes', WHAT))
      children.push({ node: numbers.get(1) ?? 0, name: texts.get(2) ?? '' })
    } else if (field.number === 2) {
      const { texts } = readPart(valueOf(field, 'bytes', WHAT))
      variables.push({ name: texts.get(2) ?? '', key: texts.get(3) ?? '' })
    } else if (field.number === 3) {
      slots.push(readPart(valueOf(field, 'bytes', WHAT)).numbers.get(3) ?? 0)
    }
  }
  return { children, variables, slots }
}

/** The numbers and texts of a message without parts of its own, by field. */
function readPart (message: Uint8Array): { numbers: Map<number, number>, texts: Map<number, string> } {
  const numbers = new Map<number, number>()
  const texts = new Map<number, string>()
  for (const field of fieldsOf(message, WHAT)) {
    if (field.kind === 'varint') numbers.set(field.number, sizeIn(field, WHAT))
    else if (field.kind === 'bytes') texts.set(field.number, textIn(field, WHAT))
  }
  return { numbers, texts }
}

function namesIn (nodes: readonly TrackedObject[]): Map<string, string> {
  return new Map(nodes.flatMap(({ variables }) => variables.map(({ key, name }) => [key, name] as const)))
}

/** What can be reached from an optimizer, and from the root only through one. */
function optimizerKeys (nodes: readonly TrackedObject[]): Set<string> {
  const optimizers = nodes.flatMap(({ children }) => children.flatMap(({ node, name }) => node !== 0 && isOptimizer(nodes[node]!, name) ? node : []))
  const others = reachable(nodes, [0], new Set(optimizers))
  return new Set([...reachable(nodes, optimizers, others)].flatMap((node) => nodes[node]!.variables.map(({ key }) => key)))
}

/** By its place, by the moments it keeps, or by the counter and rate that every optimizer of Keras has. */
function isOptimizer ({ children, slots }: TrackedObject, name: string): boolean {
  const has = (one: string) => children.some((child) => child.name === one || child.name === `_${one}`)
  return /^_?optimizer$/.test(name) || slots.length > 0 || ((has('iterations') || has('iter')) && has('learning_rate'))
}

/** Objects reached from `start` without passing through one of `closed`; a loop with its own stack, as graphs may be deep and have cycles. */
function reachable (nodes: readonly TrackedObject[], start: readonly number[], closed: ReadonlySet<number>): Set<number> {
  const found = new Set<number>()
  const open = [...start]
  while (open.length > 0) {
    const index = open.pop()!
    if (found.has(index) || closed.has(index)) continue
    const node = nodes[index]
    if (node === undefined) continue
    found.add(index)
    for (const child of node.children) open.push(child.node)
    for (const slot of node.slots) open.push(slot)
  }
  return found
}
