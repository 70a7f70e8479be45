/** The table of model formats: one line each. Reading tells them apart by their bytes, never by a file name. */
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../bytes.ts'
import type { ModelFile, TensorChanges } from '../model.ts'
import type { ModelFormat, ModelSink, WriteOptions } from './format.ts'
import { keras } from './keras.ts'
import { kerasH5 } from './keras-h5.ts'
import { onnx } from './onnx.ts'
import { safetensors } from './safetensors.ts'
import { safetensorsShards } from './safetensors-shards.ts'
import { savedmodel } from './savedmodel/index.ts'
import { tfjsGraph } from './tfjs-graph/index.ts'
import { tfjsLayers } from './tfjs-layers.ts'

export type { ModelFormat, ModelParts, ModelSink, WriteOptions } from './format.ts'

export const MODEL_FORMATS = {
  keras,
  'keras-h5': kerasH5,
  savedmodel,
  'tfjs-graph': tfjsGraph,
  'tfjs-layers': tfjsLayers,
  safetensors,
  'safetensors-shards': safetensorsShards,
  onnx,
} as const satisfies { readonly [Name in string]: ModelFormat<Name> }

export type FormatName = keyof typeof MODEL_FORMATS

/** Reads a model file of any format. The source must stay open while the model is used. Throws `unsupported-format` for other files, else as the format does. */
export async function readModel (source: ByteSource): Promise<ModelFile> {
  const formats: ModelFormat[] = Object.values(MODEL_FORMATS)
  for (const format of formats) if (await format.sniff(source)) return await format.read(source)
  throw new EspalierError('unsupported-format',
    `the file is no model that is read here; these are: ${formats.map(({ description }) => description).join('; ')}`)
}

/**
 * Writes `model` with `changes` (row-major values by tensor key) and gives the size in bytes. In the model's own format everything else stays as it
 * was, byte for byte; in another the model is converted, or refused with `unsupported-format` naming the layer that stands in the way. Of a
 * remade model the configuration and the shapes are the new ones, and the state of an optimizer is left out, or refused where it should be kept.
 */
export async function writeModel (model: ModelFile, changes: TensorChanges, format: FormatName, options: WriteOptions, sink: ModelSink): Promise<number> {
  const { becomes }: ModelFormat = MODEL_FORMATS[model.format]
  if (becomes !== undefined && model.format !== format && !becomes.formats.includes(format)) {
    throw new EspalierError('unsupported-format', `${becomes.reason}, so it cannot be converted to ${format}; write the model as ${model.format}`, { from: model.format, to: format })
  }
  return await MODEL_FORMATS[format].write(model, changes, fittingOptions(model, options), sink)
}

/** The state of an optimizer has the shapes that the weights had before the model was remade. */
function fittingOptions (model: ModelFile, options: WriteOptions): WriteOptions {
  if (model.remade !== true) return options
  if (options.optimizerState === 'keep' && model.lostOptimizerState === true) {
    throw new EspalierError('unsupported-format', 'the state of the optimizer does not fit a model whose form changed; set "optimizerState": "drop"')
  }
  return { ...options, optimizerState: 'drop' }
}
