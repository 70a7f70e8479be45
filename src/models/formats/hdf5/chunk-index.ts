/** Where each chunk of a dataset is stored, from whichever of the six kinds of index the file uses. */
import { leafEntries } from './btree1.ts'
import { records } from './btree2.ts'
import { arrayElements, type ArrayElement } from './chunk-arrays.ts'
import type { Cursor } from './cursor.ts'
import { malformed } from './fail.ts'
import type { Hdf5File } from './file.ts'
import type { Hdf5Layout } from './layout.ts'

export interface StoredChunk { readonly offset: number, readonly size: number, readonly mask: number }

/** What of a dataset its chunk index depends on. `chunkBytes`: a whole chunk without filters. */
export interface ChunkedDataset {
  readonly layout: Hdf5Layout & { kind: 'chunked' }
  readonly shape: readonly number[]
  readonly maxShape: ReadonlyArray<number | undefined>
  readonly chunkBytes: number
  readonly filtered: boolean
  readonly what: string
}

/** Stored chunks by their row-major number in the grid of chunks; those not in the map were never written. */
export async function readChunkIndex (file: Hdf5File, dataset: ChunkedDataset): Promise<Map<number, StoredChunk>> {
  const { layout, chunkBytes, what } = dataset
  const chunks = new Map<number, StoredChunk>()
  const { address } = layout
  if (address === undefined) return chunks
  const grid = gridOf(dataset.shape, layout.chunkShape)
  const add = (scaled: readonly number[], chunk: StoredChunk): void => {
    // A dataset that was made smaller keeps chunks outside of its shape.
    if (scaled.some((at, axis) => at >= (grid[axis] as number))) return
    const number = rowMajor(scaled, grid)
    if (chunks.has(number)) throw malformed(what, chunk.offset, `the chunk at [${scaled.join(', ')}] is in the index twice`)
    file.assertWithin(chunk.offset, chunk.size, `the chunk at [${scaled.join(', ')}] of ${what}`)
    chunks.set(number, chunk)
  }
  switch (layout.index.kind) {
    case 'b-tree-1': await fromTree1(file, dataset, address, add); break
    case 'b-tree-2': await fromTree2(file, dataset, address, add); break
    case 'single': add(grid.map(() => 0), { offset: address, size: layout.index.storedSize ?? chunkBytes, mask: layout.index.mask }); break
    case 'implicit': {
      const maximum = fixedGrid(dataset)
      const count = maximum.reduce((product, size) => product * size, 1)
      file.assertWithin(address, count * chunkBytes, what)
      for (let i = 0; i < count; i++) add(positionOf(i, maximum), { offset: address + i * chunkBytes, size: chunkBytes, mask: 0 })
      break
    }
    case 'fixed-array': {
      const maximum = fixedGrid(dataset)
      await fromArray(file, dataset, address, (i) => positionOf(i, maximum), add)
      break
    }
    case 'extensible-array': await fromArray(file, dataset, address, extensibleOrder(dataset), add); break
  }
  return chunks
}

/** Chunks along each axis. */
export function gridOf (shape: readonly number[], chunkShape: readonly number[]): number[] {
  return shape.map((size, axis) => Math.ceil(size / (chunkShape[axis] as number)))
}

function rowMajor (position: readonly number[], sizes: readonly number[]): number {
  return position.reduce((number, at, axis) => number * (sizes[axis] as number) + at, 0)
}

/** The inverse of rowMajor; the first axis takes what is left. */
export function positionOf (number: number, sizes: readonly number[]): number[] {
  const position = new Array<number>(sizes.length).fill(0)
  for (let axis = sizes.length - 1, rest = number; axis >= 0; axis--) {
    const size = Math.max(1, sizes[axis] as number)
    position[axis] = axis === 0 ? rest : rest % size
    rest = Math.floor(rest / size)
  }
  return position
}

type Add = (scaled: readonly number[], chunk: StoredChunk) => void

async function fromTree1 (file: Hdf5File, dataset: ChunkedDataset, address: number, add: Add): Promise<void> {
  const rank = dataset.shape.length
  for await (const { key, child } of leafEntries(file, address, 1, 8 + 8 * (rank + 1), dataset.what)) {
    const size = key.u32()
    const mask = key.u32()
    const scaled = dataset.layout.chunkShape.map((length) => {
      const at = key.uint(8)
      if (at % length !== 0) throw key.fail(`a chunk begins at ${at}, which is no multiple of the chunk size ${length}`)
      return at / length
    })
    add(scaled, { offset: child, size, mask })
  }
}

async function fromTree2 (file: Hdf5File, dataset: ChunkedDataset, address: number, add: Add): Promise<void> {
  const rank = dataset.shape.length
  const { offsetSize } = file.sizes
  for await (const record of records(file, address, [dataset.filtered ? 11 : 10], dataset.what)) {
    const offset = record.place('a chunk')
    const size = dataset.filtered ? record.uint(checkedSize(record, record.bytes.length - offsetSize - 4 - 8 * rank)) : dataset.chunkBytes
    const mask = dataset.filtered ? record.u32() : 0
    add(dataset.shape.map(() => record.uint(8)), { offset, size, mask })
  }
}

function checkedSize (record: Cursor, size: number): number {
  if (size < 1 || size > 8) throw record.fail(`a record of ${record.bytes.length} bytes leaves ${size} for the size of the chunk, 1 to 8 are possible`)
  return size
}

async function fromArray (file: Hdf5File, dataset: ChunkedDataset, address: number, position: (index: number) => number[], add: Add): Promise<void> {
  const kind = dataset.layout.index.kind === 'fixed-array' ? 'fixed' : 'extensible'
  for await (const element of arrayElements(file, address, kind, dataset.filtered, dataset.what)) add(position(element.index), storedChunk(element, dataset))
}

function storedChunk (element: ArrayElement, dataset: ChunkedDataset): StoredChunk {
  return { offset: element.offset, size: element.size ?? dataset.chunkBytes, mask: element.mask }
}

/** The grid of chunks at the dataset's maximum shape, by which fixed indexes count. */
function fixedGrid (dataset: ChunkedDataset): number[] {
  const maximum = dataset.maxShape.map((size, axis) => Math.max(size ?? 0, dataset.shape[axis] as number))
  return gridOf(maximum, dataset.layout.chunkShape)
}

/** Extensible arrays count with the one unlimited axis first and the others in order. */
function extensibleOrder (dataset: ChunkedDataset): (index: number) => number[] {
  const unlimited = Math.max(0, dataset.maxShape.indexOf(undefined))
  const grid = fixedGrid(dataset)
  const [growing, ...others] = [grid[unlimited] as number, ...grid.filter((_, axis) => axis !== unlimited)]
  return (index) => {
    const [first, ...rest] = positionOf(index, [growing, ...others])
    rest.splice(unlimited, 0, first as number)
    return rest
  }
}
