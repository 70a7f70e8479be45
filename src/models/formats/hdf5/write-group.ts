/** Writing of groups as symbol tables: local heap, symbol table nodes and a B-tree of as many levels as are needed. */
import { EspalierError } from '../../../errors.ts'
import { Block, padded, UNDEFINED, type Output } from './write-bytes.ts'

/** Half the entries of a symbol table node and of a B-tree node: the defaults of the HDF5 library, stated in the superblock. */
export const LEAF_K = 4
export const INTERNAL_K = 16

/** "No free space" in a local heap (H5HL_FREE_NULL of the HDF5 library). */
const NO_FREE_SPACE = 1

/** Address of the object header; of B-tree and heap too when it is a group, which is cached in the entry. */
export interface WrittenObject { readonly header: number, readonly table?: SymbolTable }
export interface SymbolTable { readonly tree: number, readonly heap: number }

/** A node of one level: its address and the offset of the largest name below it. */
interface Child { readonly address: number, readonly largest: number }

/** Writes the symbol table of a group; `what` names it. */
export async function writeSymbolTable (output: Output, children: ReadonlyMap<string, WrittenObject>, what: string): Promise<SymbolTable> {
  const entries = [...children].map(([name, object]) => ({ name: nameBytes(name, what), object }))
  entries.sort((a, b) => compareBytes(a.name, b.name))
  const offsets: number[] = []
  // The empty name at offset 0 is the smallest key of the tree.
  const heapSize = entries.reduce((at, { name }) => {
    offsets.push(at)
    return at + padded(name.length + 1)
  }, 8)
  const names = new Block(heapSize).skip(8)
  for (const { name } of entries) names.put(name).skip(1).align()
  const heap = output.allocate(32 + heapSize)
  const head = new Block(32).put(new TextEncoder().encode('HEAP')).u8(0, 0, 0, 0).u64(heapSize).u64(NO_FREE_SPACE).u64(heap + 32)
  await output.write(heap, head.bytes)
  await output.write(heap + 32, names.bytes)
  const nodes: Child[] = []
  for (let first = 0; first < entries.length; first += 2 * LEAF_K) {
    const block = new Block(8 + 2 * LEAF_K * 40).put(new TextEncoder().encode('SNOD')).u8(1, 0)
    const part = entries.slice(first, first + 2 * LEAF_K)
    block.u16(part.length)
    for (const [i, { object }] of part.entries()) putEntry(block, offsets[first + i] as number, object)
    nodes.push({ address: await output.append(block.bytes), largest: offsets[first + part.length - 1] as number })
  }
  return { tree: await writeTree(output, nodes), heap }
}

/** A symbol table entry, 40 bytes. */
export function putEntry (block: Block, nameOffset: number, object: WrittenObject): void {
  block.u64(nameOffset).u64(object.header).u32(object.table === undefined ? 0 : 1).u32(0)
  if (object.table === undefined) block.skip(16)
  else block.u64(object.table.tree).u64(object.table.heap)
}

async function writeTree (output: Output, leaves: readonly Child[]): Promise<number> {
  let below = leaves
  for (let level = 0; ; level++) {
    const nodes = await writeLevel(output, level, below)
    const [root] = nodes
    if (nodes.length === 1 && root !== undefined) return root.address
    below = nodes
  }
}

/** All nodes of one level, linked to their neighbours. A group without children has one empty node. */
async function writeLevel (output: Output, level: number, children: readonly Child[]): Promise<Child[]> {
  const width = 2 * INTERNAL_K
  const size = 24 + 8 * (2 * width + 1)
  const count = Math.max(1, Math.ceil(children.length / width))
  const addresses = Array.from({ length: count }, () => output.allocate(size))
  const nodes: Child[] = []
  for (const [n, address] of addresses.entries()) {
    const part = children.slice(n * width, (n + 1) * width)
    const block = new Block(size).put(new TextEncoder().encode('TREE')).u8(0, level).u16(part.length)
    block.u64(addresses[n - 1] ?? UNDEFINED).u64(addresses[n + 1] ?? UNDEFINED)
    // A child holds the names above the key to its left and up to the key to its right.
    block.u64(n === 0 ? 0 : (children[n * width - 1] as Child).largest)
    for (const { address: child, largest } of part) block.u64(child).u64(largest)
    await output.write(address, block.bytes)
    nodes.push({ address, largest: part.at(-1)?.largest ?? 0 })
  }
  return nodes
}

function nameBytes (name: string, what: string): Uint8Array {
  if (name === '' || name === '.' || name.includes('/') || name.includes('\0')) {
    throw new EspalierError('internal', `HDF5: ${JSON.stringify(name)} cannot be a name in ${what}: it may not be empty, "." or hold "/" or NUL`)
  }
  return new TextEncoder().encode(name)
}

function compareBytes (a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
  }
  return a.length - b.length
}
