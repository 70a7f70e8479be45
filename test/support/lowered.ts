/** Layer cases and model files as graphs of exports. */
import { readArchitecture } from '../../src/models/architecture/index.ts'
import type { ExportGraph } from '../../src/models/exports/graph.ts'
import { lowerModel } from '../../src/models/exports/lower-model.ts'
import type { LayerCase } from '../fixtures/layers/cases.ts'

export function lowerCase ({ config, layers }: LayerCase): ExportGraph {
  const architecture = readArchitecture(config)
  const byPath = new Map(layers.map(({ path, weights }) => [path, weights]))
  return lowerModel(architecture, (layer) => {
    const { path, weights } = architecture.layers[layer]!
    return (weights ?? []).map(({ role, shape }, index) => ({ role, shape, values: byPath.get(path)![index]!.values }))
  })
}
