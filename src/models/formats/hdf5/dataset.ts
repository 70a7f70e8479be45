/** A dataset: what it is, where its bytes lie, and reading them whole or in pieces. */
import { fixedStrings, type Hdf5Attribute } from './attributes.ts'
import { gridOf, positionOf, readChunkIndex, type StoredChunk } from './chunk-index.ts'
import { copyChunk } from './chunk-copy.ts'
import { Cursor } from './cursor.ts'
import type { Dataspace } from './dataspace.ts'
import type { Hdf5Datatype } from './datatype.ts'
import { allocate, malformed, tooMuch, unsupported } from './fail.ts'
import type { Hdf5File } from './file.ts'
import { checkFilters, undoFilters, DEFLATE, type Hdf5Filter } from './filters.ts'
import type { GlobalHeap } from './global-heap.ts'
import type { Hdf5Layout } from './layout.ts'
import { MAX_BAND_BYTES, MAX_EXPANSION, MAX_UNSTORED_BYTES } from './limits.ts'
import { decodeText, untilNull } from './strings.ts'

/** Everything the header of a dataset says. */
export interface DatasetHeader {
  readonly path: string
  readonly offset: number
  readonly attributes: Map<string, Hdf5Attribute>
  readonly space: Dataspace
  readonly datatype: Hdf5Datatype
  readonly layout: Hdf5Layout
  readonly filters: readonly Hdf5Filter[]
  readonly fill: Uint8Array | undefined
}

/** Bytes a piece of `chunks` has by default at most, chunked layouts aside. */
const PIECE_BYTES = 1 << 20

export class Hdf5Dataset {
  readonly kind = 'dataset'
  readonly path: string
  readonly attributes: Map<string, Hdf5Attribute>
  readonly shape: number[]
  /** No element at all (h5py's Empty). */
  readonly isNull: boolean
  readonly datatype: Hdf5Datatype
  /** Offsets are absolute; the bytes of a contiguous dataset may be read and overwritten in place. */
  readonly layout: Hdf5Layout
  readonly filters: readonly Hdf5Filter[]
  /** Bytes of all elements. */
  readonly byteLength: number
  readonly #file: Hdf5File
  readonly #heap: GlobalHeap
  readonly #header: DatasetHeader
  #index: Promise<Map<number, StoredChunk>> | undefined

  constructor (file: Hdf5File, heap: GlobalHeap, header: DatasetHeader) {
    this.#file = file
    this.#heap = heap
    this.#header = header
    this.path = header.path
    this.attributes = header.attributes
    this.shape = header.space.shape
    this.isNull = header.space.isNull
    this.datatype = header.datatype
    this.layout = header.layout
    this.filters = header.filters
    this.byteLength = header.space.elements * header.datatype.size
    this.#check()
  }

  /** All elements as they are stored, in row-major order. */
  async read (): Promise<Uint8Array> {
    const all = allocate(this.byteLength, this.path)
    let at = 0
    for await (const piece of this.chunks(Infinity)) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }

  /**
   * The same bytes in order, in pieces of whole elements. A piece has at most `bytes` bytes; held at once is that much, or for chunked layouts
   * one row of chunks.
   */
  async * chunks (bytes = PIECE_BYTES): AsyncGenerator<Uint8Array> {
    const step = Math.max(1, Math.floor(bytes / this.datatype.size)) * this.datatype.size
    const { layout } = this
    if (layout.kind === 'chunked') {
      for await (const band of this.#bands(layout)) {
        for (let at = 0; at < band.length; at += step) yield band.subarray(at, Math.min(band.length, at + step))
      }
      return
    }
    // Pieces are bounded even when all is asked for, so that no second copy of the dataset is held.
    const piece = Math.min(step, Math.max(PIECE_BYTES, this.datatype.size))
    for (let at = 0; at < this.byteLength; at += piece) {
      const length = Math.min(piece, this.byteLength - at)
      yield layout.offset === undefined ? this.#filled(length) : await this.#file.data(layout.offset + at, length, this.path)
    }
  }

  /** The bytes of each string of a dataset of variable-length strings. */
  async items (): Promise<Uint8Array[]> {
    if (this.datatype.kind !== 'variable-string') throw unsupported(this.path, 'its elements are not variable-length strings')
    const raw = new Cursor(await this.read(), this.#header.offset, this.path, this.#file.sizes)
    return await this.#heap.elements(raw, this.#header.space.elements, this.path)
  }

  /** The texts of a dataset of strings, of fixed or variable length. */
  async strings (): Promise<string[]> {
    if (this.datatype.kind === 'string') return fixedStrings(await this.read(), this.datatype)
    return (await this.items()).map((item) => decodeText(untilNull(item)))
  }

  /** Sizes are compared with the file before anything is allocated. */
  #check (): void {
    const { layout, byteLength, path } = this
    const { offset: header } = this.#header
    const size = this.#file.source.size
    const expansion = layout.kind === 'chunked' && this.filters.some(({ id }) => id === DEFLATE) ? MAX_EXPANSION : 1
    if (layout.kind === 'chunked') {
      if (byteLength > Math.max(size * expansion, MAX_UNSTORED_BYTES)) {
        throw malformed(path, header, `it claims ${byteLength} bytes, which a file of ${size} bytes cannot hold`, { byteLength, size })
      }
    } else if (layout.offset === undefined) {
      if (byteLength > MAX_UNSTORED_BYTES) throw malformed(path, header, `it claims ${byteLength} bytes and none is stored`)
    } else {
      if (layout.size < byteLength) throw malformed(path, header, `its shape needs ${byteLength} bytes, ${layout.size} are stored`)
      this.#file.assertWithin(layout.offset, layout.size, path)
    }
    this.#file.claim(byteLength, expansion, path, header)
  }

  #filled (length: number): Uint8Array {
    const bytes = allocate(length, this.path)
    const { fill } = this.#header
    if (fill !== undefined) for (let at = 0; at < length; at += fill.length) bytes.set(fill, at)
    return bytes
  }

  /**
   * Ranges of whole rows of chunks, in order: along the first axis on which chunks have more than one row, for each position on the axes before
   * it. Each range is contiguous in row-major order.
   */
  async * #bands (layout: Hdf5Layout & { kind: 'chunked' }): AsyncGenerator<Uint8Array> {
    const { shape, datatype, path } = this
    if (this.byteLength === 0) return
    checkFilters(this.filters, path)
    const { chunkShape } = layout
    const grid = gridOf(shape, chunkShape)
    const chunkBytes = chunkShape.reduce((product, size) => product * size, datatype.size)
    this.#index ??= readChunkIndex(this.#file, { layout, shape, maxShape: this.#header.space.maxShape, chunkBytes, filtered: this.filters.length > 0, what: path })
    const index = await this.#index
    const split = Math.max(0, chunkShape.findIndex((size) => size > 1))
    const outer = grid.slice(0, split + 1).reduce((product, size) => product * size, 1)
    const inner = grid.slice(split + 1).reduce((product, size) => product * size, 1)
    const rest = shape.slice(split + 1)
    const rowBytes = rest.reduce((product, size) => product * size, datatype.size)
    const bandBytes = rowBytes * Math.min(chunkShape[split] ?? 1, shape[split] ?? 1)
    if (bandBytes > MAX_BAND_BYTES) throw tooMuch(path, this.#header.offset, 'the size in bytes of a row of its chunks', bandBytes, MAX_BAND_BYTES)
    for (let row = 0; row < outer; row++) {
      const along = row % (grid[split] ?? 1)
      const rows = shape.length === 0 ? 1 : Math.min(chunkShape[split] as number, (shape[split] as number) - along * (chunkShape[split] as number))
      const band = this.#filled(rows * rowBytes)
      const bandShape = shape.length === 0 ? [] : [rows, ...rest]
      for (let i = 0; i < inner; i++) {
        const stored = index.get(row * inner + i)
        if (stored === undefined) continue
        const position = [0, ...positionOf(i, grid.slice(split + 1))]
        const bytes = await this.#chunk(stored, layout, chunkBytes, [along, ...position.slice(1)], split)
        copyChunk(bytes, chunkShape.slice(split), band, bandShape, position, datatype.size)
      }
      yield band
    }
  }

  async #chunk (stored: StoredChunk, layout: Hdf5Layout & { kind: 'chunked' }, chunkBytes: number, position: readonly number[], split: number): Promise<Uint8Array> {
    const bytes = await this.#file.data(stored.offset, stored.size, `a chunk of ${this.path}`)
    const atEdge = position.some((at, i) => (at + 1) * (layout.chunkShape[split + i] ?? 1) > (this.shape[split + i] ?? 1))
    const filters = layout.edgesUnfiltered && atEdge ? [] : this.filters
    return await undoFilters(bytes, filters, stored.mask, chunkBytes, this.path, stored.offset)
  }
}
