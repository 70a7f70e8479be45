/** A model in which layers came or went since its file was read: a new configuration, and tensors for what is new in it. */
import { EspalierError } from '../errors.ts'
import type { ArchitectureLayer, WeightSpec } from './architecture/types.ts'
import { bound, sameShape } from './formats/binding.ts'
import { withRaw } from './formats/file-tensor.ts'
import { heldTensor } from './formats/held-tensor.ts'
import type { LayerWeight, ModelFile, ModelLayer } from './model.ts'
import { withNewShapes } from './remade.ts'
import { sizeOf, type Shape, type StoredTensor } from './tensor.ts'

/** Values of a weight of the new model. Row-major; they may not be changed afterwards. */
export interface FormedTensor {
  readonly shape: Shape
  readonly values: Float32Array
  /** Whose number type it has, and whether it is stored compressed: a weight of the layer that it came of. */
  readonly like: StoredTensor
}

/** New weights by layer and role. */
export type FormedTensors = ReadonlyMap<string, ReadonlyMap<string, FormedTensor>>

/**
 * `model` with another configuration, of other layers: weights that `tensors` names have these values, all others are those of the layer of the same path. Values are
 * rounded to the number type. Optimizer state is lost. Throws `internal` naming layer and weight for one that has no values, or values of another shape than the
 * configuration says; a configuration that cannot be read throws as `readArchitecture` does.
 */
export function reformedModel (model: ModelFile, config: Readonly<Record<string, unknown>>, tensors: FormedTensors): ModelFile {
  const made = withNewShapes(model, config)
  const before = new Map(model.layers.map((layer) => [layer.path, layer]))
  const layers = made.architecture.layers.map((layer) => layerOf(layer, before.get(layer.path), tensors.get(layer.path) ?? new Map()))
  return { ...model, ...made, layers, remade: true, reformed: true, hasOptimizerState: false, ...(model.hasOptimizerState && { lostOptimizerState: true }) }
}

function layerOf (layer: ArchitectureLayer, old: ModelLayer | undefined, tensors: ReadonlyMap<string, FormedTensor>): ModelLayer {
  const specs = layer.weights ?? []
  for (const role of tensors.keys()) if (!specs.some((spec) => spec.role === role)) throw misfit(layer.path, role, 'is not among its weights by the new configuration')
  return bound(layer, specs.map((spec) => weightOf(layer.path, spec, old, tensors.get(spec.role))))
}

function weightOf (path: string, spec: WeightSpec, old: ModelLayer | undefined, given: FormedTensor | undefined): LayerWeight {
  const own = old?.weights.find(({ role }) => role === spec.role)?.tensor
  const tensor = given === undefined ? own : heldTensor({ ...withRaw(given.like), key: own?.key ?? newKey(path, spec.role) }, given.shape, given.values)
  if (tensor === undefined) throw misfit(path, spec.role, 'has no values')
  if (given !== undefined && given.values.length !== sizeOf(given.shape)) throw misfit(path, spec.role, `is given ${given.values.length} values for the shape [${given.shape.join(', ')}]`)
  if (!sameShape(spec.shape, tensor.shape)) throw misfit(path, spec.role, `has the shape [${tensor.shape.join(', ')}], by the new configuration it must have [${spec.shape.join(', ')}]`)
  return { role: spec.role, tensor, spec, prunable: spec.prunable, ...(spec.reason !== undefined && { reason: spec.reason }) }
}

/** Files name no tensor so: their names begin with `layers`, `model_weights` or a layer. */
function newKey (path: string, role: string): string {
  return `(new)/${path}/${role}`
}

function misfit (layer: string, weight: string, what: string): EspalierError {
  return new EspalierError('internal', `layer ${layer}: its ${weight} ${what}`, { layer, weight })
}
