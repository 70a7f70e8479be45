/** TensorFlow graphs: nodes, and the functions that they call. Source: graph.proto, function.proto, op_def.proto. */
import { block, joined, text } from '../protobuf/encode.ts'
import { fieldsOf, textIn, valueOf, type Field } from '../protobuf/message.ts'
import { notRun } from './fail.ts'
import { encodeNode, readEntry, readNode, type GraphNode } from './node-def.ts'

export interface GraphFunction {
  readonly name: string
  readonly parameters: readonly string[]
  /** What it gives, in order, as inputs of nodes are named. */
  readonly results: readonly string[]
  readonly nodes: ReadonlyMap<string, GraphNode>
  /** The fields of the message that are kept as they are. */
  readonly kept: readonly Uint8Array[]
}

export interface TensorGraph {
  readonly nodes: ReadonlyMap<string, GraphNode>
  readonly functions: ReadonlyMap<string, GraphFunction>
  /** VersionDef, which tells how operations are meant. */
  readonly versions: Uint8Array
}

/** Models of Keras have some thousands; each costs an object in memory. */
const MAX_NODES = 262_144

/** Fields of FunctionDef. */
export const FUNCTION = { signature: 1, node: 3, result: 4, controlResult: 6, aliases: 8 } as const

/** Throws `invalid-model` for what is malformed and `unsupported-layer` for names that are there twice, or too much. */
export function readGraphDef (message: Uint8Array): TensorGraph {
  const what = 'the graph'
  const count = counter()
  const nodes = new Map<string, GraphNode>()
  const functions = new Map<string, GraphFunction>()
  let versions = new Uint8Array() as Uint8Array
  for (const field of fieldsOf(message, what)) {
    if (field.number === 1) addNode(nodes, field, count)
    else if (field.number === 4) versions = valueOf(field, 'bytes', what)
    else if (field.number === 2) {
      for (const one of fieldsOf(valueOf(field, 'bytes', what), 'the library of the graph')) {
        if (one.number !== 1) continue
        const read = readFunction(valueOf(one, 'bytes', what), count)
        if (functions.has(read.name)) throw notRun('two functions of the graph have one name')
        functions.set(read.name, read)
      }
    }
  }
  return { nodes, functions, versions }
}

function counter (): () => void {
  let left = MAX_NODES
  return () => { if (--left < 0) throw notRun(`the graph has more than ${MAX_NODES} nodes`) }
}

function addNode (nodes: Map<string, GraphNode>, field: Field, count: () => void): void {
  count()
  const node = readNode(valueOf(field, 'bytes', 'the graph'))
  if (nodes.has(node.name)) throw notRun('two nodes of the graph have one name')
  nodes.set(node.name, node)
}

function readFunction (message: Uint8Array, count: () => void): GraphFunction {
  const what = 'a function of the graph'
  const nodes = new Map<string, GraphNode>()
  const [results, kept] = [new Map<string, string>(), [] as Uint8Array[]]
  let signature = new Uint8Array() as Uint8Array
  for (const field of fieldsOf(message, what)) {
    if (field.number === FUNCTION.node) {
      addNode(nodes, field, count)
      continue
    }
    if (field.number === FUNCTION.signature) signature = valueOf(field, 'bytes', what)
    else if (field.number === FUNCTION.result) {
      const [key, value] = readEntry(valueOf(field, 'bytes', what))
      results.set(key, new TextDecoder().decode(value))
    } else if (field.number !== FUNCTION.controlResult && field.number !== FUNCTION.aliases) continue
    kept.push(block(field.number, valueOf(field, 'bytes', what)))
  }
  const { name, inputs, outputs } = readSignature(signature)
  // TensorFlow joins what is there twice: the name that was read here, which tells functions from operations, is also the one it goes by.
  kept.push(block(FUNCTION.signature, text(1, name)))
  return { name, parameters: inputs, results: outputs.map((output) => results.get(output) ?? ''), nodes, kept }
}

/** An OpDef. */
function readSignature (message: Uint8Array): { readonly name: string, readonly inputs: string[], readonly outputs: string[] } {
  const what = 'the signature of a function'
  const nameOf = (field: Field): string => {
    for (const part of fieldsOf(valueOf(field, 'bytes', what), what)) if (part.number === 1) return textIn(part, what)
    return ''
  }
  let name = ''
  const [inputs, outputs]: [string[], string[]] = [[], []]
  for (const field of fieldsOf(message, what)) {
    if (field.number === 1) name = textIn(field, what)
    else if (field.number === 2) inputs.push(nameOf(field))
    else if (field.number === 3) outputs.push(nameOf(field))
  }
  return { name, inputs, outputs }
}

/** A GraphDef in pieces, of a node each. */
export function encodeGraph (nodes: Iterable<GraphNode>, functions: Iterable<GraphFunction>, versions: Uint8Array): Uint8Array[] {
  const library = [...functions].map(({ kept, nodes }) => block(1, joined([...kept, ...[...nodes.values()].map((node) => block(FUNCTION.node, encodeNode(node)))])))
  return [...[...nodes].map((node) => block(1, encodeNode(node))), block(2, joined(library)), block(4, versions)]
}
