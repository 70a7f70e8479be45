/** Weights alone in one safetensors file, as most published PyTorch models have them. */
import { ahead } from '../ahead.ts'
import { withRing } from '../piece-memory.ts'
import type { ModelFormat } from './format.ts'
import { assertKnown } from './replacements.ts'
import { convertedContent } from './safetensors/convert.ts'
import { contentOf, openSafetensors, type SafetensorsFile } from './safetensors/file.ts'
import { LENGTH_BYTES, looksLikeSafetensors } from './safetensors/header.ts'
import { layersOfTensors, NO_GRAPH } from './safetensors/layers.ts'
import { producerOf } from './safetensors/producer.ts'

export const safetensors: ModelFormat<'safetensors'> = {
  name: 'safetensors',
  extension: '.safetensors',
  description: 'safetensors (.safetensors): weights without a layer graph',
  weightsOnly: true,
  becomes: { formats: [], reason: NO_GRAPH },

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
    assertKnown(model, changes)
    return await withRing(async (ring) => {
      let size = 0
      // One piece is written while the next is made.
      for await (const piece of ahead(model.format === 'safetensors' ? contentOf(model.rest as SafetensorsFile, changes, ring) : convertedContent(model, changes, options))) {
        await sink.write(size, piece)
        size += piece.length
      }
      return size
    })
  },
}
