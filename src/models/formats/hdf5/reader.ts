/** Reading of a whole HDF5 file: the tree of groups and datasets with all their metadata. */
import type { ByteSource } from '../../bytes.ts'
import { readAttributes, type Hdf5Attribute } from './attributes.ts'
import { Hdf5Dataset } from './dataset.ts'
import { readDataspace } from './dataspace.ts'
import { readDatatype, refuseCommitted } from './datatype.ts'
import { malformed, tooMuch, unsupported } from './fail.ts'
import { Hdf5File } from './file.ts'
import { readFilters } from './filters.ts'
import { GlobalHeap } from './global-heap.ts'
import { readFillValue, readLayout } from './layout.ts'
import { MAX_DEPTH } from './limits.ts'
import { isGroup, readLinks } from './links.ts'
import { MESSAGE, messageOf, readObjectHeader, type Message } from './object-header.ts'
import { readSuperblock } from './superblock.ts'

/** Letters of a name that a message shows. */
const MAX_SHOWN = 200

export interface Hdf5Group {
  readonly kind: 'group'
  /** `/` for the root, `/a/b` below. */
  readonly path: string
  readonly attributes: Map<string, Hdf5Attribute>
  /** In order of creation when the file tracks it, else in the order of names. */
  readonly children: Map<string, Hdf5Group | Hdf5Dataset>
}

/**
 * Reads the tree of an HDF5 file; values of datasets are read later, from `source`, which must stay open.
 *
 * Understands superblocks 0 to 3 and what h5py and Keras write. Throws `invalid-model` for a file that breaks the format or a limit of limits.ts
 * and `unsupported-format` for soft and external links, committed datatypes, external and virtual storage.
 */
export async function readHdf5 (source: ByteSource): Promise<Hdf5Group> {
  const file = new Hdf5File(source)
  const root = await readSuperblock(file)
  const object = await readObject({ file, heap: new GlobalHeap(file), ancestors: new Set() }, root, '/')
  if (object.kind !== 'group') throw malformed('/', root, 'the root of the file is not a group')
  return object
}

interface Walk { readonly file: Hdf5File, readonly heap: GlobalHeap, readonly ancestors: Set<number> }

async function readObject (walk: Walk, address: number, path: string): Promise<Hdf5Group | Hdf5Dataset> {
  const { file, ancestors } = walk
  file.countObject(path, address)
  if (ancestors.has(address)) throw malformed(path, address, 'the group contains itself')
  if (ancestors.size >= MAX_DEPTH) throw tooMuch(path, address, 'the depth of groups', ancestors.size + 1, MAX_DEPTH)
  const messages = await readObjectHeader(file, address, path)
  if (!isGroup(messages)) return await readDataset(walk, messages, address, path)
  const attributes = await readAttributes(file, walk.heap, messages, path)
  const children = new Map<string, Hdf5Group | Hdf5Dataset>()
  ancestors.add(address)
  for (const link of await readLinks(file, messages, path)) {
    if (link.name === '' || link.name === '.' || link.name.includes('/')) throw malformed(path, link.address, `${JSON.stringify(link.name.slice(0, MAX_SHOWN))} cannot be a name: it may not be empty, "." or hold "/"`)
    if (children.has(link.name)) throw malformed(path, link.address, `the name "${link.name}" is there twice`)
    children.set(link.name, await readObject(walk, link.address, `${path === '/' ? '' : path}/${link.name}`))
  }
  ancestors.delete(address)
  return { kind: 'group', path, attributes, children }
}

async function readDataset (walk: Walk, messages: readonly Message[], offset: number, path: string): Promise<Hdf5Dataset> {
  const type = messageOf(messages, MESSAGE.datatype)
  const dataspace = messageOf(messages, MESSAGE.dataspace)
  const place = messageOf(messages, MESSAGE.layout)
  if (type !== undefined && dataspace === undefined && place === undefined) throw unsupported(path, 'it is a committed (named) datatype, which is not read here')
  if (type === undefined || dataspace === undefined || place === undefined) {
    const missing = [type ?? 'datatype', dataspace ?? 'dataspace', place ?? 'layout'].filter((part) => typeof part === 'string')
    throw malformed(path, offset, `it is neither a group nor a dataset: its header has no ${missing.join(', no ')}`)
  }
  refuseCommitted(type.shared, path)
  if (dataspace.shared) throw unsupported(path, 'it uses a shared dataspace, which is not read here')
  const filters = messageOf(messages, MESSAGE.filters)
  if (filters?.shared === true) throw unsupported(path, 'it uses a shared filter pipeline, which is not read here')
  if (messageOf(messages, MESSAGE.externalFiles) !== undefined) throw unsupported(path, 'its values are stored in other files, which is not read here')
  const datatype = readDatatype(type.body)
  const space = readDataspace(dataspace.body)
  return new Hdf5Dataset(walk.file, walk.heap, {
    path,
    offset,
    attributes: await readAttributes(walk.file, walk.heap, messages, path),
    space,
    datatype,
    layout: readLayout(place.body, space.shape, datatype.size, path),
    filters: filters === undefined ? [] : readFilters(filters.body),
    fill: readFillValue(messages, datatype.size, path),
  })
}
