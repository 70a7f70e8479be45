/** What another format cannot take is refused by name before anything is written. */
import { EspalierError } from '../../errors.ts'
import type { ModelFile } from '../model.ts'
import type { WriteOptions } from './format.ts'
import type { FormatName } from './index.ts'
import { isObject, type Json } from './json.ts'
import { isModelClass, layersIn, nameOf, type LayerEntry } from './conversion/walk.ts'

/**
 * Throws `unsupported-format` for layers with weights that are not known here (their order differs between formats) and for optimizer state that
 * the other format has no place for.
 */
export function assertConvertible (model: ModelFile, format: FormatName, { optimizerState }: WriteOptions): void {
  const unknown = model.layers.find(({ layer, weights }) => layer.weights === undefined && weights.length > 0)
  if (unknown !== undefined) {
    throw new EspalierError('unsupported-format',
      `layer ${unknown.path} (${unknown.className}): its weights are not known here and cannot be converted from ${model.format} to ${format}; write the model as ${model.format}`,
      { layer: unknown.path, className: unknown.className })
  }
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

function allLayers (model: Json): LayerEntry[] {
  return layersIn(model).flatMap((layer) => [layer, ...isModelClass(layer.class_name) ? allLayers(layer) : []])
}

function isOfKeras2 (model: ModelFile): boolean {
  return model.format === 'tfjs-layers' || model.producer.kerasVersion?.startsWith('2.') === true
}

function activationOf ({ activation }: Json): unknown {
  return isObject(activation) ? activation.config : activation
}
