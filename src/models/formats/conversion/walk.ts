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
    if (!isObject(layer) || typeof layer.class_name !== 'string' || !isObject(layer.config)) {
      throw new EspalierError('invalid-model',
        'the configuration lists a layer without class_name or config')
    }
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
function withNodes (value: unknown, change: (layer: string, node: number) => number): unknown {
  if (isReference(value)) return [value[0], change(value[0], value[1]), ...value.slice(2)]
  if (Array.isArray(value)) return value.map((item) => withNodes(item, change))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNodes(item, change)]))
}

/**
 * The number of a nested model's first call, where it is used by a layer and where it is an output of the model. Keras 2 and TF.js count from 1,
 * as a model begins with a call of its own; Keras 3 does so at the outputs only, and not for a Sequential. Source: keras functional.py.
 */
interface Numbering { readonly calls: number, readonly outputs: (className: string) => number }

const NUMBERINGS = {
  keras2: { calls: 1, outputs: () => 1 },
  keras3: { calls: 0, outputs: (className) => className === 'Sequential' ? 0 : 1 },
} as const satisfies Record<string, Numbering>

/** The configuration with calls of nested models numbered as in Keras 3 or as in Keras 2 and TF.js, whoever wrote it. */
export function renumbered (model: Json, numbering: keyof typeof NUMBERINGS): Json {
  if (!isModelClass(model.class_name)) return model
  const layers = layersIn(model).map((layer): Json => renumbered(layer, numbering))
  if (Array.isArray(model.config)) return { ...model, config: layers }
  const settings = settingsOf(model)
  const [from, to] = [numberingOf(layers), NUMBERINGS[numbering]]
  const nested = new Map(layers.filter(({ class_name: name }) => isModelClass(name)).map((layer) => [nameOf(layer), String(layer.class_name)]))
  const change = (offset: (numbering: Numbering, className: string) => number) => (layer: string, node: number) => {
    const className = nested.get(layer)
    return className === undefined ? node : Math.max(0, node - offset(from, className)) + offset(to, className)
  }
  const inCalls = change(({ calls }) => calls)
  const inOutputs = change(({ outputs }, className) => outputs(className))
  const inner = layers.map((layer) => layer.inbound_nodes === undefined ? layer : { ...layer, inbound_nodes: withNodes(layer.inbound_nodes, inCalls) })
  return { ...model, config: { ...settings, layers: inner, ...(settings.output_layers !== undefined && { output_layers: withNodes(settings.output_layers, inOutputs) }) } }
}

/** Keras 3 writes calls as objects, Keras 2 and TF.js as lists. */
function numberingOf (layers: readonly Json[]): Numbering {
  const isKeras3 = layers.some(({ inbound_nodes: calls }) => Array.isArray(calls) && calls.some(isObject))
  return isKeras3 ? NUMBERINGS.keras3 : NUMBERINGS.keras2
}
