/** Nodes of TensorFlow graphs: read with their attributes still encoded, and written again without what only tells where or how they ran. Source: node_def.proto. */
import { entry, joined, text } from '../protobuf/encode.ts'
import { fieldsOf, textIn, valueOf } from '../protobuf/message.ts'
import { notRun } from './fail.ts'

export interface GraphNode {
  readonly name: string
  readonly op: string
  /** `node`, `node:1`, in functions `node:output:1`; `^node` only has to run before it. */
  readonly inputs: readonly string[]
  /** Encoded, by name. */
  readonly attributes: ReadonlyMap<string, Uint8Array>
}

/** Concat and calls have hundreds at most. */
const MAX_INPUTS = 65_536

/** How loops are run. */
const KEPT_HINT = '_lower_using_switch_merge'

/** Settings of a runtime that a call may bring along. */
const SETTINGS = new Set(['config', 'config_proto', 'executor_type'])

/** Hints to a runtime begin with a line: devices, compilers, other kernels. They, and settings, are left out. */
export function isKept (attribute: string): boolean {
  return attribute === KEPT_HINT || !(attribute.startsWith('_') || SETTINGS.has(attribute))
}

export function readNode (message: Uint8Array): GraphNode {
  const what = 'a node of the graph'
  let [name, op] = ['', '']
  const inputs: string[] = []
  const attributes = new Map<string, Uint8Array>()
  for (const field of fieldsOf(message, what)) {
    if (field.number === 1) name = textIn(field, what)
    else if (field.number === 2) op = textIn(field, what)
    else if (field.number === 3) inputs.push(textIn(field, what))
    else if (field.number === 5) {
      const [key, value] = readEntry(valueOf(field, 'bytes', what))
      if (isKept(key)) attributes.set(key, value)
    }
  }
  if (name === '' || op === '') throw notRun('the graph has a node without name or operation')
  if (inputs.length > MAX_INPUTS) throw notRun(`a node of the graph has ${inputs.length} inputs, at most ${MAX_INPUTS} are read`)
  return { name, op, inputs, attributes }
}

/** An entry of a map from texts to messages. */
export function readEntry (message: Uint8Array): [key: string, value: Uint8Array] {
  const what = 'an entry of the graph'
  let [key, value] = ['', new Uint8Array()] as [string, Uint8Array]
  for (const field of fieldsOf(message, what)) {
    if (field.number === 1) key = textIn(field, what)
    else if (field.number === 2) value = valueOf(field, 'bytes', what)
  }
  return [key, value]
}

export function encodeNode ({ name, op, inputs, attributes }: GraphNode): Uint8Array {
  return joined([text(1, name), text(2, op), ...inputs.map((input) => text(3, input)), ...[...attributes].map(([key, value]) => entry(5, key, value))])
}

/** A node that is made here. */
export function nodeOf (name: string, op: string, inputs: readonly string[], attributes: Readonly<Record<string, Uint8Array>> = {}): GraphNode {
  return { name, op, inputs, attributes: new Map(Object.entries(attributes)) }
}

/** The node that an input names, and which of its outputs; undefined for what only has to run before. */
export function valueOfInput (input: string): { readonly node: string, readonly output: number } | undefined {
  if (input.startsWith('^')) return undefined
  const [node, ...rest] = input.split(':')
  return { node: node!, output: Number(rest.at(-1) ?? 0) }
}

/** The node that an input names, whether its value is taken or it only has to run before. */
export function nodeOfInput (input: string): string {
  return input.replace(/^\^/, '').split(':')[0]!
}
