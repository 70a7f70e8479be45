/** A configuration as Keras 3 writes it into a `.keras` file, out of one of an `.h5` file (Keras 2 or 3) or of TF.js. */
import { isOperationEntry } from '../../architecture/model-entry.ts'
import { layerTypeOf } from '../../layers/index.ts'
import { moduleOf } from '../../layers/operations/modules.ts'
import { isObject, type Json } from '../json.ts'
import { isModelClass, layersIn, nameOf, renumbered, settingsOf, type LayerEntry } from './walk.ts'

/** Settings of Keras 2 and TF.js that Keras 3 refuses; with these values they say nothing. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  '*': ['batch_input_shape', 'ragged', 'rank', 'input_dtype'],
  BatchNormalization: ['renorm', 'renorm_clipping', 'renorm_momentum', 'fused', 'virtual_batch_size', 'adjustment'],
  DepthwiseConv1D: ['groups', 'filters', 'kernel_initializer', 'kernel_regularizer', 'kernel_constraint'],
  DepthwiseConv2D: ['groups', 'filters', 'kernel_initializer', 'kernel_regularizer', 'kernel_constraint'],
  SeparableConv1D: ['groups', 'kernel_initializer', 'kernel_regularizer', 'kernel_constraint'],
  SeparableConv2D: ['groups', 'kernel_initializer', 'kernel_regularizer', 'kernel_constraint'],
  Conv1DTranspose: ['groups'],
  Conv2DTranspose: ['groups'],
  Conv3DTranspose: ['groups'],
  Embedding: ['input_length'],
}

/** `.h5` files name a class as the code does, `.keras` files as users know it. */
const PUBLIC_NAMES: ReadonlyMap<string, string> = new Map([['GroupedQueryAttention', 'GroupQueryAttention']])

/** `{module, class_name, config, registered_name}`, ready for config.json. */
export function toKeras3Config (config: Json): Json {
  return modelEntry(renumbered(config, 'keras3'))
}

function modelEntry (model: Json): Json {
  const isSequential = model.class_name === 'Sequential'
  const layers = layersIn(model)
  const settings = settingsOf(model)
  const converted = layers.map((layer, index) => isSequential && index === 0 ? [...inputFor(layer), layerEntry(layer)] : [layerEntry(layer)]).flat()
  const className = isSequential ? 'Sequential' : model.class_name === 'Model' ? 'Functional' : model.class_name
  return {
    ...model,
    module: typeof model.module === 'string' ? model.module : isSequential ? 'keras' : 'keras.src.models.functional',
    class_name: className,
    config: { ...settings, layers: converted },
    registered_name: model.registered_name ?? (isSequential ? null : className),
  }
}

function layerEntry (layer: LayerEntry): Json {
  if (isModelClass(layer.class_name)) return modelEntry(layer)
  const className = PUBLIC_NAMES.get(layer.class_name) ?? layer.class_name
  if (typeof layer.module !== 'string' && isOperationEntry(layer)) return { ...layer, module: moduleOf(className), registered_name: className }
  // A layer not known here keeps its form: Keras reads entries without a module too.
  if (typeof layer.module === 'string' || layerTypeOf(layer.class_name) === undefined) return layer
  return { ...layer, module: 'keras.layers', class_name: className, config: layerConfig(layer), registered_name: null }
}

function layerConfig ({ class_name: className, config }: LayerEntry): Json {
  const dropped = new Set([...LEFT_OUT['*']!, ...LEFT_OUT[className] ?? []])
  const kept: Record<string, unknown> = Object.fromEntries(Object.entries(config).filter(([key]) => !dropped.has(key)))
  if (className === 'InputLayer' && kept.batch_shape === undefined) kept.batch_shape = config.batch_input_shape
  if (className === 'BatchNormalization' && Array.isArray(kept.axis) && kept.axis.length === 1) kept.axis = kept.axis[0]
  if (className === 'LeakyReLU' && kept.alpha !== undefined) {
    kept.negative_slope ??= kept.alpha
    delete kept.alpha
  }
  return kept
}

/** A Sequential may tell its input at its first layer only; Keras 3 writes an InputLayer. */
function inputFor (first: LayerEntry): Json[] {
  const shape = first.config.batch_input_shape
  if (first.class_name === 'InputLayer' || !Array.isArray(shape)) return []
  const dtype = isObject(first.config.dtype) || first.config.dtype === undefined ? 'float32' : first.config.dtype
  return [{ module: 'keras.layers', class_name: 'InputLayer', config: { batch_shape: shape, dtype, name: `${nameOf(first)}_input` }, registered_name: null }]
}
