/** Writing of TF.js layers models: the file's own model.json where it still holds, else a new one. */
import { EspalierError } from '../../errors.ts'
import type { ArchitectureLayer } from '../architecture/types.ts'
import type { LayerWeight, ModelFile, TensorChanges } from '../model.ts'
import { writeZip, type ZipInput } from '../zip.ts'
import { lastPart, rolesInFiles } from './binding.ts'
import { toTfjsConfig } from './conversion/tfjs.ts'
import { assertConvertible } from './convertible.ts'
import { dataAsFloat32, dataOf, piecesOf, withRaw, type FileTensor } from './file-tensor.ts'
import type { ModelSink, WriteOptions } from './format.ts'
import { isObject, readJsonBytes, type Json } from './json.ts'
import { respelled, spellingOf, withMember, type Spelling } from './json-spelling.ts'
import { assertKnown, heldTensors } from './replacements.ts'
import type { LayersWeight, TfjsRest } from './tfjs-layers.ts'
import { isStoredPlainly } from './tfjs-tensor.ts'

/** TF.js' own size of a shard, made for browsers' caches. */
const SHARD_BYTES = 4 * 2 ** 20

interface OutputWeight { readonly name: string, readonly shape: readonly number[], readonly dtype: string, data (): AsyncIterable<Uint8Array>, readonly bytes: number }

/** A group as it is written: weights, and the shards they are cut into. */
interface OutputGroup { readonly weights: readonly OutputWeight[], readonly shards: ReadonlyArray<{ readonly path: string, readonly size: number }> }

/** The file again with `changes`. Its model.json is kept byte for byte unless weights were quantized, optimizer state is dropped, or the model was remade. */
export async function writeSame (model: ModelFile, changes: TensorChanges, { optimizerState }: WriteOptions, sink: ModelSink): Promise<number> {
  assertKnown(model, changes)
  const { entries, folder, model: json, groups } = model.rest as TfjsRest
  const all = groups.flatMap(({ weights }) => weights)
  const isKept = (weight: LayersWeight) => !(optimizerState === 'drop' && weight.isOptimizer)
  const held = heldTensors(model)
  const isSame = model.remade !== true && all.every((weight) => weight.quantization === undefined && isKept(weight))
  const output = model.reformed === true
    ? [newGroup(model, changes)]
    : groups.map(({ paths, sizes, weights }, index): OutputGroup => {
      const kept = weights.filter(isKept).map(({ name, tensor }) => sameWeight(name, held.get(tensor.key) ?? tensor, changes))
      return { weights: kept, shards: isSame ? paths.map((path, at) => ({ path, size: sizes[at]! })) : shardsFor(kept, index + 1) }
    })
  const shardNames = new Set(groups.flatMap(({ paths }) => paths.map((path) => folder + path)))
  const manifest = output.filter(({ weights }) => weights.length > 0 || isSame).map(manifestOf)
  const written = { ...json, ...(model.remade === true && { modelTopology: topologyOf(json, model.config) }), weightsManifest: manifest }
  const inputs = async function * (): AsyncGenerator<ZipInput> {
    for (const entry of entries) {
      if (shardNames.has(entry.name)) continue
      const isModel = entry.name === `${folder}model.json`
      if (isModel) {
        const given = await readJsonBytes(await entry.source(), entry.name)
        yield { name: entry.name, content: isSame ? given : jsonBytes(written, spellingOf(new TextDecoder().decode(given))) }
      } else yield { name: entry.name, content: entry.stream() }
    }
    for (const group of output) yield * shardInputs(group, folder)
  }
  return await writeAll(inputs(), sink)
}

/** The configuration stands in "model_config", or is the topology itself. */
function topologyOf ({ modelTopology }: Json, config: Json): Json {
  return isObject(modelTopology) && isObject(modelTopology.model_config) ? { ...modelTopology, model_config: config } : config
}

/** A model of another format, with the configuration of Keras 2 and weights named `<layer>/<role>`. */
export async function writeConverted (model: ModelFile, changes: TensorChanges, options: WriteOptions, sink: ModelSink): Promise<number> {
  assertKnown(model, changes)
  assertConvertible(model, 'tfjs-layers', options)
  const topology = { keras_version: model.producer.kerasVersion ?? '3.0.0', backend: 'tensorflow', model_config: toTfjsConfig(model.config) }
  const group = newGroup(model, changes)
  const json = { format: 'layers-model', generatedBy: `keras v${topology.keras_version}`, convertedBy: 'Espalier', modelTopology: topology, weightsManifest: group.weights.length > 0 ? [manifestOf(group)] : [] }
  const spelling = withMember({}, 'modelTopology', withMember({}, 'model_config', await model.spelling?.()))
  const inputs = async function * (): AsyncGenerator<ZipInput> {
    yield { name: 'model.json', content: jsonBytes(json, spelling) }
    yield * shardInputs(group, '')
  }
  return await writeAll(inputs(), sink)
}

/** All weights, named `<layer>/<role>`. Throws `unsupported-format` where two have one name. */
function newGroup (model: ModelFile, changes: TensorChanges): OutputGroup {
  const weights = model.layers.flatMap(({ path, layer, weights }) => weights.map((weight) => widened(`${lastPart(path)}/${tfjsRole(layer, weight)}`, withRaw(weight.tensor), changes)))
  const names = new Set<string>()
  for (const { name } of weights) {
    if (names.has(name)) {
      throw new EspalierError('unsupported-format',
        `two layers have a weight ${name}; TF.js tells weights apart by the layer's own name, so rename one of them`,
        { weight: name })
    }
    names.add(name)
  }
  return { weights, shards: shardsFor(weights, 1) }
}

/** TF.js goes by the names of Keras 2. */
function tfjsRole (layer: ArchitectureLayer, { role, spec }: LayerWeight): string {
  return spec === undefined ? role : rolesInFiles({ layer, spec }).at(-1)!
}

function sameWeight (name: string, tensor: FileTensor, changes: TensorChanges): OutputWeight {
  return { name, shape: tensor.shape, dtype: tensor.type, data: piecesOf(dataOf(tensor, changes)), bytes: bytesOf(tensor, tensor.datatype.size) }
}

/** Types that TF.js does not have become float32. */
function widened (name: string, tensor: FileTensor, changes: TensorChanges): OutputWeight {
  if (isStoredPlainly(tensor)) return sameWeight(name, tensor, changes)
  return { name, shape: tensor.shape, dtype: 'float32', data: piecesOf(dataAsFloat32(tensor, changes)), bytes: bytesOf(tensor, 4) }
}

function bytesOf ({ shape }: FileTensor, size: number): number {
  return shape.reduce((product, length) => product * length, size)
}

function shardsFor (weights: readonly OutputWeight[], group: number): Array<{ path: string, size: number }> {
  const total = weights.reduce((sum, { bytes }) => sum + bytes, 0)
  const count = Math.max(1, Math.ceil(total / SHARD_BYTES))
  return Array.from({ length: count }, (_, index) => ({ path: `group${group}-shard${index + 1}of${count}.bin`, size: Math.min(SHARD_BYTES, total - index * SHARD_BYTES) }))
}

function manifestOf ({ weights, shards }: OutputGroup) {
  return { paths: shards.map(({ path }) => path), weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }
}

/** The weights' bytes one behind the other, cut into the shards. */
async function * shardInputs ({ weights, shards }: OutputGroup, folder: string): AsyncGenerator<ZipInput> {
  const pieces = (async function * () { for (const weight of weights) yield * weight.data() })()
  let rest = new Uint8Array()
  for (const { path, size } of shards) {
    yield { name: folder + path, content: take(size) }
  }

  async function * take (size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      if (rest.length === 0) {
        const next = await pieces.next()
        if (next.done === true) throw new EspalierError('internal', `the weights end ${left} bytes before their shard`)
        rest = next.value as Uint8Array<ArrayBuffer>
      }
      const part = rest.subarray(0, left)
      rest = rest.subarray(part.length)
      left -= part.length
      yield part
    }
  }
}

function jsonBytes (value: unknown, before: Spelling | undefined): Uint8Array {
  return new TextEncoder().encode(respelled(before, value))
}

async function writeAll (inputs: AsyncIterable<ZipInput>, sink: ModelSink): Promise<number> {
  let size = 0
  for await (const bytes of writeZip(inputs)) {
    await sink.write(size, bytes)
    size += bytes.length
  }
  return size
}
