/** A TF.js graph model written again: the numbers of changed weights where they lie in the shards, and all else byte for byte. */
import type { ModelFile, TensorChange, TensorChanges } from '../../model.ts'
import { NUMBER_TYPES } from '../../tensor.ts'
import { writeZip, ZIP_LIMITS, type ZipEntry, type ZipInput } from '../../zip.ts'
import { changeOf, encoderOf } from '../file-tensor.ts'
import type { ModelSink, WriteOptions } from '../format.ts'
import { datatypeOf } from '../hdf5/index.ts'
import { assertKnown } from '../replacements.ts'
import type { Program } from '../tensorflow/run-graph.ts'
import type { ManifestGroup, ManifestWeight } from '../tfjs-manifest.ts'
import { requantized } from './affine.ts'

/** What the format needs to write the file back. */
export interface TfjsGraphRest {
  readonly entries: readonly ZipEntry[]
  /** The folder of model.json, with a slash at its end, or ''. */
  readonly folder: string
  readonly groups: readonly ManifestGroup[]
  /** What is run, without the values of its constants; absent when it is not run. */
  readonly program?: Program
}

/** A shard: the bytes from `start` to `end` of its group. */
interface Shard { readonly group: ManifestGroup, readonly start: number, readonly end: number }

/** Bytes that are copied or changed at once. */
const PIECE = 2 ** 20

/**
 * Gives the size of the file. With `compress` the shards that changed are deflated within the zip, so that zeros take no room; those that would be
 * too large to be read again are stored. Throws `unsupported-format` for numbers that a quantized weight cannot take.
 */
export async function writeGraphModel (model: ModelFile, changes: TensorChanges, { compress }: WriteOptions, sink: ModelSink): Promise<number> {
  assertKnown(model, changes)
  for (const { weights } of model.layers) for (const { tensor } of weights) changeOf(tensor, changes)
  const { entries, folder, groups } = model.rest as TfjsGraphRest
  const shards = new Map(groups.flatMap((group) => shardsOf(group).map(({ path, ...shard }) => [folder + path, shard])))
  const inputs = entries.map((entry): ZipInput => {
    const shard = shards.get(entry.name)
    const isChanged = shard?.group.weights.some((weight) => changes.has(weight.name) && weight.at < shard.end && weight.at + weight.bytes > shard.start) === true
    const deflate = entry.method === 'deflated' || (compress && isChanged && entry.size <= ZIP_LIMITS.memoryBytes)
    return { name: entry.name, deflate, content: isChanged ? patched(shard!, changes) : entry.stream() }
  })
  let size = 0
  for await (const bytes of writeZip(inputs)) {
    await sink.write(size, bytes)
    size += bytes.length
  }
  return size
}

function shardsOf (group: ManifestGroup): Array<Shard & { readonly path: string }> {
  let end = 0
  return group.paths.map((path, index) => {
    const start = end
    end += group.sizes[index]!
    return { path, group, start, end }
  })
}

/** The bytes of a shard with the changes of the weights that lie in it, wholly or in part. */
async function * patched ({ group, start, end }: Shard, changes: TensorChanges): AsyncGenerator<Uint8Array> {
  for (const weight of group.weights) {
    const values = changes.get(weight.name)
    const last = Math.min(end, weight.at + weight.bytes)
    for (let at = Math.max(start, weight.at); at < last;) {
      const next = Math.min(last, at + PIECE)
      yield values === undefined ? await group.source.read(at, next - at) : await changedBytes(group, weight, values, at, next)
      at = next
    }
  }
}

/** Bytes `from` to `to` of a group within a changed weight. A shard may end within an element: whole ones are encoded, and cut. */
export async function changedBytes ({ source }: ManifestGroup, weight: ManifestWeight, change: TensorChange, from: number, to: number): Promise<Uint8Array> {
  const width = NUMBER_TYPES[weight.stored!]
  const [first, last] = [Math.floor((from - weight.at) / width), Math.ceil((to - weight.at) / width)]
  const start = weight.at + first * width
  const before = (await source.read(start, (last - first) * width)).slice()
  const isAffine = weight.quantization !== undefined && weight.quantization.dtype !== 'float16'
  const bytes = isAffine ? requantized(weight, affineValues(weight, change, first, before), before) : encoderOf({ datatype: datatypeOf(weight.stored!) }, change)(first, before)
  return bytes.subarray(from - start, to - start)
}

/** New numbers for the integers `before`, those from number `first` on. What is streamed is cut as the numbers that the integers stand for. */
function affineValues (weight: ManifestWeight, change: TensorChange, first: number, before: Uint8Array): Float32Array {
  if (change instanceof Float32Array) return change.subarray(first, first + before.length / NUMBER_TYPES[weight.stored!])
  const { scale, min } = weight.quantization!
  const values = Float32Array.from(weight.stored === 'uint16' ? new Uint16Array(before.buffer, before.byteOffset, before.length / 2) : before, (code) => code * scale + min)
  change.apply(first, new Uint8Array(values.buffer))
  return values
}
