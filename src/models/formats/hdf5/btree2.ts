/** Version 2 B-trees: the index of dense links and attributes, of huge heap objects, and of chunks with several unlimited axes. */
import { verifyChecksum } from './checksum.ts'
import type { Cursor } from './cursor.ts'
import { tooMuch } from './fail.ts'
import type { Hdf5File } from './file.ts'
import { MAX_TREE_LEVELS } from './limits.ts'

/** Signature, version, type and checksum of a node. */
const NODE_OVERHEAD = 10

interface Tree {
  readonly file: Hdf5File
  readonly what: string
  readonly type: number
  readonly nodeSize: number
  readonly recordSize: number
  /** Bytes of the record count of a child, and of the total below it, by the child's level. */
  readonly countSize: number
  readonly totalSizes: readonly number[]
  readonly seen: Set<number>
}

/** All records of the tree whose header is at `address`, in order. Checksums are verified. */
export async function * records (file: Hdf5File, address: number, types: readonly number[], what: string): AsyncGenerator<Cursor> {
  const name = `the version 2 B-tree of ${what}`
  const { offsetSize, lengthSize } = file.sizes
  const head = await file.block(address, 22 + offsetSize + lengthSize, name)
  head.signature('BTHD')
  head.version(0)
  const type = head.u8()
  if (!types.includes(type)) throw head.fail(`the tree has type ${type}, ${types.join(' or ')} is expected`)
  const nodeSize = head.u32()
  const recordSize = head.u16()
  const depth = head.u16()
  if (depth >= MAX_TREE_LEVELS) throw tooMuch(name, address, 'the depth', depth, MAX_TREE_LEVELS - 1)
  head.skip(2)
  const root = head.address()
  const count = head.u16()
  head.skip(lengthSize)
  verifyChecksum(head)
  if (root === undefined) return
  if (recordSize === 0 || nodeSize < NODE_OVERHEAD + recordSize) throw head.fail(`nodes of ${nodeSize} bytes cannot hold records of ${recordSize} bytes`)
  const tree = { file, what: name, type, nodeSize, recordSize, ...fieldSizes(nodeSize, recordSize, depth, offsetSize), seen: new Set<number>() }
  yield * visit(tree, root, count, depth)
}

/** The sizes follow from how many records a full node of each level can hold (H5B2__hdr_init of the HDF5 library). */
function fieldSizes (nodeSize: number, recordSize: number, depth: number, offsetSize: number): { countSize: number, totalSizes: number[] } {
  const leafRecords = Math.floor((nodeSize - NODE_OVERHEAD) / recordSize)
  const countSize = bytesFor(leafRecords)
  const totalSizes = [0]
  let total = leafRecords
  for (let level = 1; level < depth; level++) {
    const pointer = offsetSize + countSize + (totalSizes[level - 1] ?? 0)
    const own = Math.max(0, Math.floor((nodeSize - NODE_OVERHEAD - pointer) / (recordSize + pointer)))
    total = (own + 1) * total + own
    totalSizes.push(Math.min(8, bytesFor(total)))
  }
  return { countSize, totalSizes }
}

function bytesFor (value: number): number {
  return Math.floor(Math.log2(Math.max(1, value)) / 8) + 1
}

async function * visit (tree: Tree, address: number, count: number, level: number): AsyncGenerator<Cursor> {
  const { file, what, recordSize } = tree
  const pointerSize = level === 0 ? 0 : file.sizes.offsetSize + tree.countSize + (tree.totalSizes[level - 1] ?? 0)
  const used = 6 + count * recordSize + (level === 0 ? 0 : (count + 1) * pointerSize) + 4
  const node = await file.block(address, used, what)
  if (used > tree.nodeSize) throw tooMuch(what, address, 'the size of the records in the node', used, tree.nodeSize)
  if (tree.seen.has(address)) throw node.fail('this node is reached twice')
  tree.seen.add(address)
  node.signature(level === 0 ? 'BTLF' : 'BTIN')
  node.version(0)
  const type = node.u8()
  if (type !== tree.type) throw node.fail(`the node has type ${type}, ${tree.type} is expected`)
  const own = Array.from({ length: count }, () => node.part(recordSize))
  const children = Array.from({ length: level === 0 ? 0 : count + 1 }, () => node.part(pointerSize))
  verifyChecksum(node)
  for (let i = 0; i <= count; i++) {
    const child = children[i]
    if (child !== undefined) yield * visit(tree, child.place('a child node'), child.uint(tree.countSize), level - 1)
    const record = own[i]
    if (record !== undefined) yield record
  }
}
