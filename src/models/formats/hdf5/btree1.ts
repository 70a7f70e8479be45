/** Version 1 B-trees: the index of symbol tables (type 0) and of chunks (type 1). */
import type { Cursor } from './cursor.ts'
import { tooMuch } from './fail.ts'
import type { Hdf5File } from './file.ts'
import { MAX_TREE_LEVELS } from './limits.ts'

/** A child of a leaf with the key to its left, whose `keySize` bytes the caller decodes. */
export interface LeafEntry { readonly key: Cursor, readonly child: number }

/**
 * All leaf entries in order. Levels must fall by one from a node to its children and no node is visited twice, so a damaged tree cannot loop.
 *
 * @param keySize bytes of a key
 */
export async function * leafEntries (file: Hdf5File, root: number, type: 0 | 1, keySize: number, what: string): AsyncGenerator<LeafEntry> {
  const seen = new Set<number>()
  yield * visit(file, root, type, keySize, `the B-tree of ${what}`, undefined, seen)
}

async function * visit (
  file: Hdf5File, address: number, type: 0 | 1, keySize: number, what: string, expectedLevel: number | undefined, seen: Set<number>
): AsyncGenerator<LeafEntry> {
  const { offsetSize } = file.sizes
  const head = await file.block(address, 8 + 2 * offsetSize, what)
  if (seen.has(address)) throw head.fail('this node is reached twice')
  seen.add(address)
  head.signature('TREE')
  const found = head.u8()
  if (found !== type) throw head.fail(`the node has type ${found}, ${type} is expected`)
  const level = head.u8()
  if (level >= MAX_TREE_LEVELS) throw tooMuch(what, address, 'the level of the node', level, MAX_TREE_LEVELS - 1)
  if (expectedLevel !== undefined && level !== expectedLevel) throw head.fail(`the node has level ${level}, ${expectedLevel} is expected`)
  const used = head.u16()
  const body = await file.block(address + head.bytes.length, used * (keySize + offsetSize), what)
  for (let i = 0; i < used; i++) {
    const key = body.part(keySize)
    const child = body.place('a child')
    if (level === 0) yield { key, child }
    else yield * visit(file, child, type, keySize, what, level - 1, seen)
  }
}
