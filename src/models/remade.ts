/** A model whose form changed since its file was read: a new configuration, and tensors of other shapes in memory. */
import { EspalierError } from '../errors.ts'
import { withBuildShapes } from './architecture/build-shapes.ts'
import { readArchitecture } from './architecture/index.ts'
import type { Architecture, ArchitectureLayer, WeightSpec } from './architecture/types.ts'
import { sameShape } from './formats/binding.ts'
import { heldTensor } from './formats/held-tensor.ts'
import type { Json } from './json.ts'
import type { HeldChanges, LayerWeight, ModelFile, ModelLayer } from './model.ts'
import { sizeOf, type Shape, type StoredTensor } from './tensor.ts'

/** New values of a weight whose shape changed (or not), by tensor key. Row-major; they may not be changed afterwards. */
export interface RemadeTensor {
  readonly shape: Shape
  readonly values: Float32Array
  /** Places of the tensor it stands for that are left along each axis, in order; null or absent: all. */
  readonly kept?: StoredTensor['kept']
}

type RemadeTensors = ReadonlyMap<string, RemadeTensor>

/**
 * `model` with another configuration, of the same layers, and with these tensors in place of the file's own: keys and types stay, values are rounded to
 * the type, and all other tensors stay as they are. The shapes for which Keras notes to have built a layer are brought up to date. Optimizer state is
 * lost. Throws `unsupported-format` for a model without a layer graph, and `internal` naming layer and weight where a tensor does not fit what the new
 * configuration says; a configuration that cannot be read throws as `readArchitecture` does.
 */
export function remadeModel (model: ModelFile, config: Readonly<Record<string, unknown>>, tensors: RemadeTensors): ModelFile {
  if (model.architecture.graph === undefined) {
    throw new EspalierError('unsupported-format', `the form of this ${model.format} model cannot be changed: ${model.architecture.problem ?? 'the file tells of no layer graph'}`, { format: model.format })
  }
  const made = withNewShapes(model, config)
  const layers = layersOf(model.layers, made.architecture, tensors)
  return { ...model, ...made, layers, remade: true, hasOptimizerState: false, ...(model.hasOptimizerState && { lostOptimizerState: true }) }
}

/** The model with other values for weights, by tensor key. Throws as `remadeModel` does. */
export function withValues (model: ModelFile, values: HeldChanges): ModelFile {
  if (values.size === 0) return model
  const tensors = new Map<string, RemadeTensor>(model.layers.flatMap(({ weights }) => weights.flatMap(({ tensor: { key, shape } }) => values.has(key) ? [[key, { shape, values: values.get(key)! }] as const] : [])))
  return remadeModel(model, model.config, tensors)
}

/** What another configuration makes of the model, as its format reads it: the version decides what some names mean. Throws `internal` when it gives no layer graph. */
export function reshapedArchitecture ({ format, producer }: ModelFile, config: Json): Architecture {
  const kerasVersion = format === 'tfjs-layers' ? format : producer.kerasVersion
  const architecture = readArchitecture(config, kerasVersion === undefined ? {} : { kerasVersion })
  if (architecture.graph === undefined) throw new EspalierError('internal', `the new configuration gives no layer graph: ${architecture.problem ?? 'unknown'}`)
  return architecture
}

/** Configuration and architecture, the shapes that Keras notes brought up to date. Throws as `reshapedArchitecture`. */
export function withNewShapes (model: ModelFile, given: Json): { config: Json, architecture: Architecture } {
  const first = reshapedArchitecture(model, given)
  const config = withBuildShapes(given, model.architecture, first)
  return { config, architecture: config === given ? first : reshapedArchitecture(model, config) }
}

function layersOf (before: readonly ModelLayer[], { layers }: Architecture, tensors: RemadeTensors): ModelLayer[] {
  const byPath = new Map(before.map((layer) => [layer.path, layer]))
  const keys = new Set(before.flatMap(({ weights }) => weights.map(({ tensor }) => tensor.key)))
  for (const key of tensors.keys()) if (!keys.has(key)) throw new EspalierError('internal', `the model has no tensor ${key} to be remade`, { key })
  const remade = layers.map((layer) => {
    const old = byPath.get(layer.path)
    if (old === undefined) throw new EspalierError('internal', `the new configuration has a layer ${layer.path}, which the model does not have`, { layer: layer.path })
    byPath.delete(layer.path)
    return { path: layer.path, className: layer.className, layer, weights: weightsOf(layer, old, tensors) }
  })
  const [missing] = byPath.keys()
  if (missing !== undefined) throw new EspalierError('internal', `the new configuration has no layer ${missing}, which the model has`, { layer: missing })
  return remade
}

function weightsOf (layer: ArchitectureLayer, { weights }: ModelLayer, tensors: RemadeTensors): LayerWeight[] {
  const specs: ReadonlyArray<WeightSpec | undefined> = layer.weights ?? weights.map(() => undefined)
  if (specs.length !== weights.length) {
    throw new EspalierError('internal', `layer ${layer.path}: by the new configuration it has ${specs.length} weights, the model has ${weights.length}`, { layer: layer.path })
  }
  return weights.map((weight, index) => weightOf(layer.path, weight, specs[index], tensors))
}

function weightOf (layer: string, { role, tensor: old, spec: oldSpec, ...rest }: LayerWeight, spec: WeightSpec | undefined, tensors: RemadeTensors): LayerWeight {
  const place = { layer, weight: role }
  if (spec?.role !== oldSpec?.role) throw new EspalierError('internal', `layer ${layer}: the new configuration has a ${spec?.role ?? 'weight that is not known'} in place of its ${role}`, place)
  const tensor = remadeTensor(`layer ${layer}: its ${role}`, old, tensors.get(old.key))
  if (spec === undefined) return { role, tensor, ...rest }
  if (!sameShape(spec.shape, tensor.shape)) {
    throw new EspalierError('internal',
      `layer ${layer}: its ${role} has the shape [${tensor.shape.join(', ')}], by the new configuration it must have [${spec.shape.join(', ')}]`,
      { ...place, given: tensor.shape, configured: spec.shape })
  }
  return { role, tensor, spec, prunable: spec.prunable, ...(spec.reason !== undefined && { reason: spec.reason }) }
}

function remadeTensor (what: string, old: StoredTensor, given: RemadeTensor | undefined): StoredTensor {
  if (given === undefined) return old
  const { shape, values, kept } = given
  if (values.length !== sizeOf(shape)) throw new EspalierError('internal', `${what} is given ${values.length} values, the shape [${shape.join(', ')}] needs ${sizeOf(shape)}`, { key: old.key })
  const left = keptOf(old.kept, kept)
  return { ...heldTensor(old, shape, values), ...(left !== undefined && { kept: left }) }
}

/** What is left of the file's own tensor after one change and another. */
function keptOf (first: StoredTensor['kept'], then: StoredTensor['kept']): StoredTensor['kept'] {
  if (first === undefined || then === undefined) return then ?? first
  return first.map((places, axis) => {
    const left = then[axis] ?? null
    return places === null || left === null ? places ?? left : left.map((place) => places[place]!)
  })
}
