/** Writing of a whole HDF5 file: superblock 0, symbol tables, version 1 object headers, which every HDF5 library reads. */
import { EspalierError } from '../../../errors.ts'
import { MAX_DEPTH } from './limits.ts'
import { MESSAGE } from './object-header.ts'
import type { Hdf5GroupSpec, Hdf5NodeSpec } from './spec.ts'
import { Block, Output, UNDEFINED, type Hdf5Sink } from './write-bytes.ts'
import { writeDataset } from './write-dataset.ts'
import { INTERNAL_K, LEAF_K, putEntry, writeSymbolTable, type WrittenObject } from './write-group.ts'
import { attributeMessages, message, writeHeader } from './write-header.ts'
import { HeapWriter } from './write-heap.ts'

const SUPERBLOCK_BYTES = 96

/**
 * Writes `root` and gives the size of the file in bytes. Values are asked for one dataset after the other and written as they come; blocks follow
 * each other in the file, only the superblock (offset 0) and collections of short strings are written later than what follows them.
 *
 * Throws `shape-mismatch` when a dataset gives more or fewer bytes than its shape needs, `limit-exceeded` for what the format has no room for.
 */
export async function writeHdf5 (root: Hdf5GroupSpec, sink: Hdf5Sink): Promise<number> {
  const output = new Output(sink, SUPERBLOCK_BYTES)
  const heap = new HeapWriter(output)
  const object = await writeNode(output, heap, root, '/', 1)
  await heap.flush()
  await output.write(0, superblock(object, output.size))
  return output.size
}

async function writeNode (output: Output, heap: HeapWriter, node: Hdf5NodeSpec, path: string, depth: number): Promise<WrittenObject> {
  if (depth > MAX_DEPTH) throw new EspalierError('limit-exceeded', `HDF5: ${path} lies ${depth} groups deep, at most ${MAX_DEPTH} are written`)
  if (node.kind === 'dataset') return { header: await writeDataset(output, heap, node, path) }
  const children = new Map<string, WrittenObject>()
  for (const [name, child] of node.children) {
    children.set(name, await writeNode(output, heap, child, `${path === '/' ? '' : path}/${name}`, depth + 1))
  }
  const table = await writeSymbolTable(output, children, path)
  const place = message(MESSAGE.symbolTable, new Block(16).u64(table.tree).u64(table.heap).bytes)
  const header = await writeHeader(output, [place, ...await attributeMessages(heap, node.attributes, path)], path)
  return { header, table }
}

function superblock (root: WrittenObject, size: number): Uint8Array {
  const block = new Block(SUPERBLOCK_BYTES)
  block.u8(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)
  // Versions of superblock, free space, root entry and shared messages are 0; addresses and lengths have 8 bytes.
  block.u8(0, 0, 0, 0, 0, 8, 8, 0).u16(LEAF_K).u16(INTERNAL_K).u32(0)
  block.u64(0).u64(UNDEFINED).u64(size).u64(UNDEFINED)
  putEntry(block, 0, root)
  return block.bytes
}
