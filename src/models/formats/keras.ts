/** Keras 3's own format: a zip of config.json, metadata.json and model.weights.h5. */
import { EspalierError } from '../../errors.ts'
import { readArchitecture } from '../architecture/index.ts'
import type { Architecture } from '../architecture/types.ts'
import type { ByteSource } from '../bytes.ts'
import type { ModelFile, TensorChanges } from '../model.ts'
import { looksLikeZip, openZip, type ZipEntry } from '../zip.ts'
import { toKeras3Config } from './conversion/keras3.ts'
import { compileSpelling, kerasCompileConfig, kerasOptimizerGroup } from './convert-optimizer.ts'
import { assertConvertible } from './convertible.ts'
import { dataOf } from './file-tensor.ts'
import type { ModelFormat, WriteOptions } from './format.ts'
import { readHdf5, specOf, type Hdf5Group, type Hdf5GroupSpec } from './hdf5/index.ts'
import { isObject, parseObject, readJsonBytes, type Json } from './json.ts'
import { respelled, spellingOf, withMember } from './json-spelling.ts'
import { writeArchive, type ArchivePart } from './keras-archive.ts'
import { bindKerasStore } from './keras-store.ts'
import { kerasStoreSpec } from './keras-spec.ts'
import { assertKnown, replacements } from './replacements.ts'

const CONFIG = 'config.json'
const METADATA = 'metadata.json'
const WEIGHTS = 'model.weights.h5'

interface Rest { readonly entries: readonly ZipEntry[], readonly weights: Hdf5Group }

export const keras: ModelFormat<'keras'> = {
  name: 'keras',
  extension: '.keras',
  description: 'Keras 3 (.keras): a zip of config.json and model.weights.h5',

  async sniff (source) {
    const names = await zipNames(source)
    return names.includes(CONFIG) && names.some((name) => name.startsWith('model.weights.'))
  },

  async read (source) {
    const entries = await openZip(source)
    const entry = (name: string) => entries.find((one) => one.name === name)
    const config = parseObject(await readEntry(entry(CONFIG), CONFIG), CONFIG)
    const metadata = entry(METADATA) === undefined ? {} : parseObject(await readEntry(entry(METADATA), METADATA), METADATA)
    refuseOthers(entries.map(({ name }) => name), config)
    const weights = await readHdf5(await entry(WEIGHTS)!.source())
    const version = typeof metadata.keras_version === 'string' ? metadata.keras_version : undefined
    const architecture = readArchitecture(config, version === undefined ? {} : { kerasVersion: version })
    return {
      format: 'keras',
      source,
      architecture,
      layers: bindKerasStore(weights, architecture),
      config,
      spelling: async () => spellingOf(new TextDecoder().decode(await readEntry(entry(CONFIG), CONFIG))),
      producer: { ...(version !== undefined && { kerasVersion: version }) },
      hasOptimizerState: weights.children.has('optimizer'),
      rest: { entries, weights } satisfies Rest,
    }
  },

  async write (model, changes, options, sink) {
    return await writeArchive(model.format === 'keras' ? await sameParts(model, changes, options) : await convertedParts(model, changes, options), sink)
  },
}

/** Names of a zip's entries; none when it is no zip. Throws as `openZip` does for a damaged one. */
export async function zipNames (source: ByteSource): Promise<string[]> {
  if (source.size < 22 || !looksLikeZip(await source.read(0, 4))) return []
  return (await openZip(source)).map(({ name }) => name)
}

/** The bytes of a JSON entry. */
async function readEntry (entry: ZipEntry | undefined, name: string): Promise<Uint8Array> {
  if (entry === undefined) throw new EspalierError('invalid-model', `the .keras file has no ${name}`, { entry: name })
  return await readJsonBytes(await entry.source(), name)
}

/** What Keras can write into a `.keras` file and is not read here, by name. */
function refuseOthers (names: readonly string[], config: Json): void {
  if (names.some((name) => name.endsWith('model.weights.json'))) {
    throw new EspalierError('unsupported-format', 'the .keras file keeps its weights in several files (model.weights.json); save it without sharding')
  }
  if (names.includes('model.weights.npz')) {
    throw new EspalierError('unsupported-format',
      'the .keras file keeps its weights as model.weights.npz; save it with weights_format="h5"')
  }
  if (!names.includes(WEIGHTS)) throw new EspalierError('invalid-model', `the .keras file has no ${WEIGHTS}`, { entry: WEIGHTS })
  const quantized = quantizedLayer(config)
  if (quantized !== undefined) {
    throw new EspalierError('unsupported-format',
      `layer ${quantized.layer} is quantized (${quantized.mode}); quantized models are not read, prune the model before it is quantized`, quantized)
  }
}

/** The first layer with a quantized dtype policy (Keras 3: QuantizedDTypePolicy, names such as `int8_from_float32`). */
function quantizedLayer (config: Json): { layer: string, mode: string } | undefined {
  const inner = isObject(config.config) ? config.config : {}
  const dtype = isObject(inner.dtype) && isObject(inner.dtype.config) ? inner.dtype : undefined
  if (dtype !== undefined && /^Quantized/.test(String(dtype.class_name))) {
    const settings = dtype.config as Json
    return { layer: String(inner.name), mode: String(settings.mode ?? settings.name ?? dtype.class_name) }
  }
  for (const layer of Array.isArray(inner.layers) ? inner.layers : []) {
    const found = isObject(layer) ? quantizedLayer(layer) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** The file's own parts: all but the weights, and the configuration of a remade model, byte for byte. */
async function sameParts (model: ModelFile, changes: TensorChanges, { compress, optimizerState }: WriteOptions): Promise<ArchivePart[]> {
  const { entries, weights } = model.rest as Rest
  const tree = model.reformed === true ? newTree(model, model.architecture, changes, compress) : specOf(weights, replacements(model, changes, compress))
  if (optimizerState === 'drop') tree.children.delete('optimizer')
  const contents = new Map<string, ArchivePart['content']>([[WEIGHTS, tree]])
  if (model.remade === true) contents.set(CONFIG, encode(respelled(await model.spelling?.(), model.config)))
  return entries.map((entry) => ({ name: entry.name, content: contents.get(entry.name) ?? entry }))
}

/** Weights by the places that `written` has for them. */
function newTree (model: ModelFile, written: Architecture, changes: TensorChanges, compress: boolean): Hdf5GroupSpec {
  assertKnown(model, changes)
  return kerasStoreSpec(model, written, (tensor) => ({ data: dataOf(tensor, changes), compress: tensor.compressed || (compress && (tensor.held === true || changes.has(tensor.key))) }))
}

function encode (text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function convertedParts (model: ModelFile, changes: TensorChanges, options: WriteOptions): Promise<ArchivePart[]> {
  assertConvertible(model, 'keras', options)
  const version = model.producer.kerasVersion?.startsWith('3.') === true ? model.producer.kerasVersion : FIRST_KERAS_3
  const compiled = kerasCompileConfig(model)
  const config = { ...toKeras3Config(model.config), ...(compiled !== undefined && { compile_config: compiled }) }
  const tree = newTree(model, readArchitecture(config, { kerasVersion: version }), changes, options.compress)
  const optimizer = options.optimizerState === 'keep' ? kerasOptimizerGroup(model) : undefined
  if (optimizer !== undefined) tree.children.set('optimizer', optimizer)
  const spelling = withMember(await model.spelling?.(), 'compile_config', compileSpelling(model))
  return [{ name: METADATA, content: encode(JSON.stringify({ keras_version: version })) }, { name: CONFIG, content: encode(respelled(spelling, config)) }, { name: WEIGHTS, content: tree }]
}

/** What a file says that was made from one of Keras 2 or TF.js: any Keras 3 reads it. */
const FIRST_KERAS_3 = '3.0.0'
