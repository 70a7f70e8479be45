/** Runs a model's layer graph: node after node, every value freed after its last use. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../errors.ts'
import type { Architecture, ArchitectureLayer, LayerGraph, ValueRef } from '../models/architecture/types.ts'
import { FORWARDS, type Forward, type ForwardContext, type Weights } from './layers/index.ts'

export type { ForwardContext, Weights } from './layers/index.ts'

/**
 * The model's outputs for a batch of inputs, in the model's order. `weights` gives the tensors of a layer (index into `architecture.layers`) by
 * role. Inputs and weights stay the caller's; the outputs are the caller's to dispose of. Throws `unsupported-layer` when there is no graph and
 * `shape-mismatch` for a wrong number of inputs.
 */
export function runGraph (
  architecture: Architecture, weights: (layerIndex: number) => Weights, inputs: readonly Tensor[], context: ForwardContext = { training: false }
): Tensor[] {
  const { graph, layers } = architecture
  if (graph === undefined) throw new EspalierError('unsupported-layer', `the model cannot be run here: ${architecture.problem ?? 'it has no layer graph'}`)
  if (inputs.length !== graph.inputs.length) throw new EspalierError('shape-mismatch', `the model has ${graph.inputs.length} inputs, ${inputs.length} are given`)
  const fed = new Map(graph.inputs.map((ref, index) => [ref.node, inputs[index]!]))
  const uses = countUses(graph)
  const values: Tensor[][] = []
  for (const [index, node] of graph.nodes.entries()) {
    const given = fed.has(index) ? [fed.get(index)!] : node.inputs.map((ref) => values[ref.node]![ref.output]!)
    values.push(tf.tidy(() => runLayer(layers[node.layer]!, given, weights(node.layer), context)))
    for (const ref of node.inputs) release(ref, values, uses)
    for (const [output, value] of values[index]!.entries()) if (!uses.has(keyOf({ node: index, output }))) value.dispose()
  }
  // A value that is an output twice is handed out twice, so that the caller may dispose of each.
  return graph.outputs.map((ref, index) => {
    const value = values[ref.node]![ref.output]!
    return graph.outputs.findIndex((other) => keyOf(other) === keyOf(ref)) === index ? value : tf.clone(value)
  })
}

/** Outputs that are an input passed on become tensors of their own: each is disposed of by itself. */
function runLayer (layer: ArchitectureLayer, inputs: Tensor[], weights: Weights, context: ForwardContext): Tensor[] {
  if (layer.type === undefined) throw new EspalierError('unsupported-layer', `the layer "${layer.path}" cannot be run here: ${layer.problem ?? 'its type is unknown'}`)
  const forward = FORWARDS[layer.type] as Forward<unknown>
  return forward(layer.config, inputs, weights, context).map((output) => inputs.includes(output) ? tf.clone(output) : output)
}

/** How often each value is read; the model's outputs are read once more, at the end. */
function countUses (graph: LayerGraph): Map<string, number> {
  const uses = new Map<string, number>()
  for (const ref of [...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs]) uses.set(keyOf(ref), (uses.get(keyOf(ref)) ?? 0) + 1)
  return uses
}

function release (ref: ValueRef, values: readonly Tensor[][], uses: Map<string, number>): void {
  const left = uses.get(keyOf(ref))! - 1
  uses.set(keyOf(ref), left)
  if (left === 0) values[ref.node]![ref.output]!.dispose()
}

function keyOf ({ node, output }: ValueRef): string {
  return `${node}:${output}`
}
