/** The graph in a saved_model.pb that is meant to be served, and its signatures. Source: saved_model.proto, meta_graph.proto, saver.proto. */
import type { SymbolicShape } from '../../tensor.ts'
import { fieldsOf, sizeIn, textIn, valueOf } from '../protobuf/message.ts'
import { signedOf } from '../protobuf/varint.ts'
import { notRun } from '../tensorflow/fail.ts'
import { readGraphDef, type TensorGraph } from '../tensorflow/graph-def.ts'
import { readEntry } from '../tensorflow/node-def.ts'
import { TAG } from '../tensorflow/run-graph.ts'
import type { GivenValue } from '../tensorflow/signature.ts'

export interface SignatureDef { readonly name: string, readonly inputs: readonly GivenValue[], readonly outputs: readonly GivenValue[] }

export interface MetaGraph {
  readonly graph: TensorGraph
  readonly signatures: readonly SignatureDef[]
  /** The node that sets the variables from a checkpoint; empty when there is none. */
  readonly restoreNode: string
}

/** Throws `unsupported-layer` when there is no graph with the tag `serve`, and what reading graphs throws. */
export function readMetaGraph (message: Uint8Array): MetaGraph {
  const what = 'saved_model.pb'
  const graphs = [...fieldsOf(message, what)].filter(({ number }) => number === 2).map((field) => valueOf(field, 'bytes', what))
  const served = graphs.length === 1 ? graphs[0] : graphs.find((graph) => tagsOf(graph).join() === TAG) ?? graphs.find((graph) => tagsOf(graph).includes(TAG))
  if (served === undefined) throw notRun(`it has no graph with the tag "${TAG}"`)
  let graph: TensorGraph | undefined
  let restoreNode = ''
  const signatures: SignatureDef[] = []
  for (const field of fieldsOf(served, what)) {
    if (field.number === 2) graph = readGraphDef(valueOf(field, 'bytes', what))
    else if (field.number === 3) {
      for (const part of fieldsOf(valueOf(field, 'bytes', what), 'the saver')) if (part.number === 3) restoreNode = textIn(part, 'the saver')
    } else if (field.number === 5) signatures.push(readSignature(...readEntry(valueOf(field, 'bytes', what))))
  }
  if (graph === undefined) throw notRun('it has no graph')
  return { graph, signatures, restoreNode }
}

function tagsOf (graph: Uint8Array): string[] {
  const what = 'the tags of a graph'
  const info = [...fieldsOf(graph, what)].find(({ number }) => number === 1)
  return info === undefined ? [] : [...fieldsOf(valueOf(info, 'bytes', what), what)].filter(({ number }) => number === 4).map((field) => textIn(field, what))
}

function readSignature (name: string, message: Uint8Array): SignatureDef {
  const [inputs, outputs]: [GivenValue[], GivenValue[]] = [[], []]
  for (const field of fieldsOf(message, 'a signature')) {
    if (field.number === 1 || field.number === 2) (field.number === 1 ? inputs : outputs).push(readInfo(...readEntry(valueOf(field, 'bytes', 'a signature'))))
  }
  return { name, inputs, outputs }
}

function readInfo (name: string, message: Uint8Array): GivenValue {
  const what = 'a value of a signature'
  let [dtype, value, shape]: [number, string | undefined, SymbolicShape | undefined] = [0, undefined, []]
  for (const field of fieldsOf(message, what)) {
    if (field.number === 1) value = textIn(field, what)
    else if (field.number === 2) dtype = sizeIn(field, what)
    else if (field.number === 3) shape = readShape(valueOf(field, 'bytes', what))
  }
  return { name, dtype, ...(value !== undefined && { value }), ...(shape !== undefined && { shape }) }
}

/** Undefined when the number of axes is not known. */
function readShape (message: Uint8Array): SymbolicShape | undefined {
  const what = 'a shape of a signature'
  const sizes: Array<number | null> = []
  for (const field of fieldsOf(message, what)) {
    if (field.number === 3 && sizeIn(field, what) !== 0) return undefined
    if (field.number !== 2) continue
    let size: number | undefined = 0
    for (const part of fieldsOf(valueOf(field, 'bytes', what), what)) if (part.number === 1) size = signedOf(valueOf(part, 'varint', what))
    sizes.push(size === undefined || size < 0 ? null : size)
  }
  return sizes
}
