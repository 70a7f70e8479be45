/** The shapes of all values of a layer graph once those of its inputs are known. */
import { EspalierError } from '../../errors.ts'
import { LAYER_TYPES, type LayerType } from '../layers/index.ts'
import { PLAIN_CALL } from '../layers/layer-type.ts'
import type { Shape, SymbolicShape } from '../tensor.ts'
import type { Architecture } from './types.ts'

export interface NodeShapes { readonly inputs: readonly Shape[], readonly outputs: readonly Shape[] }

/**
 * By node of the graph. `inputShapes`: of the model's inputs, the axis of examples included. Throws `unsupported-layer` without a graph,
 * `shape-mismatch` for another number of inputs, and `invalid-model` where a layer does not take what it would be given.
 */
export function knownShapes ({ graph, layers, problem }: Architecture, inputShapes: readonly Shape[]): NodeShapes[] {
  if (graph === undefined) throw new EspalierError('unsupported-layer', `the model cannot be run here: ${problem ?? 'it has no layer graph'}`)
  if (inputShapes.length !== graph.inputs.length) throw new EspalierError('shape-mismatch', `the model has ${graph.inputs.length} inputs, shapes of ${inputShapes.length} are given`)
  const fed = new Map(graph.inputs.map(({ node }, index) => [node, inputShapes[index]!]))
  const known: NodeShapes[] = []
  for (const [index, { layer, inputs: refs, call = PLAIN_CALL }] of graph.nodes.entries()) {
    const { type, config, path } = layers[layer]!
    const given = fed.get(index)
    const inputs = given === undefined ? refs.map(({ node, output }) => known[node]!.outputs[output]!) : []
    const outputs = given === undefined ? (LAYER_TYPES[type!] as LayerType<unknown>).outputShapes(config, inputs, call) : [given]
    known.push({ inputs, outputs: outputs.map((shape) => wholly(path, shape)) })
  }
  return known
}

function wholly (path: string, shape: SymbolicShape): Shape {
  if (shape.includes(null)) throw new EspalierError('invalid-model', `layer ${path}: the shape of its output, [${shape.map((size) => size ?? '?').join(', ')}], cannot be told from the model's inputs`)
  return shape as Shape
}
