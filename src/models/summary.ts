/** What is told about a model file: its layers, their weights, what can be pruned and why the rest cannot. */
import { countNonzeros } from './counts.ts'
import type { ModelFile, ModelLayer } from './model.ts'
import { sizeOf, type SymbolicShape } from './tensor.ts'

export interface LayerSummary {
  name: string
  type: string
  /** Of its first output; null where it cannot be told. */
  shape: Array<number | null> | null
  weights: number
  nonzeros: number
  prunableWeights: number
  prunable: boolean
  reason?: string
}

export interface ModelSummary {
  format: string
  weights: number
  nonzeros: number
  prunableWeights: number
  macs: number | null
  inputs: Array<Array<number | null>>
  outputs: Array<Array<number | null>>
  runnable: boolean
  problem?: string
  producer: Record<string, string>
  layers: LayerSummary[]
}

/** Reads every weight once, in pieces. Throws `invalid-model` for a weight that is NaN or infinite, naming layer, weight and index. */
export async function summarizeModel (model: ModelFile): Promise<ModelSummary> {
  const { graph, signature, problem } = model.architecture
  const run = graph ?? signature
  const shapes = outputShapes(model)
  const layers: LayerSummary[] = []
  for (const layer of model.layers) layers.push(await summarizeLayer(layer, shapes.get(layer) ?? null))
  const sum = (key: 'weights' | 'nonzeros' | 'prunableWeights') => layers.reduce((total, layer) => total + layer[key], 0)
  return {
    format: model.format,
    weights: sum('weights'),
    nonzeros: sum('nonzeros'),
    prunableWeights: sum('prunableWeights'),
    macs: graph === undefined ? null : graph.nodes.reduce((total, { macs }) => total + macs, 0),
    inputs: (run?.inputShapes ?? []).map(copied),
    outputs: (run?.outputShapes ?? []).map(copied),
    runnable: run !== undefined,
    ...(problem !== undefined && { problem }),
    producer: { ...model.producer },
    layers,
  }
}

async function summarizeLayer (layer: ModelLayer, shape: SymbolicShape | null): Promise<LayerSummary> {
  let [weights, nonzeros, prunableWeights] = [0, 0, 0]
  for (const weight of layer.weights) {
    const size = sizeOf(weight.tensor.shape)
    weights += size
    nonzeros += await countNonzeros(layer, weight)
    if (weight.prunable) prunableWeights += size
  }
  const reason = reasonOf(layer, prunableWeights)
  return {
    name: layer.path,
    type: layer.className,
    shape: shape && copied(shape),
    weights,
    nonzeros,
    prunableWeights,
    prunable: prunableWeights > 0,
    ...(reason !== undefined && { reason }),
  }
}

function reasonOf ({ layer, weights }: ModelLayer, prunableWeights: number): string | undefined {
  if (layer.problem !== undefined) return layer.problem
  if (prunableWeights > 0) return undefined
  return weights.length === 0 ? 'it has no weights' : weights.find(({ reason }) => reason !== undefined)?.reason
}

/** The shape each layer gives when it is first applied. */
function outputShapes (model: ModelFile): Map<ModelLayer, SymbolicShape> {
  const shapes = new Map<ModelLayer, SymbolicShape>()
  for (const node of model.architecture.graph?.nodes ?? []) {
    const layer = model.layers[node.layer]
    const [shape] = node.outputShapes
    if (layer !== undefined && shape !== undefined && !shapes.has(layer)) shapes.set(layer, shape)
  }
  return shapes
}

function copied (shape: SymbolicShape): Array<number | null> {
  return [...shape]
}
