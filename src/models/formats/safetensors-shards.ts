/** Weights alone in several safetensors files, together in a zip with the index that says which tensor lies in which. */
import { EspalierError } from '../../errors.ts'
import { writeZip, type ZipEntry, type ZipInput } from '../zip.ts'
import type { ModelFormat } from './format.ts'
import { zipNames } from './keras.ts'
import { assertKnown } from './replacements.ts'
import { contentOf } from './safetensors/file.ts'
import { layersOfTensors, NO_GRAPH } from './safetensors/layers.ts'
import { producerOf } from './safetensors/producer.ts'
import { isShard, openShards, type Shard } from './safetensors/shards.ts'

interface Rest { readonly entries: readonly ZipEntry[], readonly shards: readonly Shard[] }

export const safetensorsShards: ModelFormat<'safetensors-shards'> = {
  name: 'safetensors-shards',
  extension: '.zip',
  description: 'several safetensors files and their index (model.safetensors.index.json) in a zip',
  weightsOnly: true,
  becomes: { formats: ['safetensors'], reason: NO_GRAPH },

  async sniff (source) {
    return (await zipNames(source)).some(isShard)
  },

  async read (source) {
    const { entries, shards } = await openShards(source)
    return {
      format: 'safetensors-shards',
      source,
      ...layersOfTensors(shards.flatMap(({ file }) => file.tensors)),
      config: {},
      producer: producerOf(shards[0]?.file.metadata ?? {}),
      hasOptimizerState: false,
      rest: { entries, shards } satisfies Rest,
    }
  },

  async write (model, changes, options, sink) {
    if (model.format !== 'safetensors-shards') {
      throw new EspalierError('unsupported-format', `a model cannot be converted from ${model.format} to safetensors-shards; write it as ${model.format}`)
    }
    assertKnown(model, changes)
    const { entries, shards } = model.rest as Rest
    const files = new Map(shards.map(({ name, file }) => [name, file]))
    const inputs = entries.map(({ name, stream }): ZipInput => {
      const file = files.get(name)
      const isChanged = file?.tensors.some(({ key }) => changes.has(key)) === true
      return { name, content: isChanged ? contentOf(file, changes) : stream() }
    })
    let size = 0
    for await (const bytes of writeZip(inputs)) {
      await sink.write(size, bytes)
      size += bytes.length
    }
    return size
  },
}
