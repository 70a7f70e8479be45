/** How a SavedModel is run: one of its signatures as data sets are matched with it, and the graph behind it; or why not. */
import type { Signature } from '../../architecture/types.ts'
import { EspalierError } from '../../../errors.ts'
import { named, notRun } from '../tensorflow/fail.ts'
import type { TensorGraph } from '../tensorflow/graph-def.ts'
import { functionOf } from '../tensorflow/last-function.ts'
import { nodeOfInput } from '../tensorflow/node-def.ts'
import { runGraph, type GraphValue, type Program } from '../tensorflow/run-graph.ts'
import { inputOf, outputsOf, signatureOf } from '../tensorflow/signature.ts'
import type { ArchiveFile } from './archive.ts'
import { readMetaGraph, type SignatureDef } from './meta-graph.ts'
import { restoring } from './restore.ts'

/** `program` is run in place of the file's own graph. */
export type SavedRun = { readonly signature: Signature, readonly program: Program } | { readonly problem: string }

/** It is held in memory while the model is used; without constants a graph has a few MB. */
const MAX_BYTES = 64 * 2 ** 20

/** What a model that says nothing else serves by. */
const DEFAULT = 'serving_default'

/** `keys` are those of the index. Never throws for what is in the file: a graph that cannot be run is one whose weights alone are pruned. */
export async function readRun (file: ArchiveFile, keys: ReadonlySet<string>): Promise<SavedRun> {
  try {
    if (file.size > MAX_BYTES) throw notRun(`its graph has ${file.size} bytes, graphs of at most ${MAX_BYTES} are run`)
    const source = await file.source()
    const { graph, signatures, restoreNode } = readMetaGraph(await source.read(0, source.size))
    const chosen = choose(signatures)
    const inputs = inOrder(graph, chosen.inputs.map(inputOf))
    const outputs = outputsOf(chosen.outputs).sort(byName)
    return { signature: signatureOf(graph, inputs, outputs), program: runGraph(graph, inputs, outputs, (nodes) => restoring(graph, restoreNode, nodes, keys)) }
  } catch (error) {
    if (error instanceof EspalierError) return { problem: error.message }
    throw error
  }
}

/** The one that is served by default, else the only one that takes and gives something. */
function choose (signatures: readonly SignatureDef[]): SignatureDef {
  const found = signatures.find(({ name }) => name === DEFAULT)
  if (found !== undefined) return found
  const others = signatures.filter(({ inputs, outputs }) => inputs.length > 0 && outputs.length > 0)
  if (others.length === 1) return others[0]!
  throw notRun(others.length === 0 ? 'it has no signature to be run by' : `it has no signature ${DEFAULT}, but ${others.map(({ name }) => named(name)).join(', ')}: which is meant is not known`)
}

/** output_2 before output_10. */
function byName (one: GraphValue, other: GraphValue): number {
  return one.name.localeCompare(other.name, 'en', { numeric: true })
}

/**
 * A signature has no order; outputs go by their names. Keras wraps the model in a function that takes its inputs by the order of their names and calls the model with them in the
 * model's own order, which is what a data set has; where there is no such function, the order is that of the names.
 */
function inOrder (graph: TensorGraph, inputs: readonly GraphValue[]): GraphValue[] {
  const sorted = [...inputs].sort(byName)
  const places = placesInCall(graph, sorted.map(({ value }) => nodeOfInput(value)))
  return places === undefined ? sorted : sorted.map((input, index) => ({ input, place: places[index]! })).sort((a, b) => a.place - b.place).map(({ input }) => input)
}

/** Where the fed nodes stand among the arguments of the function that the wrapper calls. */
function placesInCall (graph: TensorGraph, fed: readonly string[]): number[] | undefined {
  for (const node of graph.nodes.values()) {
    const given = node.inputs.map(nodeOfInput)
    const wrapper = fed.every((name) => given.includes(name)) ? functionOf(graph, node) : undefined
    if (wrapper === undefined) continue
    const parameters = fed.map((name) => wrapper.parameters[given.indexOf(name)] ?? '')
    for (const inner of wrapper.nodes.values()) {
      const taken = inner.inputs.map(nodeOfInput)
      if (parameters.every((name) => taken.includes(name)) && functionOf(graph, inner) !== undefined) return parameters.map((name) => taken.indexOf(name))
    }
  }
  return undefined
}
