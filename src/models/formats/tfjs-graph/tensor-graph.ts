/** The graph of model.json as one for TensorFlow: what JSON tells in texts, encoded; constants without their values, which are in the weight files. */
import { block, entry, integer, joined, text } from '../protobuf/encode.ts'
import { isObject, type Json } from '../json.ts'
import { notRun } from '../tensorflow/fail.ts'
import { FUNCTION, type GraphFunction, type TensorGraph } from '../tensorflow/graph-def.ts'
import { isKept, type GraphNode } from '../tensorflow/node-def.ts'
import { encodeAttribute, typeNumber } from './attributes.ts'
import { unfused } from './fused.ts'

/** `graph` was checked by `readGraphDef`. Throws `unsupported-layer` for what cannot be told to TensorFlow. */
export function tensorGraph (graph: Json): TensorGraph {
  const { node, library, versions } = graph as { readonly node: Json[], readonly library?: { readonly function?: Json[] }, readonly versions?: unknown }
  const functions = (library?.function ?? []).map(functionOf)
  return { nodes: byName(unfused(node.map(nodeOf))), functions: new Map(functions.map((one) => [one.name, one])), versions: versionsOf(versions) }
}

function byName (nodes: readonly GraphNode[]): Map<string, GraphNode> {
  const all = new Map(nodes.map((node) => [node.name, node]))
  if (all.size < nodes.length) throw notRun('two nodes of its graph have one name')
  return all
}

function nodeOf (node: Json): GraphNode {
  const { name, op, input = [], attr = {} } = node as { readonly name: string, readonly op: string, readonly input?: string[], readonly attr?: Json }
  const attributes = Object.entries(attr).filter(([key]) => isKept(key) && !(op === 'Const' && key === 'value'))
  return { name, op, inputs: input, attributes: new Map(attributes.map(([key, value]) => [key, encodeAttribute(value)])) }
}

function versionsOf (versions: unknown): Uint8Array {
  const { producer, minConsumer }: Json = isObject(versions) ? versions : {}
  return joined([...(Number.isInteger(producer) ? [integer(1, producer as number)] : []), ...(Number.isInteger(minConsumer) ? [integer(2, minConsumer as number)] : [])])
}

function functionOf (one: Json): GraphFunction {
  const { signature, nodeDef = [], ret, controlRet } = one as { readonly signature?: unknown, readonly nodeDef?: Json[], readonly ret?: unknown, readonly controlRet?: unknown }
  if (!isObject(signature) || typeof signature.name !== 'string') throw notRun('a function of its graph has no signature')
  if (signature.attr !== undefined) throw notRun('a function of its graph has types that are told by who calls it')
  const [parameters, outputs] = [argumentsOf(signature.inputArg), argumentsOf(signature.outputArg)]
  const results = textsOf(ret)
  const encoded = joined([
    text(1, signature.name), ...parameters.map((argument) => block(2, argument.encoded)), ...outputs.map((argument) => block(3, argument.encoded)),
    ...(signature.isStateful === true ? [integer(17, 1)] : []), ...(Array.isArray(signature.controlOutput) ? signature.controlOutput.map((output) => text(20, String(output))) : []),
  ])
  return {
    name: signature.name,
    parameters: parameters.map(({ name }) => name),
    results: outputs.map(({ name }) => results.get(name) ?? ''),
    nodes: byName(nodeDef.map(nodeOf)),
    kept: [block(FUNCTION.signature, encoded), ...mapOf(FUNCTION.result, results), ...mapOf(FUNCTION.controlResult, textsOf(controlRet))],
  }
}

/** ArgDefs of plain types. */
function argumentsOf (list: unknown): Array<{ readonly name: string, readonly encoded: Uint8Array }> {
  if (list === undefined) return []
  if (!Array.isArray(list)) throw notRun('the signature of a function of its graph is not understood')
  return list.map((argument: unknown) => {
    if (!isObject(argument) || typeof argument.name !== 'string') throw notRun('a function of its graph has an argument without a name')
    return { name: argument.name, encoded: joined([text(1, argument.name), integer(3, typeNumber(argument.type))]) }
  })
}

function textsOf (map: unknown): Map<string, string> {
  return new Map(isObject(map) ? Object.entries(map).map(([key, value]) => [key, String(value)]) : [])
}

function mapOf (field: number, texts: ReadonlyMap<string, string>): Uint8Array[] {
  const encoder = new TextEncoder()
  return [...texts].map(([key, value]) => entry(field, key, encoder.encode(value)))
}
