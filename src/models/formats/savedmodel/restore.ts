/** Which value of the checkpoint each variable of a graph takes: read off the graph's own restoring nodes, which themselves are never run. */
import { attribute, textsOf, typeOf, typesOf } from '../tensorflow/attributes.ts'
import { STRING } from '../tensorflow/dtypes.ts'
import { named, notRun } from '../tensorflow/fail.ts'
import type { TensorGraph } from '../tensorflow/graph-def.ts'
import { functionOf } from '../tensorflow/last-function.ts'
import { nodeOf, nodeOfInput, valueOfInput, type GraphNode } from '../tensorflow/node-def.ts'
import { SCOPE, type Restoring } from '../tensorflow/run-graph.ts'
import { integer, joined, text } from '../protobuf/encode.ts'

/** A value of the checkpoint, as RestoreV2 names it: raw bytes, one letter a byte; `slice` is empty for all of it. */
interface Source { readonly key: string, readonly slice: string }

/** Operations that give a variable, by whether they give it as a reference. */
const VARIABLES: ReadonlyMap<string, 'resource' | 'reference'> = new Map([['VarHandleOp', 'resource'], ['VariableV2', 'reference'], ['Variable', 'reference']])

const ASSIGNS = new Set(['Assign', 'AssignVariableOp'])

/** Nodes in a graph or a function, with what values from outside of it are called within. */
interface Scope { readonly nodes: ReadonlyMap<string, GraphNode>, readonly variables: ReadonlyMap<string, string> }

/** SaverDef.CheckpointFormatVersion: TensorBundle. */
const VERSION = 2

/**
 * Nodes that set the variables among `nodes` from a checkpoint whose path TensorFlow gives, and the saver that tells them; undefined when there are none.
 * Throws `unsupported-layer` for a variable of which the graph does not say what it takes, or whose value is not one of `keys`.
 */
export function restoring (graph: TensorGraph, restoreNode: string, nodes: readonly GraphNode[], keys: ReadonlySet<string>): Restoring | undefined {
  const variables = nodes.filter(({ op }) => VARIABLES.has(op))
  if (variables.length === 0) return undefined
  const sources = sourcesOf(graph, restoreNode)
  const taken = variables.map(({ name }) => {
    const source = sources.get(name)
    if (source === undefined) throw notRun(`its graph does not tell which value the variable ${named(name)} takes`)
    if (!keys.has(source.key)) throw notRun(`the variable ${named(name)} of its graph takes a value that the index does not have`)
    return source
  })
  const types = variables.map(({ name, attributes }) => typeOf(attributes.get('dtype')) ?? missingType(name))
  const name = (part: string) => `${SCOPE}/restore_${part}`
  const assigns = variables.map((variable, index) => assign(variable, name(String(index)), `${name('values')}:${index}`, types[index]!))
  return {
    nodes: [
      nodeOf(name('path'), 'Placeholder', [], { dtype: attribute.type(STRING), shape: attribute.shape([]) }),
      constant(name('names'), taken.map(({ key }) => key)),
      constant(name('slices'), taken.map(({ slice }) => slice)),
      nodeOf(name('values'), 'RestoreV2', [name('path'), name('names'), name('slices')], { dtypes: attribute.types(types) }),
      ...assigns,
      nodeOf(name('all'), 'NoOp', assigns.map((node) => `^${node.name}`)),
    ],
    saver: joined([text(1, `${name('path')}:0`), text(2, `${name('path')}:0`), text(3, name('all')), integer(7, VERSION)]),
  }
}

function missingType (name: string): never {
  throw notRun(`the variable ${named(name)} of its graph has no type`)
}

function constant (name: string, texts: readonly string[]): GraphNode {
  return nodeOf(name, 'Const', [], { dtype: attribute.type(STRING), value: attribute.texts(texts) })
}

function assign ({ name: variable, op }: GraphNode, name: string, value: string, type: number): GraphNode {
  return VARIABLES.get(op) === 'resource'
    ? nodeOf(name, 'AssignVariableOp', [variable, value], { dtype: attribute.type(type) })
    : nodeOf(name, 'Assign', [variable, value], { T: attribute.type(type) })
}

/** By the name of the variable. TensorFlow 2 restores in a function that takes the variables, TensorFlow 1 in the graph itself. */
function sourcesOf (graph: TensorGraph, restoreNode: string): Map<string, Source> {
  const sources = new Map<string, Source>()
  const seen = new Set<string>()
  const open = [restoreNode]
  const main: Scope = { nodes: graph.nodes, variables: new Map([...graph.nodes].flatMap(([name, { op }]) => VARIABLES.has(op) ? [[name, name] as const] : [])) }
  while (open.length > 0) {
    const name = open.pop()!
    const node = graph.nodes.get(name)
    if (node === undefined || seen.has(name)) continue
    seen.add(name)
    open.push(...node.inputs.map(nodeOfInput))
    note(node, main, sources)
    const called = functionOf(graph, node)
    if (called === undefined) continue
    const variables = new Map(called.parameters.flatMap((parameter, index) => {
      const variable = variableOf(node.inputs[index] ?? '', main)
      return variable === undefined ? [] : [[parameter, variable] as const]
    }))
    for (const inner of called.nodes.values()) note(inner, { nodes: called.nodes, variables }, sources)
  }
  return withOriginals(main, sources)
}

/**
 * Of a model of Keras 3 `tf.saved_model.save` stores copies, which begin with the values of the variables that the model is run with: those take what
 * their copies do.
 */
function withOriginals (main: Scope, sources: ReadonlyMap<string, Source>): Map<string, Source> {
  const all = new Map(sources)
  for (const { op, inputs: [target = '', value = ''] } of main.nodes.values()) {
    const source = ASSIGNS.has(op) ? sources.get(variableOf(target, main) ?? '') : undefined
    const read = source === undefined ? undefined : main.nodes.get(throughIdentities(value, main.nodes)?.node ?? '')
    const original = read?.op === 'ReadVariableOp' ? variableOf(read.inputs[0] ?? '', main) : undefined
    if (original !== undefined && !all.has(original)) all.set(original, source!)
  }
  return all
}

/** What an assignment says. */
function note ({ op, inputs: [target = '', value = ''] }: GraphNode, scope: Scope, sources: Map<string, Source>): void {
  if (!ASSIGNS.has(op)) return
  const variable = variableOf(target, scope)
  const source = sourceOf(value, scope)
  if (variable !== undefined && source !== undefined) sources.set(variable, source)
}

function variableOf (input: string, { nodes, variables }: Scope): string | undefined {
  return variables.get(throughIdentities(input, nodes)?.node ?? '')
}

function sourceOf (input: string, { nodes }: Scope): Source | undefined {
  const at = throughIdentities(input, nodes)
  const node = nodes.get(at?.node ?? '')
  if (at === undefined || node?.op !== 'RestoreV2') return undefined
  const count = typesOf(node.attributes.get('dtypes')).length
  const [keys, slices] = [node.inputs[1], node.inputs[2]].map((one) => {
    const texts = nodes.get(throughIdentities(one ?? '', nodes)?.node ?? '')?.attributes.get('value')
    return texts === undefined ? [] : textsOf(texts, count)
  })
  const [key, slice] = [keys![at.output], slices![at.output]]
  return key === undefined || slice === undefined ? undefined : { key, slice }
}

/** The value behind nodes that hand it on; a graph with a cycle of them has none. */
function throughIdentities (input: string, nodes: ReadonlyMap<string, GraphNode>): ReturnType<typeof valueOfInput> {
  let at = valueOfInput(input)
  for (let steps = 0; at !== undefined && steps <= nodes.size; steps++) {
    const node = nodes.get(at.node)
    if (node?.op !== 'Identity') return at
    at = valueOfInput(node.inputs[0] ?? '')
  }
  return undefined
}
