/** Weights alone in one safetensors file, as most published PyTorch models have them. */
import { EspalierError } from '../../errors.ts'
import type { ModelFormat } from './format.ts'
import { assertKnown } from './replacements.ts'
import { contentOf, openSafetensors, type SafetensorsFile } from './safetensors/file.ts'
import { LENGTH_BYTES, looksLikeSafetensors } from './safetensors/header.ts'
import { layersOfTensors } from './safetensors/layers.ts'
import { producerOf } from './safetensors/producer.ts'

export const safetensors: ModelFormat<'safetensors'> = {
  name: 'safetensors',
  extension: '.safetensors',
  description: 'safetensors (.safetensors): weights without a layer graph',

  async sniff (source) {
    return source.size > LENGTH_BYTES && looksLikeSafetensors(await source.read(0, LENGTH_BYTES + 1))
  },

  async read (source) {
    const file = await openSafetensors(source, 'the safetensors file')
    return {
      format: 'safetensors',
      source,
      ...layersOfTensors(file.tensors),
      config: {},
      producer: producerOf(file.metadata),
      hasOptimizerState: false,
      rest: file satisfies SafetensorsFile,
    }
  },

  async write (model, changes, options, sink) {
    if (model.format !== 'safetensors') {
      throw new EspalierError('unsupported-format', `a model cannot be converted from ${model.format} to safetensors; write it as ${model.format}`)
    }
    assertKnown(model, changes)
    let size = 0
    for await (const piece of contentOf(model.rest as SafetensorsFile, changes)) {
      await sink.write(size, piece)
      size += piece.length
    }
    return size
  },
}
