/** What the tests of model formats share: fixtures in memory, a sink in memory, pruning, and the HDF5 tree inside of a file. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readHdf5, specOf, writeHdf5, type Hdf5Group, type Hdf5GroupSpec, type Hdf5Replacement, type Hdf5Dataset } from '../../../src/models/formats/hdf5/index.ts'
import { readModel, writeModel, type FormatName } from '../../../src/models/formats/index.ts'
import type { WriteOptions } from '../../../src/models/formats/format.ts'
import type { ModelFile, HeldChanges } from '../../../src/models/model.ts'
import { sizeOf } from '../../../src/models/tensor.ts'
import { openZip, writeZip, type ZipInput } from '../../../src/models/zip.ts'
import { pruneMagnitude } from '../../../src/pruning/prune.ts'
import { pathOf } from '../../support/fixtures.ts'

export const PLAIN: WriteOptions = { compress: false, optimizerState: 'keep' }
export const SMALL: WriteOptions = { compress: true, optimizerState: 'drop' }

export function bytesOf (name: string): Uint8Array {
  return new Uint8Array(readFileSync(pathOf(name)))
}

export async function modelOf (name: string): Promise<ModelFile> {
  return await readModel(bytesInMemory(bytesOf(name)))
}

/** A sink that keeps the file; no byte may be written twice. */
export function memorySink () {
  const parts: Array<{ offset: number, bytes: Uint8Array }> = []
  return {
    async write (offset: number, bytes: Uint8Array) { parts.push({ offset, bytes: bytes.slice() }) },
    file (): Uint8Array {
      const sorted = parts.filter(({ bytes }) => bytes.length > 0).sort((a, b) => a.offset - b.offset)
      sorted.forEach(({ offset }, index) => {
        const before = sorted[index - 1]
        assert.ok(before === undefined || before.offset + before.bytes.length <= offset, `byte ${offset} is written twice`)
      })
      const last = sorted.at(-1)
      const bytes = new Uint8Array(last === undefined ? 0 : last.offset + last.bytes.length)
      for (const part of sorted) bytes.set(part.bytes, part.offset)
      return bytes
    },
  }
}

export async function write (model: ModelFile, changes: HeldChanges, format: FormatName, options: WriteOptions): Promise<Uint8Array> {
  const sink = memorySink()
  await writeModel(model, changes, format, options, sink)
  return sink.file()
}

/** The changes of pruning all prunable weights together to `sparsity`. */
export async function pruned (model: ModelFile, sparsity: number): Promise<Map<string, Float32Array>> {
  const pool = []
  for (const layer of model.layers) {
    for (const { role, prunable, tensor } of layer.weights) {
      if (prunable) pool.push({ name: `${layer.path}/${role}`, layer: layer.path, key: tensor.key, values: (await tensor.read()).slice() })
    }
  }
  pruneMagnitude(pool, { sparsity, scope: 'global' })
  return new Map(pool.map(({ key, values }) => [key, values]))
}

/** All weights by `layer/role`. */
export async function weightsOf (model: ModelFile, changes: HeldChanges = new Map()): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>()
  for (const { path, weights } of model.layers) {
    for (const { role, tensor } of weights) {
      assert.ok(!found.has(`${path}/${role}`), `${path}/${role} is there twice`)
      found.set(`${path}/${role}`, changes.get(tensor.key) ?? await tensor.read())
    }
  }
  return found
}

export function parametersOf (model: ModelFile): number {
  return model.layers.flatMap(({ weights }) => weights).reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0)
}

/** The HDF5 tree of an `.h5` file, or of the weights in a `.keras` file. */
export async function treeOf (file: Uint8Array): Promise<Hdf5Group> {
  if (file[0] !== 0x50) return await readHdf5(bytesInMemory(file))
  const entry = (await openZip(bytesInMemory(file))).find(({ name }) => name === 'model.weights.h5')
  return await readHdf5(await entry!.source())
}

/** The file with its HDF5 tree edited: `edit` may delete from and add to the maps of the spec. */
export async function withTree (file: Uint8Array, edit: (spec: Hdf5GroupSpec) => void, replace?: (dataset: Hdf5Dataset) => Hdf5Replacement | undefined): Promise<Uint8Array> {
  const spec = specOf(await treeOf(file), replace)
  edit(spec)
  const sink = memorySink()
  await writeHdf5(spec, sink)
  return file[0] === 0x50 ? await withEntry(file, 'model.weights.h5', sink.file()) : sink.file()
}

/** The zip with one entry replaced, or left out when `content` is null. */
export async function withEntry (file: Uint8Array, name: string, content: Uint8Array | null): Promise<Uint8Array> {
  const inputs: ZipInput[] = []
  for (const entry of await openZip(bytesInMemory(file))) {
    if (entry.name !== name) inputs.push({ name: entry.name, content: entry.stream() })
    else if (content !== null) inputs.push({ name, content })
  }
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(inputs)) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}

export async function entryOf (file: Uint8Array, name: string): Promise<Uint8Array> {
  const entry = (await openZip(bytesInMemory(file))).find((one) => one.name === name)
  assert.ok(entry !== undefined, `${name} is missing`)
  const source = await entry.source()
  return (await source.read(0, source.size)).slice()
}

/** The group at a path of a spec. */
export function groupIn (spec: Hdf5GroupSpec, path: string): Hdf5GroupSpec {
  let group = spec
  for (const part of path.split('/')) {
    const child = group.children.get(part)
    assert.ok(child?.kind === 'group', `no group ${part} of ${path}`)
    group = child
  }
  return group
}
