/** TF.js layers models: model.json and the shards it names, together in a zip. */
import { EspalierError } from '../../errors.ts'
import { readArchitecture } from '../architecture/index.ts'
import type { Architecture } from '../architecture/types.ts'
import type { ModelLayer } from '../model.ts'
import { openZip, type ZipEntry } from '../zip.ts'
import { layersOf, leftForUnknown, listed, matchByName, partsOf, weightOf, type Named, type Slot } from './binding.ts'
import type { ModelFormat } from './format.ts'
import { isObject, parseObject, readJsonBytes, type Json } from './json.ts'
import { zipNames } from './keras.ts'
import type { FileTensor } from './file-tensor.ts'
import { memberOf, spellingOf } from './json-spelling.ts'
import { isGraphModel, modelJsonIn } from './tfjs-json.ts'
import { malformed, readManifest, type ManifestGroup, type ManifestWeight } from './tfjs-manifest.ts'
import { layersTensor } from './tfjs-tensor.ts'
import { writeConverted, writeSame } from './tfjs-write.ts'

/** A weight of the manifest as layers have it. */
export interface LayersWeight extends Pick<ManifestWeight, 'name' | 'isOptimizer' | 'quantization'> { readonly tensor: FileTensor }

/** What the format needs to write the file back. */
export interface TfjsRest {
  readonly entries: readonly ZipEntry[]
  /** The folder of model.json, with a slash at its end, or ''. */
  readonly folder: string
  readonly model: Json
  readonly groups: ReadonlyArray<Pick<ManifestGroup, 'paths' | 'sizes'> & { readonly weights: readonly LayersWeight[] }>
}

export const tfjsLayers: ModelFormat<'tfjs-layers'> = {
  name: 'tfjs-layers',
  extension: '.zip',
  description: 'TensorFlow.js layers model: a zip of model.json and its weight files',

  async sniff (source) {
    return modelJsonIn(await zipNames(source)) !== undefined
  },

  async read (source) {
    const entries = await openZip(source)
    const path = modelJsonIn(entries.map(({ name }) => name))
    if (path === undefined) throw new EspalierError('invalid-model', 'the zip has no model.json')
    const folder = path.slice(0, -'model.json'.length)
    const readText = async (): Promise<Uint8Array> => await readJsonBytes(await entries.find(({ name }) => name === path)!.source(), path)
    const model = parseObject(await readText(), path)
    const topology = topologyOf(model)
    const manifest = await readManifest(model.weightsManifest, (name) => entries.find((entry) => entry.name === folder + name))
    const groups = manifest.map(({ paths, sizes, source, weights }) => ({
      paths, sizes, weights: weights.map((weight): LayersWeight => ({ ...weight, tensor: layersTensor(weight, source) })),
    }))
    const config = isObject(topology.model_config) ? topology.model_config : topology
    // Whoever made it, names mean what TF.js makes of them.
    const architecture = readArchitecture(config, { kerasVersion: 'tfjs-layers' })
    const weights = groups.flatMap((group) => group.weights)
    const quantized = [...new Set(weights.flatMap(({ quantization }) => quantization?.dtype ?? []))]
    return {
      format: 'tfjs-layers',
      source,
      architecture,
      layers: bindManifest(architecture, weights.filter(({ isOptimizer }) => !isOptimizer)),
      config,
      async spelling () {
        const whole = memberOf(spellingOf(new TextDecoder().decode(await readText())), 'modelTopology')!
        return isObject(topology.model_config) ? memberOf(whole, 'model_config')! : whole
      },
      producer: {
        ...texts({ kerasVersion: topology.keras_version, backend: topology.backend, generatedBy: model.generatedBy, convertedBy: model.convertedBy }),
        ...(quantized.length > 0 && { quantized: `${quantized.join(', ')}; read as float32 and written as float32` }),
      },
      hasOptimizerState: weights.some(({ isOptimizer }) => isOptimizer),
      rest: { entries, folder, model, groups } satisfies TfjsRest,
    }
  },

  async write (model, changes, options, sink) {
    return model.format === 'tfjs-layers' ? await writeSame(model, changes, options, sink) : await writeConverted(model, changes, options, sink)
  },
}

function topologyOf (model: Json): Json {
  if (isGraphModel(model)) throw new EspalierError('unsupported-format', 'model.json is a TF.js graph model, which has no layers any more')
  if (!isObject(model.modelTopology)) throw malformed('it has no "modelTopology"')
  return model.modelTopology
}

/** Weights are found by name alone, as in TF.js itself. */
function bindManifest (architecture: Architecture, found: readonly Named[]): ModelLayer[] {
  const slots: Slot[] = architecture.layers.flatMap((layer) => (layer.weights ?? []).map((spec) => ({ layer, spec })))
  const matched = matchByName(slots, found) ?? explain(slots, found)
  const taken = new Set(matched.values())
  return layersOf(architecture.layers, matched, leftForUnknown(architecture.layers, found.filter((one) => !taken.has(one)), 'model.json'))
}

/** Throws for the first weight that cannot be found, and why. */
function explain (slots: readonly Slot[], found: readonly Named[]): never {
  for (const slot of slots) {
    if (matchByName([slot], found) !== undefined) continue
    const end = `${slot.layer.path.split('/').at(-1)}/${slot.spec.role}`
    const same = found.find(({ name }) => partsOf(name).slice(-2).join('/') === end)
    if (same !== undefined) weightOf(slot.layer, slot.spec, same.tensor)
    throw new EspalierError('invalid-model',
      `layer ${slot.layer.path}: its ${slot.spec.role} is not in the manifest, which has ${listed(found.map(({ name }) => name))}`,
      { layer: slot.layer.path, weight: slot.spec.role })
  }
  throw malformed('two weights have the same name')
}

function texts (values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
