/** What the HDF5 tests share: fixtures, a sink in memory, and walking over a tree. */
import { readFileSync } from 'node:fs'
import { bytesInMemory, sliceOf, type ByteSource } from '../../../src/models/bytes.ts'
import { readHdf5, writeHdf5, type Hdf5Dataset, type Hdf5Group, type Hdf5GroupSpec } from '../../../src/models/formats/hdf5/index.ts'

const FIXTURES = new URL('../../fixtures/', import.meta.url)

/** One object as h5py sees it (test/interop/hdf5_check.py). */
export interface Expected {
  attributes: Record<string, unknown>
  children?: string[]
  shape?: number[]
  dtype?: string
  null?: boolean
  strings?: string[]
  sha256?: string
  sum?: number | string
  first?: Array<number | string>
}

export const EXPECTED = JSON.parse(readFileSync(new URL('hdf5/expected.json', FIXTURES), 'utf8')) as Record<string, Record<string, Expected>>

/** The bytes of a fixture by its name in expected.json. */
export function fixture (name: string): ByteSource {
  if (name.startsWith('models/')) return bytesInMemory(readFileSync(new URL(`${name}.h5`, FIXTURES)))
  if (name === 'lenet5.keras') return innerFile(readFileSync(new URL('../../examples/lenet5.keras', FIXTURES)))
  if (name.endsWith('.keras')) return innerFile(readFileSync(new URL(`models/${name}`, FIXTURES)))
  return bytesInMemory(readFileSync(new URL(`hdf5/${name}.h5`, FIXTURES)))
}

/** The stored entry model.weights.h5 of a .keras file, found by the central directory. */
function innerFile (zip: Buffer): ByteSource {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  let at = zip.readUInt32LE(end + 16)
  for (let i = zip.readUInt16LE(end + 10); i > 0; i--) {
    const nameLength = zip.readUInt16LE(at + 28)
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength)
    const local = zip.readUInt32LE(at + 42)
    if (name === 'model.weights.h5' && zip.readUInt16LE(at + 10) === 0) {
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
      return sliceOf(bytesInMemory(zip), start, zip.readUInt32LE(at + 24))
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  throw new Error('the archive has no stored model.weights.h5')
}

/** All objects of a tree, parents first. */
export function * objectsOf (node: Hdf5Group | Hdf5Dataset): Generator<Hdf5Group | Hdf5Dataset> {
  yield node
  if (node.kind === 'group') for (const child of node.children.values()) yield * objectsOf(child)
}

export function datasetAt (root: Hdf5Group, path: string): Hdf5Dataset {
  for (const object of objectsOf(root)) if (object.path === path && object.kind === 'dataset') return object
  throw new Error(`no dataset ${path}`)
}

/** Writes a spec into memory; every byte of the file is written exactly once, except for padding. */
export async function written (spec: Hdf5GroupSpec): Promise<Uint8Array> {
  const parts: Array<{ offset: number, bytes: Uint8Array }> = []
  const size = await writeHdf5(spec, { async write (offset, bytes) { parts.push({ offset, bytes: bytes.slice() }) } })
  const file = new Uint8Array(size)
  for (const { offset, bytes } of parts) file.set(bytes, offset)
  return file
}

export async function reread (spec: Hdf5GroupSpec): Promise<Hdf5Group> {
  return await readHdf5(bytesInMemory(await written(spec)))
}
