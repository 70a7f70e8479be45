/** The nodes of a GraphDef as JSON: what each computes, from which others, and the attributes that tell what its inputs mean. */
import { EspalierError } from '../../../errors.ts'
import { isObject, type Json } from '../json.ts'
import { malformed } from '../tfjs-manifest.ts'

export interface GraphNode {
  readonly name: string
  readonly op: string
  /** Names of the nodes whose values it takes, in order; nodes that only have to run before it are left out. */
  readonly inputs: readonly string[]
  readonly attributes: Json
}

/** Published models have some ten thousand; each costs an object in memory. */
const MAX_NODES = 262_144

/** Inputs of one node; Concat and Einsum have hundreds at most. */
const MAX_INPUTS = 65_536

/**
 * The nodes of the graph, and those of each function in its library: graphs of their own, whose names do not meet. `what` names the graph in
 * errors. Throws `invalid-model` for nodes without name or operation and for names that are there twice.
 */
export function readGraphDef (graph: Json, what: string): GraphNode[][] {
  const { node, library = {} } = graph
  const functions = isObject(library) ? library.function ?? [] : library
  if (!Array.isArray(functions) || !functions.every(isObject)) throw malformed(`the library of ${what} has no list of functions`)
  let left = MAX_NODES
  const read = (nodes: unknown, where: string): GraphNode[] => {
    if (!Array.isArray(nodes)) throw malformed(`${where} has no list of nodes`)
    left -= nodes.length
    if (left < 0) throw new EspalierError('limit-exceeded', `model.json: ${what} has more than ${MAX_NODES} nodes`, { limit: MAX_NODES })
    const names = new Set<string>()
    return nodes.map((one: unknown, index) => {
      const found = readNode(one, `node ${index} of ${where}`)
      if (names.has(found.name)) throw malformed(`two nodes of ${where} are called ${found.name}`)
      names.add(found.name)
      return found
    })
  }
  return [read(node, what), ...functions.map(({ nodeDef = [] }, index) => read(nodeDef, `function ${index} of ${what}`))]
}

function readNode (node: unknown, where: string): GraphNode {
  if (!isObject(node) || typeof node.name !== 'string' || node.name === '' || typeof node.op !== 'string') throw malformed(`${where} has no "name" and "op"`)
  const { name, op, input = [], attr = {} } = node
  if (!Array.isArray(input) || !input.every((one) => typeof one === 'string')) throw malformed(`${where} (${name}): its "input" is no list of names`)
  if (input.length > MAX_INPUTS) throw new EspalierError('limit-exceeded', `model.json: ${where} (${name}) has ${input.length} inputs, at most ${MAX_INPUTS} are read`, { limit: MAX_INPUTS })
  if (!isObject(attr)) throw malformed(`${where} (${name}): its "attr" is no object`)
  return { name, op, inputs: (input as string[]).filter((one) => !one.startsWith('^')).map(nodeOf), attributes: attr }
}

/** `conv/Conv2D:0` is an output of the node conv/Conv2D; functions say `conv/Conv2D:output:0`. */
function nodeOf (input: string): string {
  const at = input.indexOf(':')
  return at === -1 ? input : input.slice(0, at)
}

export function flagOf (attributes: Json, name: string): boolean {
  return valueOf(attributes, name, 'b') === true
}

/** A text, which JSON has as base64; '' when it is absent. */
export function textOf (attributes: Json, name: string): string {
  const value = valueOf(attributes, name, 's')
  // Attributes of TensorFlow are ASCII.
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('latin1') : ''
}

function valueOf (attributes: Json, name: string, kind: 'b' | 's'): unknown {
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined
  return isObject(value) ? value[kind] : undefined
}
