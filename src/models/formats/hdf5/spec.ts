/** What is to be written: trees of groups and datasets, made anew or from a file that was read. */
import { EspalierError } from '../../../errors.ts'
import type { Hdf5Attribute } from './attributes.ts'
import type { Hdf5Dataset } from './dataset.ts'
import type { Hdf5Datatype } from './datatype.ts'
import { unsupported } from './fail.ts'
import { DEFLATE } from './filters.ts'
import type { Hdf5Group } from './reader.ts'

/** `raw` is ignored for variable-length strings; `items` holds the bytes of each. A Hdf5Attribute is one. */
export type Hdf5AttributeSpec = Pick<Hdf5Attribute, 'shape' | 'isNull' | 'datatype' | 'raw' | 'items'>

/** Names are in the keys of `children`; a symbol table stores them in the order of their bytes. */
export interface Hdf5GroupSpec {
  readonly kind: 'group'
  readonly attributes: Map<string, Hdf5AttributeSpec>
  readonly children: Map<string, Hdf5NodeSpec>
}

/** Raw elements in row-major order, all at once or in pieces of any size. Called once, when it is the dataset's turn. */
export type Hdf5Data = () => Promise<Uint8Array> | AsyncIterable<Uint8Array>

export interface Hdf5DatasetSpec {
  readonly kind: 'dataset'
  readonly shape: readonly number[]
  readonly isNull?: boolean
  readonly datatype: Hdf5Datatype
  readonly attributes: Map<string, Hdf5AttributeSpec>
  /** For a dataset of variable-length strings `items` is used instead. */
  readonly data: Hdf5Data
  readonly items?: () => Promise<readonly Uint8Array[]>
  /** As shuffled and gzipped chunks; datasets too small to gain from it are written contiguously all the same. */
  readonly compress: boolean
}

export type Hdf5NodeSpec = Hdf5GroupSpec | Hdf5DatasetSpec

/** Other values for a dataset, in its datatype; `shape` when it changes too. */
export interface Hdf5Replacement { readonly data: Hdf5Data, readonly compress: boolean, readonly shape?: readonly number[] }

/**
 * A spec that writes `group` again with the same attributes, datatypes and values. Datasets for which `replace` gives something get those values;
 * others stay compressed if they were. Whatever should be left out is deleted from the maps of the result.
 */
export function specOf (group: Hdf5Group, replace: (dataset: Hdf5Dataset) => Hdf5Replacement | undefined = () => undefined): Hdf5GroupSpec {
  const children = new Map<string, Hdf5NodeSpec>()
  for (const [name, child] of group.children) children.set(name, child.kind === 'group' ? specOf(child, replace) : datasetSpec(child, replace(child)))
  return { kind: 'group', attributes: new Map(group.attributes), children }
}

function datasetSpec (dataset: Hdf5Dataset, replacement: Hdf5Replacement | undefined): Hdf5DatasetSpec {
  const { shape, isNull, datatype } = dataset
  return {
    kind: 'dataset',
    shape: replacement?.shape ?? shape,
    isNull,
    datatype,
    attributes: new Map(dataset.attributes),
    data: replacement?.data ?? (() => dataset.chunks()),
    ...(datatype.kind === 'variable-string' && { items: async () => await dataset.items() }),
    compress: replacement?.compress ?? dataset.filters.some(({ id }) => id === DEFLATE),
  }
}

/** Types that hold references into the file they come from cannot be copied by their bytes. */
const PLAIN_OTHERS = new Set(['opaque', 'bit field', 'integer of unusual bits', 'float of unusual bits'])

/** Throws for a datatype whose raw elements would mean nothing in another file. */
export function assertCopyable (datatype: Hdf5Datatype, what: string): void {
  if (datatype.kind === 'other' && !PLAIN_OTHERS.has(datatype.name)) {
    throw unsupported(what, `values of class ${datatype.name} cannot be written; numbers, bool and strings can`)
  }
}

/** Throws unless `actual` bytes are what `shape` and `datatype` need. */
export function assertBytes (actual: number, expected: number, what: string): void {
  if (actual === expected) return
  throw new EspalierError('shape-mismatch', `HDF5: ${what}: ${actual} bytes were given, shape and datatype need ${expected}`, { what, actual, expected })
}
