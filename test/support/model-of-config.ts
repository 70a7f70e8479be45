/** A model file made of a configuration, with random weights, as Keras 3 would have written it. */
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { readModel, writeModel, type FormatName } from '../../src/models/formats/index.ts'
import type { Json } from '../../src/models/json.ts'
import type { LayerWeight, ModelFile } from '../../src/models/model.ts'
import type { Draw } from './random-graph.ts'
import { randomWeights } from './structure.ts'

const KERAS = '3.15.1'

/** A `.keras` file in memory, read. */
export async function modelOfConfig (config: Json, draw: Draw): Promise<ModelFile> {
  const architecture = readArchitecture(config, { kerasVersion: KERAS })
  const numbers = randomWeights(architecture, draw)
  const layers = architecture.layers.map((layer) => ({
    path: layer.path,
    className: layer.className,
    layer,
    weights: layer.weights!.map((spec): LayerWeight => {
      const [key, { shape, values }] = [`${layer.path}/${spec.role}`, numbers.get(`${layer.path}/${spec.role}`)!]
      return { role: spec.role, spec, prunable: spec.prunable, tensor: { key, shape, type: 'float32', read: async () => values, async * chunks () { yield values } } }
    }),
  }))
  // Of another format, so that the file is made as by a conversion.
  const made: ModelFile = { format: 'keras-h5', source: bytesInMemory(new Uint8Array()), architecture, layers, config, producer: { kerasVersion: KERAS }, hasOptimizerState: false, rest: {} }
  return await readModel(bytesInMemory(await fileOf(made, 'keras')))
}

/** The bytes of the model in a format. */
export async function fileOf (model: ModelFile, format: FormatName): Promise<Uint8Array> {
  const parts: Array<{ offset: number, bytes: Uint8Array }> = []
  const size = await writeModel(model, new Map(), format, { compress: true, optimizerState: 'drop' }, { async write (offset, bytes) { parts.push({ offset, bytes: bytes.slice() }) } })
  const file = new Uint8Array(size)
  for (const { offset, bytes } of parts) file.set(bytes, offset)
  return file
}
