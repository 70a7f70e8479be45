/** The links of a group: from a symbol table, from link messages, or from dense storage. */
import { leafEntries } from './btree1.ts'
import { records } from './btree2.ts'
import type { Cursor } from './cursor.ts'
import { unsupported } from './fail.ts'
import type { Hdf5File } from './file.ts'
import { openFractalHeap } from './fractal-heap.ts'
import { MESSAGE, messageOf, type Message } from './object-header.ts'
import { decodeText, untilNull } from './strings.ts'

export interface Link { readonly name: string, readonly address: number }

/** With `order` the number of the link's creation, when the group tracks it. */
interface OrderedLink extends Link { readonly order: number | undefined }

/** Whether the messages are those of a group. */
export function isGroup (messages: readonly Message[]): boolean {
  return messages.some(({ type }) => type === MESSAGE.symbolTable || type === MESSAGE.linkInfo)
}

/** All hard links of a group, in order of creation when it is tracked, else as stored (by name). Soft and external links are refused. */
export async function readLinks (file: Hdf5File, messages: readonly Message[], what: string): Promise<Link[]> {
  const table = messageOf(messages, MESSAGE.symbolTable)
  const links: OrderedLink[] = []
  if (table !== undefined) {
    for await (const link of symbolTable(file, table.body, what)) links.push({ ...link, order: undefined })
  }
  for (const { type, body } of messages) if (type === MESSAGE.link) links.push(readLink(body, what))
  const info = messageOf(messages, MESSAGE.linkInfo)
  if (info !== undefined) {
    for await (const link of denseLinks(file, info.body, what)) links.push(link)
  }
  if (links.every((link) => link.order !== undefined)) links.sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
  else if (table === undefined) links.sort((a, b) => a.name < b.name ? -1 : 1)
  return links
}

async function * symbolTable (file: Hdf5File, message: Cursor, what: string): AsyncGenerator<Link> {
  const tree = message.place('the B-tree')
  const names = await localHeap(file, message.place('the local heap'), what)
  const { offsetSize, lengthSize } = file.sizes
  const entrySize = 2 * offsetSize + 24
  const seen = new Set<number>()
  for await (const { child } of leafEntries(file, tree, 0, lengthSize, what)) {
    const head = await file.block(child, 8, `a symbol table node of ${what}`)
    if (seen.has(child)) throw head.fail('this node is reached twice')
    seen.add(child)
    head.signature('SNOD')
    head.version(1)
    head.skip(1)
    const count = head.u16()
    const entries = await file.block(child + 8, count * entrySize, head.what)
    for (let i = 0; i < count; i++) {
      const entry = entries.part(entrySize)
      const nameOffset = entry.uint(offsetSize)
      if (nameOffset >= names.bytes.length) throw entry.fail(`the name at ${nameOffset} lies outside of the local heap of ${names.bytes.length} bytes`)
      const name = decodeText(untilNull(names.bytes.subarray(nameOffset)))
      const address = entry.address()
      if (entry.u32() === 2 || address === undefined) throw softLink(what, name)
      yield { name, address }
    }
  }
}

async function localHeap (file: Hdf5File, address: number, what: string): Promise<Cursor> {
  const name = `the local heap of ${what}`
  const { offsetSize, lengthSize } = file.sizes
  const head = await file.block(address, 8 + 2 * lengthSize + offsetSize, name)
  head.signature('HEAP')
  head.version(0)
  head.skip(3)
  const size = head.length()
  head.skip(lengthSize)
  return await file.block(head.place('the data of the heap'), size, name)
}

/** A link message, which stands in object headers and in dense storage. */
function readLink (cursor: Cursor, what: string): OrderedLink {
  cursor.version(1)
  const flags = cursor.u8()
  const type = (flags & 0x08) !== 0 ? cursor.u8() : 0
  const order = (flags & 0x04) !== 0 ? cursor.uint(8) : undefined
  if ((flags & 0x10) !== 0) cursor.skip(1)
  const name = decodeText(cursor.take(cursor.uint(1 << (flags & 3))))
  if (type !== 0) throw type === 1 ? softLink(what, name) : unsupported(what, `"${name}" is an external or user-defined link (type ${type}), which is not read here`)
  return { name, order, address: cursor.place('the linked object') }
}

async function * denseLinks (file: Hdf5File, info: Cursor, what: string): AsyncGenerator<OrderedLink> {
  info.version(0)
  const flags = info.u8()
  if ((flags & 1) !== 0) info.skip(8)
  const heapAddress = info.address()
  const tree = info.address()
  if (heapAddress === undefined || tree === undefined) return
  const heap = await openFractalHeap(file, heapAddress, what)
  for await (const record of records(file, tree, [5], `the links of ${what}`)) {
    record.skip(4)
    yield readLink(heap.object(record.part(record.remaining)), what)
  }
}

function softLink (what: string, name: string): Error {
  return unsupported(what, `"${name}" is a soft link, which is not read here; copy the file with hard links (h5repack keeps soft links, h5copy -f soft expands them)`)
}
