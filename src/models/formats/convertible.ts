/** What another format cannot take is refused by name before anything is written. */
import { EspalierError } from '../../errors.ts'
import type { ModelFile } from '../model.ts'
import type { WriteOptions } from './format.ts'
import type { FormatName } from './index.ts'
import { isObject, type Json } from './json.ts'
import { isModelClass, layersIn, nameOf, type LayerEntry } from './conversion/walk.ts'

/**
 * Throws `unsupported-format` for layers with weights that are not known here (their order differs between formats) and for optimizer state that
 * the other format has no place for. What cannot be converted at all, the table of formats tells.
 */
export function assertConvertible (model: ModelFile, format: FormatName, { optimizerState }: WriteOptions): void {
  const unknown = model.layers.find(({ layer, weights }) => layer.weights === undefined && weights.length > 0)
  if (unknown !== undefined) {
    throw new EspalierError('unsupported-format',
      `layer ${unknown.path} (${unknown.className}): its weights are not known here and cannot be converted from ${model.format} to ${format}; write the model as ${model.format}`,
      { layer: unknown.path, className: unknown.className })
  }
  if (format === 'tfjs-layers') assertInTfjs(model)
  const entries = isModelClass(model.config.class_name) ? allLayers(model.config) : []
  const ids = entries.flatMap((entry) => typeof entry.shared_object_id === 'number' ? entry.shared_object_id : [])
  const shared = entries.find((entry) => ids.filter((id) => id === entry.shared_object_id).length > 1)
  if (shared !== undefined) {
    throw new EspalierError('unsupported-format',
      `layer ${nameOf(shared)} is shared by several models within the model, which only .keras files can tell; write the model as keras`,
      { layer: nameOf(shared) })
  }
  const changed = isOfKeras2(model) ? entries.find(({ config }) => activationOf(config) === 'hard_sigmoid') : undefined
  if (changed !== undefined) {
    throw new EspalierError('unsupported-format',
      `layer ${nameOf(changed)} uses hard_sigmoid, which Keras 3 computes differently from Keras 2 and TF.js; write the model as ${model.format}`,
      { layer: nameOf(changed) })
  }
  if (optimizerState === 'keep' && model.hasOptimizerState && (format === 'tfjs-layers' || model.format === 'tfjs-layers')) {
    throw new EspalierError('unsupported-format', `optimizer state cannot be converted from ${model.format} to ${format}; set "optimizerState": "drop"`)
  }
}

/** Layers that TF.js has under the same name and with weights of the same names. Source: the serialization map of @tensorflow/tfjs-layers 4.22. */
const IN_TFJS: ReadonlySet<string> = new Set([
  'InputLayer', 'ReLU', 'LeakyReLU', 'PReLU', 'ELU', 'ThresholdedReLU', 'Softmax', 'Activation',
  'Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'Conv3DTranspose', 'SeparableConv2D', 'DepthwiseConv2D', 'Dense', 'Embedding',
  'Cropping2D', 'UpSampling2D', 'ZeroPadding2D', 'Flatten', 'RepeatVector', 'Reshape', 'Permute', 'Rescaling', 'Masking',
  'Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout', 'BatchNormalization', 'LayerNormalization',
  'Add', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate', 'Dot',
  'MaxPooling1D', 'AveragePooling1D', 'MaxPooling2D', 'AveragePooling2D', 'MaxPooling3D', 'AveragePooling3D',
  'GlobalAveragePooling1D', 'GlobalMaxPooling1D', 'GlobalAveragePooling2D', 'GlobalMaxPooling2D',
])

function assertInTfjs (model: ModelFile): void {
  const missing = model.layers.find(({ className }) => !IN_TFJS.has(className))
  if (missing === undefined) return
  throw new EspalierError('unsupported-format',
    `layer ${missing.path} (${missing.className}) cannot be written for TF.js, which has no such layer or keeps its weights in another way; write the model as ${model.format}`,
    { layer: missing.path, className: missing.className })
}

function allLayers (model: Json): LayerEntry[] {
  return layersIn(model).flatMap((layer) => [layer, ...isModelClass(layer.class_name) ? allLayers(layer) : []])
}

function isOfKeras2 (model: ModelFile): boolean {
  return model.format === 'tfjs-layers' || model.producer.kerasVersion?.startsWith('2.') === true
}

function activationOf ({ activation }: Json): unknown {
  return isObject(activation) ? activation.config : activation
}
