/** What the tests of initialisers share: values drawn for a weight of a layer, and their moments. */
import type { ArchitectureLayer, WeightSpec } from '../../../src/models/architecture/types.ts'
import { initialValues, type Random } from '../../../src/models/initializers/index.ts'
import { initializersOf } from '../../../src/models/initializers/settings.ts'
import type { LayerWeight, ModelLayer } from '../../../src/models/model.ts'
import { kernel } from '../../../src/models/layers/weights.ts'
import type { Shape, StoredTensor } from '../../../src/models/tensor.ts'

function tensor (shape: Shape): StoredTensor {
  return { key: 'tensor', shape, type: 'float32', read: async () => { throw new Error('not read') }, chunks: () => { throw new Error('not read') } }
}

/** Values for the weight of this role. */
export function drawn (layer: ArchitectureLayer, role: string, random: Random): Float32Array | undefined {
  const spec = layer.weights!.find((one) => one.role === role)!
  return initialValues({ path: layer.path, className: layer.className, layer, weights: [] }, weightOf(spec), random)
}

export function weightOf (spec: WeightSpec): LayerWeight {
  return { role: spec.role, spec, prunable: spec.prunable, tensor: tensor(spec.shape) }
}

/** A weight of an unknown layer. */
export function unknownWeight (role: string, shape: Shape): LayerWeight {
  return { role, prunable: true, tensor: tensor(shape) }
}

/** A layer that has this one weight. */
export function layerOf (className: string, config: Record<string, unknown>, role: string, shape: Shape): ArchitectureLayer {
  const weights = [kernel(role, shape, { input: [], output: [], spatial: [] })]
  return { path: 'outer/here', className, trainable: true, containers: [], indexInContainer: 0, weights, initializers: initializersOf(className, config, [role]) }
}

export function modelLayer (layer: ArchitectureLayer): ModelLayer {
  return { path: layer.path, className: layer.className, layer, weights: [] }
}

export function momentsOf (values: Float32Array): { mean: number, deviation: number, min: number, max: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  const [min, max] = values.reduce(([least, most], value) => [Math.min(least!, value), Math.max(most!, value)], [Infinity, -Infinity]) as unknown as [number, number]
  return { mean, deviation: Math.sqrt(variance), min, max }
}
