/**
 * A graph to be run: what gives the outputs that are asked for, checked operation by operation, in a saved_model.pb of its own. Inputs are fed as float32 and
 * outputs given as float32, since the binding has no tensors of other types of fractions.
 */
import type { NumberType, SymbolicShape } from '../../tensor.ts'
import type { ModelParts } from '../format.ts'
import { block, integer, text, wrapped } from '../protobuf/encode.ts'
import { attribute } from './attributes.ts'
import { FLOAT } from './dtypes.ts'
import { named, notRun } from './fail.ts'
import { encodeGraph, type GraphFunction, type TensorGraph } from './graph-def.ts'
import { nodeOf, valueOfInput, type GraphNode } from './node-def.ts'
import { reach } from './reach.ts'

/** A value of the graph that is fed or asked for: `value` as inputs of nodes are named, `name` as its user knows it, `dtype` TensorFlow's number of the type. */
export interface GraphValue {
  readonly name: string
  readonly value: string
  readonly dtype: number
  readonly type: NumberType
  readonly shape: SymbolicShape
}

/** Nodes that are made here lie in a scope of their own. */
export const SCOPE = 'espalier'

export const inputName = (index: number) => `${SCOPE}/input_${index}`
export const outputName = (index: number) => `${SCOPE}/output_${index}`

/** The tag under which the graph is loaded. */
export const TAG = 'serve'

/** The file that TensorFlow opens. */
export const MODEL = 'saved_model.pb'

/** What sets the variables when the graph is loaded: nodes, and the encoded SaverDef that names them. */
export interface Restoring { readonly nodes: readonly GraphNode[], readonly saver: Uint8Array }

/** All that TensorFlow gets to see of a graph. */
export interface Program extends Pick<TensorGraph, 'versions'> {
  readonly nodes: readonly GraphNode[]
  readonly functions: readonly GraphFunction[]
  readonly saver?: Uint8Array
}

/** `restoring` is asked for what the reached nodes need. Throws `unsupported-layer` for what is not run, naming it. */
export function runGraph (graph: TensorGraph, inputs: readonly GraphValue[], outputs: readonly GraphValue[], restoring?: (nodes: readonly GraphNode[]) => Restoring | undefined): Program {
  const taken = [...graph.nodes.keys()].find((name) => name === SCOPE || name.startsWith(`${SCOPE}/`))
  if (taken !== undefined) throw notRun(`its graph has a node ${named(taken)}, names like it are kept for what feeds the graph`)
  const fed = inputs.map(feed)
  const { nodes, functions } = reach(graph, outputs.map(({ value }) => value), new Set(fed.map(({ replaced }) => replaced.name)))
  const restored = restoring?.(nodes)
  return {
    nodes: [...fed.flatMap(({ placeholder, replaced }) => [placeholder, replaced]), ...nodes, ...restored?.nodes ?? [], ...outputs.map(give)],
    functions,
    versions: graph.versions,
    ...(restored && { saver: restored.saver }),
  }
}

/** The bytes of saved_model.pb, in pieces. */
export function encodeProgram ({ nodes, functions, versions, saver }: Program): Uint8Array[] {
  const graph = wrapped(2, encodeGraph(nodes, functions, versions))
  const meta = wrapped(2, [block(1, text(4, TAG)), ...graph, ...(saver === undefined ? [] : [block(3, saver)])])
  return [integer(1, 1), ...meta]
}

/** A file for TensorFlow that is held in pieces. */
export function fileOf (name: string, pieces: readonly Uint8Array[]): ModelParts['files'][number] {
  return { name, bytes: pieces.reduce((sum, piece) => sum + piece.length, 0), content: async function * () { yield * pieces } }
}

/** A placeholder, and the node in the place of the one at which the graph expects the value. */
function feed ({ value, name, dtype, shape }: GraphValue, index: number): { readonly placeholder: GraphNode, readonly replaced: GraphNode } {
  const at = valueOfInput(value)
  if (at === undefined || at.output !== 0) throw notRun(`its input ${named(name)} is fed at ${named(value)}, which is not the first output of a node`)
  return {
    placeholder: nodeOf(inputName(index), 'Placeholder', [], { dtype: attribute.type(FLOAT), shape: attribute.shape(shape) }),
    replaced: cast(at.node, inputName(index), FLOAT, dtype),
  }
}

function give ({ value, dtype }: GraphValue, index: number): GraphNode {
  return cast(outputName(index), value, dtype, FLOAT)
}

function cast (name: string, input: string, from: number, to: number): GraphNode {
  if (from === to) return nodeOf(name, 'Identity', [input], { T: attribute.type(from) })
  return nodeOf(name, 'Cast', [input], { SrcT: attribute.type(from), DstT: attribute.type(to) })
}
