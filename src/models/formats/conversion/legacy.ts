/** A configuration as Keras 3 writes it into an `.h5` file, out of one of a `.keras` file or of TF.js. */
import { isObject, type Json } from '../json.ts'
import { toKeras3Config } from './keras3.ts'
import { isModelClass, layersIn, settingsOf, type LayerEntry } from './walk.ts'

/** What only `.keras` files have at each object. */
const ONLY_KERAS = ['module', 'registered_name', 'build_config', 'compile_config', 'shared_object_id']

/** `{class_name, config}`, ready for the attribute "model_config". Layers that are not of `keras.layers`, or have another name there, keep their module, without which they cannot be found. */
export function toLegacyConfig (config: Json): Json {
  return modelEntry(toKeras3Config(config))
}

function modelEntry (model: Json): Json {
  const layers = layersIn(model).map(layerEntry)
  return { ...without(model, ONLY_KERAS), config: { ...unshared(settingsOf(model)) as Json, layers } }
}

function layerEntry (layer: LayerEntry): Json {
  if (isModelClass(layer.class_name)) return modelEntry(layer)
  const plain = { ...layer, config: unshared(layer.config) }
  return layer.module === undefined || (layer.module === 'keras.layers' && layer.class_name !== 'GroupQueryAttention') ? without(plain, ONLY_KERAS) : without(plain, ['build_config', 'shared_object_id'])
}

/** Shared objects are numbered within one `.keras` file; elsewhere the numbers mean nothing. */
function unshared (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unshared)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'shared_object_id').map(([key, item]) => [key, key === 'layers' ? item : unshared(item)]))
}

function without (object: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))
}
