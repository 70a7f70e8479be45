/** Fixed and extensible arrays: the chunk indexes of datasets with no and with one unlimited axis. */
import { verifyChecksum } from './checksum.ts'
import type { Cursor } from './cursor.ts'
import type { Hdf5File } from './file.ts'
import { malformed, tooMuch } from './fail.ts'
import { MAX_CHUNKS } from './limits.ts'

/** A written chunk at its place in the array. No `size`: the chunks have no filters and all the same size. */
export interface ArrayElement { readonly index: number, readonly offset: number, readonly size: number | undefined, readonly mask: number }

interface ElementFormat { readonly filtered: boolean, readonly bytes: number, readonly clientId: number }

/** All elements whose chunk was written, in order. Checksums are verified. */
export async function * arrayElements (
  file: Hdf5File, address: number, kind: 'fixed' | 'extensible', filtered: boolean, what: string
): AsyncGenerator<ArrayElement> {
  yield * kind === 'fixed' ? fixedArray(file, address, filtered, what) : extensibleArray(file, address, filtered, what)
}

function readElement (cursor: Cursor, index: number, format: ElementFormat): ArrayElement | undefined {
  const element = cursor.part(format.bytes)
  const offset = element.address()
  if (offset === undefined) return undefined
  const sizeBytes = format.bytes - cursor.sizes.offsetSize - 4
  return { index, offset, size: format.filtered ? element.uint(sizeBytes) : undefined, mask: format.filtered ? element.u32() : 0 }
}

function readFormat (head: Cursor, filtered: boolean): ElementFormat {
  const clientId = head.u8()
  if (clientId !== (filtered ? 1 : 0)) throw head.fail(`the array is for ${clientId === 1 ? 'filtered' : 'unfiltered'} chunks, those of the dataset are not`)
  const bytes = head.u8()
  const sizeBytes = bytes - head.sizes.offsetSize - 4
  if (filtered ? sizeBytes < 1 || sizeBytes > 8 : bytes !== head.sizes.offsetSize) throw head.fail(`elements of ${bytes} bytes are not possible`)
  return { filtered, bytes, clientId }
}

async function * fixedArray (file: Hdf5File, address: number, filtered: boolean, what: string): AsyncGenerator<ArrayElement> {
  const name = `the fixed array of ${what}`
  const { offsetSize, lengthSize } = file.sizes
  const head = await file.block(address, 8 + lengthSize + offsetSize + 4, name)
  head.signature('FAHD')
  head.version(0)
  const format = readFormat(head, filtered)
  const pageBits = head.u8()
  const count = head.length()
  const data = head.address()
  verifyChecksum(head)
  if (data === undefined) return
  if (count > MAX_CHUNKS) throw tooMuch(name, address, 'the number of elements', count, MAX_CHUNKS)
  yield * dataBlock({ file, name, signature: 'FADB', format, pageSize: 2 ** pageBits, offsetBytes: 0, bitmapWithin: true, header: address }, data, 0, count, undefined)
}

/** What all data blocks of an array have in common. A fixed array keeps the bitmap of its pages in the block, an extensible one elsewhere. */
interface DataBlocks {
  readonly file: Hdf5File
  readonly name: string
  readonly signature: 'FADB' | 'EADB'
  readonly format: ElementFormat
  readonly pageSize: number
  readonly offsetBytes: number
  readonly bitmapWithin: boolean
  readonly header: number
}

async function * dataBlock (blocks: DataBlocks, address: number, first: number, count: number, pages: Uint8Array | undefined): AsyncGenerator<ArrayElement> {
  const { file, name, format, pageSize } = blocks
  const paged = count > pageSize
  const pageCount = paged ? Math.ceil(count / pageSize) : 0
  const bitmapBytes = blocks.bitmapWithin ? Math.ceil(pageCount / 8) : 0
  const prefixBytes = 6 + file.sizes.offsetSize + blocks.offsetBytes + bitmapBytes
  const block = await file.block(address, prefixBytes + (paged ? 0 : count * format.bytes) + 4, name)
  checkPrefix(block, blocks.signature, format, blocks.header)
  block.skip(blocks.offsetBytes)
  const bitmap = blocks.bitmapWithin ? block.take(bitmapBytes) : pages
  const elements = block.part(paged ? 0 : count * format.bytes)
  verifyChecksum(block)
  if (!paged) {
    yield * written(elements, first, count, format)
    return
  }
  for (let page = 0; page < pageCount; page++) {
    if (((bitmap?.[page >> 3] ?? 0) & (0x80 >> (page & 7))) === 0) continue
    const size = Math.min(pageSize, count - page * pageSize)
    const at = address + prefixBytes + 4 + page * (pageSize * format.bytes + 4)
    const body = await file.block(at, size * format.bytes + 4, name)
    const values = body.part(size * format.bytes)
    verifyChecksum(body)
    yield * written(values, first + page * pageSize, size, format)
  }
}

function * written (cursor: Cursor, first: number, count: number, format: ElementFormat): Generator<ArrayElement> {
  for (let i = 0; i < count; i++) {
    const element = readElement(cursor, first + i, format)
    if (element !== undefined) yield element
  }
}

function checkPrefix (block: Cursor, signature: string, format: ElementFormat, header: number): void {
  block.signature(signature)
  block.version(0)
  if (block.u8() !== format.clientId) throw block.fail('the block holds another kind of elements than its header says')
  const owner = block.place('the header')
  if (owner !== header) throw block.fail(`the block belongs to the array at byte ${owner}, not to that at byte ${header}`)
}

/** Super block u has 2^floor(u/2) data blocks of 2^ceil(u/2) times the smallest size (H5EA__hdr_init of the HDF5 library). */
async function * extensibleArray (file: Hdf5File, address: number, filtered: boolean, what: string): AsyncGenerator<ArrayElement> {
  const name = `the extensible array of ${what}`
  const { offsetSize, lengthSize } = file.sizes
  const head = await file.block(address, 12 + 6 * lengthSize + offsetSize + 4, name)
  head.signature('EAHD')
  head.version(0)
  const format = readFormat(head, filtered)
  const countBits = head.u8()
  const inIndex = head.u8()
  const smallest = head.u8()
  const leastPointers = head.u8()
  const pageBits = head.u8()
  head.skip(6 * lengthSize)
  const indexAddress = head.address()
  verifyChecksum(head)
  if (indexAddress === undefined) return
  for (const value of [smallest, leastPointers]) {
    if (value === 0 || (value & (value - 1)) !== 0 || countBits > 64) throw head.fail(`blocks of ${smallest} elements and ${leastPointers} pointers are not possible`)
  }
  const offsetBytes = Math.ceil(countBits / 8)
  const blocks: DataBlocks = { file, name, signature: 'EADB', format, pageSize: 2 ** pageBits, offsetBytes, bitmapWithin: false, header: address }
  const superCount = 1 + countBits - Math.log2(smallest)
  const superInIndex = 2 * Math.log2(leastPointers)
  const dataPointers = 2 * (leastPointers - 1)
  const superPointers = superCount - superInIndex
  if (superPointers < 0) throw head.fail(`the array has ${superCount} super blocks, its index holds ${superInIndex}`)
  const index = await file.block(indexAddress, 6 + offsetSize + inIndex * format.bytes + (dataPointers + superPointers) * offsetSize + 4, name)
  checkPrefix(index, 'EAIB', format, address)
  const direct = index.part(inIndex * format.bytes)
  const pointers = index.part((dataPointers + superPointers) * offsetSize)
  verifyChecksum(index)
  yield * written(direct, 0, inIndex, format)
  let first = inIndex
  for (let u = 0; u < superCount; u++) {
    const blockCount = 2 ** Math.floor(u / 2)
    const blockSize = 2 ** Math.ceil(u / 2) * smallest
    if (u < superInIndex) {
      for (let i = 0; i < blockCount; i++, first += blockSize) {
        const child = pointers.address()
        if (child !== undefined) yield * dataBlock(blocks, child, first, checkedCount(blockSize, child, name), undefined)
      }
    } else {
      const child = pointers.address()
      if (child !== undefined) yield * superBlock(blocks, child, first, blockCount, checkedCount(blockSize, child, name))
      first += blockCount * blockSize
    }
  }
}

function checkedCount (count: number, address: number, name: string): number {
  if (!(count <= MAX_CHUNKS)) throw tooMuch(name, address, 'the number of elements of a data block', count, MAX_CHUNKS)
  return count
}

async function * superBlock (blocks: DataBlocks, address: number, first: number, blockCount: number, blockSize: number): AsyncGenerator<ArrayElement> {
  const { file, name, format, pageSize, offsetBytes } = blocks
  const { offsetSize } = file.sizes
  const bitmapBytes = blockSize > pageSize ? Math.ceil(blockSize / pageSize / 8) : 0
  const block = await file.block(address, 6 + offsetSize + offsetBytes + blockCount * (bitmapBytes + offsetSize) + 4, name)
  checkPrefix(block, 'EASB', format, blocks.header)
  const offset = block.uint(offsetBytes)
  const bitmaps = block.part(blockCount * bitmapBytes)
  const pointers = block.part(blockCount * offsetSize)
  verifyChecksum(block)
  if (!Number.isSafeInteger(first)) throw malformed(name, address, `the block begins at element ${offset}, which is too far`)
  for (let i = 0; i < blockCount; i++) {
    const child = pointers.address()
    const pages = bitmaps.take(bitmapBytes)
    if (child !== undefined) yield * dataBlock(blocks, child, first + i * blockSize, blockSize, pages)
  }
}
