/** The graph of an export, with the weights that a job made. */
import { EspalierError } from '../../errors.ts'
import { lowerModel, type SeeNode, type WeightValues } from '../../models/exports/lower-model.ts'
import type { ExportGraph } from '../../models/exports/graph.ts'
import type { ModelFile, TensorChanges } from '../../models/model.ts'

/** Throws `unsupported-layer` for models without a layer graph and layers that no export computes, `limit-exceeded` for weights that are too large to be held. */
export async function exportGraph (model: ModelFile, changes: TensorChanges, see?: SeeNode): Promise<ExportGraph> {
  const byPath = new Map(model.layers.map((layer) => [layer.path, layer]))
  const weights: WeightValues[][] = []
  for (const { path } of model.architecture.layers) {
    const own: WeightValues[] = []
    for (const { role, spec, tensor } of byPath.get(path)?.weights ?? []) {
      // What the layer table does not know (seeds, counters) plays no part at inference.
      if (spec === undefined) continue
      const change = changes.get(tensor.key)
      if (change !== undefined && !(change instanceof Float32Array)) throw new EspalierError('limit-exceeded', 'the weights of the model are too large to be held, which an export needs; give the worker more memory (ESPALIER_CHILD_MEMORY_MB)')
      own.push({ role, shape: tensor.shape, values: change ?? await tensor.read() })
    }
    weights.push(own)
  }
  return lowerModel(model.architecture, (layer) => weights[layer]!, see)
}
