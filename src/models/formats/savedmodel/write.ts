/** A SavedModel written again: changed tensors in their places, their checksums in the index, and all else byte for byte. */
import { sliceOf, streamOf } from '../../bytes.ts'
import type { ModelFile, TensorChanges } from '../../model.ts'
import { ZIP_LIMITS } from '../../zip.ts'
import { changedRaw, changeOf } from '../file-tensor.ts'
import type { ModelParts, ModelSink, WriteOptions } from '../format.ts'
import { assertKnown } from '../replacements.ts'
import { encodeProgram, fileOf, MODEL } from '../tensorflow/run-graph.ts'
import type { ArchiveFile, Change } from './archive.ts'
import type { BundleEntry } from './bundle.ts'
import { crc32c, masked } from './crc32c.ts'
import { unsupported } from './fail.ts'
import type { SavedModelRest } from './index.ts'
import { sealBlock, shown, type Block } from './table.ts'
import { bundleTensor } from './tensor.ts'

/** Within the folder of the model. */
export const INDEX = 'variables/variables.index'

/** New bytes for the place of a tensor. */
interface Patch { readonly entry: BundleEntry, data (): AsyncIterable<Uint8Array> }

/** Pieces in which shards are copied. */
const PIECE = 4 * 2 ** 20

/**
 * Gives the size of the file. With `compress` the shards that changed are deflated within the zip, so that zeros take no room; those that would be
 * too large to be read again are stored. State of an optimizer stays: the graph refers to it.
 */
export async function writeSavedModel (model: ModelFile, changes: TensorChanges, { compress }: WriteOptions, sink: ModelSink): Promise<number> {
  assertKnown(model, changes)
  const { archive, index, shards } = model.rest as SavedModelRest
  const patches = patchesOf(model, changes)
  const files = new Map<string, Change>([[index.name, { data: await patchedIndex(index.bytes, patches), deflate: false }]])
  for (const [shard, file] of shards.entries.entries()) {
    const own = patches.filter(({ entry }) => entry.shard === shard)
    if (own.length > 0) files.set(file.name, { data: patchedShard(file, own), deflate: compress && file.size <= ZIP_LIMITS.memoryBytes })
  }
  let size = 0
  for await (const bytes of archive.rewritten(files)) {
    await sink.write(size, bytes)
    size += bytes.length
  }
  return size
}

/** What TensorFlow loads: the graph that is run, the index and all values with `changes`. */
export async function savedModelParts (model: ModelFile, changes: TensorChanges): Promise<ModelParts> {
  assertKnown(model, changes)
  const { index, shards, program } = model.rest as SavedModelRest
  if (program === undefined) throw unsupported('it is not run here')
  const patches = patchesOf(model, changes)
  return {
    main: MODEL,
    files: [
      fileOf(MODEL, encodeProgram(program)),
      fileOf(INDEX, [await patchedIndex(index.bytes, patches)]),
      ...shards.entries.map((file, shard) => ({ name: file.name.slice(file.name.lastIndexOf('variables/')), bytes: file.size, content: () => patchedShard(file, patches.filter(({ entry }) => entry.shard === shard)) })),
    ],
  }
}

function patchesOf (model: ModelFile, changes: TensorChanges): Patch[] {
  const { places, shards } = model.rest as SavedModelRest
  return model.layers.flatMap(({ weights }) => weights).filter(({ tensor }) => changes.has(tensor.key)).flatMap(({ tensor }) => {
    const change = changeOf(tensor, changes)!
    return places.get(tensor.key)!.map(({ entry, from }) => {
      const part = bundleTensor(tensor.key, entry.shape, tensor.type, [{ entry, from: 0 }], shards.sourceOf)
      return { entry, data: () => changedRaw(part, change, { from }) }
    })
  })
}

/** The index with the checksums of the changed tensors, and of the blocks they stand in. They have a fixed width, so nothing moves. */
async function patchedIndex (before: Uint8Array, patches: readonly Patch[]): Promise<Uint8Array> {
  const bytes = before.slice()
  const view = new DataView(bytes.buffer)
  const blocks = new Map<number, Block>()
  for (const { entry, data } of patches) {
    let crc = 0
    for await (const piece of data()) crc = crc32c(piece, crc)
    if (entry.crcAt === undefined) throw unsupported(`"${shown(entry.key)}" has no checksum in the index, so it cannot be changed`)
    view.setUint32(entry.crcAt, masked(crc), true)
    blocks.set(entry.block.at, entry.block)
  }
  for (const block of blocks.values()) sealBlock(bytes, block)
  return bytes
}

async function * patchedShard (file: ArchiveFile, patches: readonly Patch[]): AsyncGenerator<Uint8Array> {
  const source = await file.source()
  let at = 0
  for (const { entry, data } of [...patches].sort((a, b) => a.entry.offset - b.entry.offset)) {
    yield * streamOf(sliceOf(source, at, entry.offset - at), PIECE)
    yield * data()
    at = entry.offset + entry.size
  }
  yield * streamOf(sliceOf(source, at, source.size - at), PIECE)
}
