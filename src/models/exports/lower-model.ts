/** The graph of an export, made of a model's layer graph and its weights. */
import { EspalierError } from '../../errors.ts'
import type { Architecture } from '../architecture/types.ts'
import { PLAIN_CALL } from '../layers/layer-type.ts'
import { outputMasks } from '../layers/mask-rules.ts'
import type { Shape } from '../tensor.ts'
import { GraphBuilder } from './builder.ts'
import { foldAffine } from './fold.ts'
import { withoutDead, type ExportGraph, type Value } from './graph.ts'
import { LOWERINGS, type Lowering, type Weights } from './lower/index.ts'
import { MASKINGS, type Mask, type Masking } from './lower/masks.ts'

/** float32 values of a weight. */
export interface WeightValues { readonly role: string, readonly shape: Shape, readonly values: Float32Array }

/** Sees what each node of the layer graph gives; of these values some are no more when the graph is done. */
export interface SeeNode { (node: number, outputs: readonly Value[]): void }

/**
 * All operations of the model at inference, batch normalisation folded into the product before it where that reads nothing else. `weights` gives those of
 * a layer (index into `architecture.layers`). Throws `unsupported-layer`, naming the layer, for what exports cannot compute.
 */
export function lowerModel (architecture: Architecture, weights: (layer: number) => readonly WeightValues[], see?: SeeNode): ExportGraph {
  const { graph, layers, name } = architecture
  if (graph === undefined) throw new EspalierError('unsupported-layer', `the model cannot be exported: ${architecture.problem ?? 'it has no layer graph'}`)
  const g = new GraphBuilder()
  const loaded = layers.map((): Weights | undefined => undefined)
  const weightsOf = (layer: number): Weights => {
    loaded[layer] ??= Object.fromEntries(weights(layer).map(({ role, shape, values }) => [role, g.constant(values, shape, role)]))
    return loaded[layer]
  }
  const inputs = graph.inputs.map(({ node }, index) => g.input(layers[graph.nodes[node]!.layer]!.path || `input_${index}`, graph.inputShapes[index]!))
  const fed = new Map(graph.inputs.map(({ node }, index) => [node, inputs[index]!]))
  const values: Array<readonly Value[]> = []
  const masks: Array<readonly Mask[]> = []
  for (const [index, node] of graph.nodes.entries()) {
    const layer = layers[node.layer]!
    g.layer = layer.path
    const given = fed.has(index) ? [fed.get(index)!] : node.inputs.map((ref) => values[ref.node]![ref.output]!)
    const givenMasks = fed.has(index)
      ? []
      : node.inputs.map((ref, at) => {
        const own = node.masks?.[at]
        return own === undefined ? masks[ref.node]![ref.output] : g.bool(values[own.node]![own.output]!)
      })
    const outputs = (LOWERINGS[layer.type!] as Lowering<unknown>)(g, layer.config, given, { weights: weightsOf(node.layer), call: node.call ?? PLAIN_CALL, masks: givenMasks })
    values.push(outputs)
    see?.(index, outputs)
    masks.push(outputMasks(layer.type!, layer.config, givenMasks, outputs.length, (rule) => (MASKINGS[rule] as Masking)(g, layer.config, given, givenMasks, outputs)))
  }
  const outputs = asResults(g, graph.outputs.map((ref) => values[ref.node]![ref.output]!), inputs)
  return foldAffine(withoutDead(g.finish(name, { inputs, outputs, inputNames: distinct(inputs.map((one) => one.name)), outputNames: distinct(graph.outputNames) })))
}

/** Outputs are float32 results of operations, each a value of its own: runtimes know nothing else. */
function asResults (g: GraphBuilder, outputs: readonly Value[], inputs: readonly Value[]): Value[] {
  return outputs.map((output, index) => {
    const isOwn = outputs.indexOf(output) === index && !inputs.includes(output) && output.numbers === undefined
    return output.type !== 'float32' ? g.cast(output, 'float32') : isOwn ? output : g.add(output, 0)
  })
}

function distinct (names: readonly string[]): string[] {
  return names.map((name, index) => names.indexOf(name) === index ? name : `${name}_${index}`)
}
