/** The shape that all Keras configurations share: models that hold layers, which may be models again. */
import { EspalierError } from '../../../errors.ts'
import { isObject, type Json } from '../json.ts'

/** A layer as it stands in the list of its model. */
export interface LayerEntry extends Json { readonly class_name: string, readonly config: Json }

export function isModelClass (className: unknown): boolean {
  return className === 'Sequential' || className === 'Functional' || className === 'Model'
}

/** The layers of a model's configuration; a Sequential's may be a bare list (Keras 1 and early Keras 2). */
export function layersIn (model: Json): LayerEntry[] {
  const list = Array.isArray(model.config) ? model.config : isObject(model.config) ? model.config.layers : undefined
  if (!Array.isArray(list)) throw new EspalierError('invalid-model', `the configuration of ${String(model.class_name)} has no list of layers`)
  for (const layer of list) {
    if (!isObject(layer) || typeof layer.class_name !== 'string' || !isObject(layer.config)) throw new EspalierError('invalid-model', 'the configuration lists a layer without class_name or config')
  }
  return list as LayerEntry[]
}

/** The settings of a model besides its layers. */
export function settingsOf (model: Json): Json {
  return isObject(model.config) ? model.config : {}
}

export function nameOf (layer: Json): string {
  const inner = isObject(layer.config) ? layer.config.name : undefined
  return typeof inner === 'string' ? inner : typeof layer.name === 'string' ? layer.name : String(layer.class_name)
}

/** `[layer, node, tensor]` */
export type Reference = readonly [string, number, number]

export function isReference (value: unknown): value is Reference {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number' && typeof value[2] === 'number'
}

/** All references in a structure of lists and objects, in order; a Keras tensor counts by its history. */
export function referencesIn (value: unknown): Reference[] {
  if (isReference(value)) return [[value[0], value[1], value[2]]]
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (!isObject(value)) return []
  const history = value.class_name === '__keras_tensor__' && isObject(value.config) ? value.config.keras_history : undefined
  if (history !== undefined) return referencesIn(history)
  return Object.values(value).flatMap(referencesIn)
}

/** The structure with `change` made to the node number of every reference. */
export function withNodes (value: unknown, change: (layer: string, node: number) => number): unknown {
  if (isReference(value)) return [value[0], change(value[0], value[1]), ...value.slice(2)]
  if (Array.isArray(value)) return value.map((item) => withNodes(item, change))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNodes(item, change)]))
}

/**
 * Moves the node numbers of nested models of `classes` by `by` where they are used, in `model` and the models within. Keras 3 counts the calls of
 * a nested Sequential from 0 and of a nested Functional from 1 (its own inner node is 0); Keras 2 and TF.js count both from 1.
 */
export function shiftNodes (model: Json, classes: readonly string[], by: (lowest: number) => number): Json {
  if (!isModelClass(model.class_name)) return model
  const layers = layersIn(model).map((layer) => ({ ...layer, ...shiftNodes(layer, classes, by) }))
  const settings = settingsOf(model)
  if (Array.isArray(model.config)) return { ...model, config: layers }
  const shifts = new Map<string, number>()
  const uses = [...layers.map((layer) => (layer as Json).inbound_nodes), settings.output_layers].flatMap(referencesIn)
  for (const layer of layers) {
    if (!classes.includes(layer.class_name)) continue
    const numbers = uses.filter(([name]) => name === nameOf(layer)).map(([, node]) => node)
    if (numbers.length > 0) shifts.set(nameOf(layer), by(numbers.reduce((least, node) => Math.min(least, node), Infinity)))
  }
  const change = (layer: string, node: number) => node + (shifts.get(layer) ?? 0)
  const inner = layers.map((layer) => 'inbound_nodes' in layer ? { ...layer, inbound_nodes: withNodes((layer as Json).inbound_nodes, change) } : layer)
  return { ...model, config: { ...settings, layers: inner, ...(settings.output_layers !== undefined && { output_layers: withNodes(settings.output_layers, change) }) } }
}

/** The configuration with Keras 3's node numbers, whoever wrote it. */
export function withKeras3Nodes (model: Json): Json {
  return shiftNodes(model, ['Sequential'], (lowest) => -lowest)
}

/** The configuration with the node numbers of Keras 2 and TF.js. */
export function withKeras2Nodes (model: Json): Json {
  return shiftNodes(model, ['Sequential'], (lowest) => lowest === 0 ? 1 : 0)
}
