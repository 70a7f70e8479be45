/** Fractal heaps, where dense links and attributes lie: managed, tiny and huge objects by heap ID. */
import { records } from './btree2.ts'
import { lookup3, verifyChecksum } from './checksum.ts'
import type { Cursor } from './cursor.ts'
import { tooMuch, unsupported } from './fail.ts'
import type { Hdf5File } from './file.ts'
import { MAX_TREE_LEVELS } from './limits.ts'

interface Geometry {
  readonly width: number
  readonly startSize: number
  readonly maxDirectSize: number
  /** Bytes of an offset within the heap, and of the length of a managed object. */
  readonly offsetBytes: number
  readonly lengthBytes: number
  readonly checksummed: boolean
}

/** A direct block: the range of heap space it covers, and its bytes from its very beginning. */
interface DirectBlock { readonly start: number, readonly bytes: Cursor }

export interface FractalHeap { readonly object: (id: Cursor) => Cursor }

/** Opens the heap whose header is at `address` and reads all its blocks; `object` gives the bytes of one heap ID. */
export async function openFractalHeap (file: Hdf5File, address: number, what: string): Promise<FractalHeap> {
  const name = `the fractal heap of ${what}`
  const { offsetSize, lengthSize } = file.sizes
  const head = await file.block(address, 26 + 12 * lengthSize + 3 * offsetSize, name)
  head.signature('FRHP')
  head.version(0)
  const idLength = head.u16()
  const filterLength = head.u16()
  if (filterLength > 0) throw unsupported(what, 'its fractal heap is compressed, which is not read here')
  const flags = head.u8()
  const maxManaged = head.u32()
  head.length()
  const hugeTree = head.address()
  head.skip(lengthSize + offsetSize + 8 * lengthSize)
  const width = head.u16()
  const startSize = head.length()
  const maxDirectSize = head.length()
  const heapBits = head.u16()
  head.skip(2)
  const root = head.address()
  const rows = head.u16()
  verifyChecksum(head)
  if (![startSize, maxDirectSize, width].every(isPowerOfTwo) || maxDirectSize < startSize || heapBits > 64) {
    throw head.fail(`blocks of ${startSize} to ${maxDirectSize} bytes, ${width} in a row, are not possible`)
  }
  const geometry: Geometry = {
    width, startSize, maxDirectSize,
    offsetBytes: Math.ceil(heapBits / 8),
    lengthBytes: Math.min(Math.floor((Math.log2(maxDirectSize) + 7) / 8), Math.floor(Math.log2(Math.max(1, maxManaged)) / 8) + 1),
    checksummed: (flags & 2) !== 0,
  }
  const blocks = new BlockReader(file, address, geometry, name)
  if (root !== undefined) await (rows === 0 ? blocks.direct(root, startSize, 0) : blocks.indirect(root, rows, 0, 0))
  const huge = hugeTree === undefined ? new Map<number, Cursor>() : await readHuge(file, hugeTree, what)
  return { object: (id) => objectOf(id, idLength, geometry, blocks.found, huge) }
}

function isPowerOfTwo (value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value))
}

class BlockReader {
  readonly found: DirectBlock[] = []
  readonly #file: Hdf5File
  readonly #heap: number
  readonly #geometry: Geometry
  readonly #what: string
  readonly #seen = new Set<number>()

  constructor (file: Hdf5File, heap: number, geometry: Geometry, what: string) {
    this.#file = file
    this.#heap = heap
    this.#geometry = geometry
    this.#what = what
  }

  async direct (address: number, size: number, start: number): Promise<void> {
    const block = await this.#file.block(address, size, this.#what)
    this.#prefix(block, 'FHDB', start)
    if (this.#geometry.checksummed) this.#verifyDirect(block)
    this.found.push({ start, bytes: block })
  }

  /** An indirect block lists `rows` rows of child blocks, each row's blocks twice as large as the last's from row 2 on. */
  async indirect (address: number, rows: number, start: number, depth: number): Promise<void> {
    if (depth >= MAX_TREE_LEVELS) throw tooMuch(this.#what, address, 'the depth of indirect blocks', depth, MAX_TREE_LEVELS - 1)
    const { width, startSize, maxDirectSize, offsetBytes } = this.#geometry
    const { offsetSize } = this.#file.sizes
    const block = await this.#file.block(address, 5 + offsetSize + offsetBytes + rows * width * offsetSize + 4, this.#what)
    this.#prefix(block, 'FHIB', start)
    const children = block.part(rows * width * offsetSize)
    verifyChecksum(block)
    let offset = start
    for (let row = 0; row < rows; row++) {
      const size = startSize * 2 ** Math.max(0, row - 1)
      for (let column = 0; column < width; column++, offset += size) {
        const child = children.address()
        if (child === undefined) continue
        if (!Number.isSafeInteger(offset + size)) throw children.fail('the heap is too large')
        if (size <= maxDirectSize) await this.direct(child, size, offset)
        else await this.indirect(child, Math.log2(size) - Math.log2(startSize * width) + 1, offset, depth + 1)
      }
    }
  }

  #prefix (block: Cursor, signature: string, start: number): void {
    block.signature(signature)
    block.version(0)
    if (this.#seen.has(block.start)) throw block.fail('this block is reached twice')
    this.#seen.add(block.start)
    const heap = block.place('the heap')
    if (heap !== this.#heap) throw block.fail(`the block belongs to the heap at byte ${heap}, not to that at byte ${this.#heap}`)
    const offset = block.uint(this.#geometry.offsetBytes)
    if (offset !== start) throw block.fail(`the block begins at ${offset} of the heap's space, ${start} is expected`)
  }

  /** The checksum of a direct block stands after its prefix and is computed with itself as zero. */
  #verifyDirect (block: Cursor): void {
    const at = block.at
    const stored = block.u32()
    const zeroed = block.bytes.slice()
    zeroed.fill(0, at, at + 4)
    const computed = lookup3(zeroed)
    if (stored !== computed) throw block.fail(`the checksum does not match: stored ${stored}, computed ${computed}`)
  }
}

/** Objects too large for the managed blocks, by their ID; records are address, length, ID. */
async function readHuge (file: Hdf5File, tree: number, what: string): Promise<Map<number, Cursor>> {
  const objects = new Map<number, Cursor>()
  for await (const record of records(file, tree, [1], `the huge objects of ${what}`)) {
    const address = record.place('a huge object')
    const length = record.length()
    objects.set(record.length(), await file.block(address, length, what))
  }
  return objects
}

function objectOf (id: Cursor, idLength: number, geometry: Geometry, blocks: readonly DirectBlock[], huge: ReadonlyMap<number, Cursor>): Cursor {
  const first = id.u8()
  const type = (first >> 4) & 3
  if (first >> 6 !== 0 || type === 3) throw id.fail(`the heap ID begins with ${first}, which is not known`)
  if (type === 2) {
    // IDs of more than 17 bytes spend a second byte on the length.
    const length = idLength - 1 <= 16 ? (first & 0x0f) + 1 : ((first & 0x0f) << 8 | id.u8()) + 1
    return id.part(length)
  }
  if (type === 1) {
    if (id.remaining >= id.sizes.offsetSize + id.sizes.lengthSize) throw unsupported(id.what, 'a huge heap object that is addressed directly is not read here')
    const key = id.uint(Math.min(id.remaining, id.sizes.lengthSize))
    const object = huge.get(key)
    if (object === undefined) throw id.fail(`huge object ${key} is not in the heap`)
    return object.part(object.remaining)
  }
  const offset = id.uint(geometry.offsetBytes)
  const length = id.uint(geometry.lengthBytes)
  const block = blockAt(blocks, offset)
  const within = block === undefined ? 0 : offset - block.start
  if (block === undefined || within + length > block.bytes.bytes.length) throw id.fail(`the heap has no ${length} bytes at ${offset}`)
  block.bytes.at = within
  return block.bytes.part(length)
}

/** The last block that begins at or before `offset`; blocks are found in order of their offsets. */
function blockAt (blocks: readonly DirectBlock[], offset: number): DirectBlock | undefined {
  let low = 0
  let high = blocks.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((blocks[middle] as DirectBlock).start <= offset) low = middle + 1
    else high = middle
  }
  return blocks[low - 1]
}
