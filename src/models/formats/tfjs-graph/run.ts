/** How a TF.js graph model is run: what it takes and gives, and its graph for TensorFlow; or why not. */
import { EspalierError } from '../../../errors.ts'
import type { Signature } from '../../architecture/types.ts'
import type { SymbolicShape } from '../../tensor.ts'
import { isObject, type Json } from '../json.ts'
import { named, notRun } from '../tensorflow/fail.ts'
import { runGraph, type Program } from '../tensorflow/run-graph.ts'
import { inputOf, outputsOf, signatureOf, type GivenValue } from '../tensorflow/signature.ts'
import { typeNumber } from './attributes.ts'
import { assertFillable, type Constants } from './constants.ts'
import { tensorGraph } from './tensor-graph.ts'

/** The constants of `program` have no values yet. */
export type GraphRun = { readonly signature: Signature, readonly program: Program } | { readonly problem: string }

/**
 * `model` is the content of model.json, whose graph was checked. Never throws for what is in it: a graph that cannot be run is one whose weights alone are
 * pruned. Inputs and outputs go in the order of the file, as they do in TF.js.
 */
export function readRun (model: Json, constants: Constants): GraphRun {
  try {
    if (model.modelInitializer !== undefined) throw notRun('it fills tables when it is loaded, which is not done here')
    const { inputs, outputs } = valuesOf(model)
    const fed = inputs.map(inputOf)
    const given = outputsOf(outputs)
    const graph = tensorGraph(model.modelTopology as Json)
    const program = runGraph(graph, fed, given)
    assertFillable(program, constants)
    return { signature: signatureOf(graph, fed, given), program }
  } catch (error) {
    if (error instanceof EspalierError) return { problem: error.message }
    throw error
  }
}

/** Converters of TF.js 1 wrote the signature in another place, or none. */
function valuesOf ({ signature, userDefinedMetadata }: Json): { readonly inputs: GivenValue[], readonly outputs: GivenValue[] } {
  const told = signature ?? (isObject(userDefinedMetadata) ? userDefinedMetadata.signature : undefined)
  if (!isObject(told) || !isObject(told.inputs) || !isObject(told.outputs)) throw notRun('it has no signature that tells what it takes and gives')
  return { inputs: Object.entries(told.inputs).map(infoOf), outputs: Object.entries(told.outputs).map(infoOf) }
}

function infoOf ([name, info]: [string, unknown]): GivenValue {
  if (!isObject(info) || typeof info.name !== 'string') throw notRun(`its signature does not tell where ${named(name)} is`)
  const shape = shapeOf(info.tensorShape)
  return { name, value: info.name, dtype: typeNumber(info.dtype), ...(shape !== undefined && { shape }) }
}

/** Undefined when the number of axes is not known. */
function shapeOf (shape: unknown): SymbolicShape | undefined {
  if (!isObject(shape) || shape.unknownRank === true) return undefined
  const { dim = [] } = shape
  return !Array.isArray(dim)
    ? undefined
    : dim.map((one: unknown) => {
      const size = isObject(one) ? Number(one.size ?? 0) : -1
      return Number.isSafeInteger(size) && size >= 0 ? size : null
    })
}
