/** The sorted table in which TensorFlow keeps the index of its variables. Source: tensorflow/core/lib/io/table_format.txt. */
import { assertAtMost, malformed, unsupported } from './fail.ts'
import { crc32c, masked } from './crc32c.ts'
import { Reader } from './reader.ts'

/** Bytes from `at` on, without the trailer. */
export interface Block { readonly at: number, readonly length: number }

export interface TableEntry {
  /** Raw bytes, one letter a byte, so that keys sort and compare as TensorFlow's do. */
  readonly key: string
  readonly value: Uint8Array
  /** Where the value lies in the file. */
  readonly at: number
  readonly block: Block
}

/** Two handles padded to 40 bytes, and the magic number. */
const FOOTER = 48
const MAGIC = 0xdb4775248b80fb57n

/** The kind of compression, and a checksum. */
const TRAILER = 5

/** Entries of an index; a model of a million variables is none that is read here. */
const MAX_ENTRIES = 2 ** 20

/** Keys are paths of variables. */
const MAX_KEY_BYTES = 16 * 2 ** 10

/** Of all keys together: each may be longer than what is stored of it, so that few bytes could claim very many. */
const MAX_ALL_KEY_BYTES = 64 * 2 ** 20

/** What is left of a limit. */
interface Budget { keyBytes: number }

/**
 * All entries in the order of their keys. Throws `invalid-model` for what is malformed: handles outside of the file or overlapping, wrong
 * checksums, keys out of order; `unsupported-format` for compressed blocks.
 */
export function readTable (bytes: Uint8Array): TableEntry[] {
  if (bytes.length < FOOTER) throw malformed(`the index has ${bytes.length} bytes, its footer alone has ${FOOTER}`)
  const end = bytes.length - FOOTER
  const footer = new Reader(bytes.subarray(end, end + 40), 'the footer of the index')
  if (new DataView(bytes.buffer, bytes.byteOffset + end + 40, 8).getBigUint64(0, true) !== MAGIC) throw malformed('the index does not end as one does: it is cut off or no index')
  const meta = readHandle(footer)
  const directory = readHandle(footer)
  const budget: Budget = { keyBytes: 0 }
  const blocks: Block[] = []
  for (const { value } of readBlock(bytes, directory, budget, 'the block directory of the index')) {
    blocks.push(readHandle(new Reader(value, 'the block directory of the index')))
  }
  assertApart([...blocks, meta, directory], end)
  readBlock(bytes, meta, budget, 'the meta block of the index')
  const entries: TableEntry[] = []
  for (const block of blocks) {
    const found = readBlock(bytes, block, budget, `the block at byte ${block.at} of the index`)
    assertAtMost(entries.length + found.length, MAX_ENTRIES, 'entries of the index')
    assertOrder(entries.at(-1)?.key, found[0]?.key)
    for (const entry of found) entries.push(entry)
  }
  return entries
}

function assertOrder (before: string | undefined, key: string | undefined): void {
  if (before !== undefined && key !== undefined && before >= key) throw malformed(`the keys of the index are out of order at "${shown(key)}"`)
}

/** A key as a message shows it. */
export function shown (key: string): string {
  return [...key.slice(0, 200)].map((letter) => letter < ' ' || letter > '~' ? '?' : letter).join('')
}

/** Writes the checksum of a block anew, after its bytes were changed. */
export function sealBlock (bytes: Uint8Array, { at, length }: Block): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at + length + 1, masked(crc32c(bytes.subarray(at, at + length + 1))), true)
}

function readHandle (reader: Reader): Block {
  return { at: reader.number(), length: reader.number() }
}

/** Blocks lie one behind the other: one that is named twice, or lies within another, would be read as something else than it is. */
function assertApart (blocks: readonly Block[], end: number): void {
  let free = 0
  for (const { at, length } of [...blocks].sort((a, b) => a.at - b.at)) {
    if (at < free) throw malformed(`two blocks of the index overlap at byte ${at}`)
    free = at + length + TRAILER
    if (!(free <= end)) throw malformed(`a block of ${length} bytes at byte ${at} of the index reaches past byte ${end}, where its blocks end`)
  }
}

function readBlock (bytes: Uint8Array, block: Block, budget: Budget, what: string): TableEntry[] {
  const { at, length } = block
  const end = bytes.length - FOOTER
  if (!(at + length + TRAILER <= end)) throw malformed(`${what} (${length} bytes at byte ${at}) reaches past byte ${end}, where the blocks end`)
  const compression = bytes[at + length]
  const stored = new DataView(bytes.buffer, bytes.byteOffset + at + length + 1, 4).getUint32(0, true)
  if (masked(crc32c(bytes.subarray(at, at + length + 1))) !== stored) throw malformed(`${what} has a wrong checksum, the file is damaged`)
  if (compression === 1) throw unsupported(`${what} is compressed with snappy; TensorFlow itself writes it uncompressed, which is what is read`)
  if (compression !== 0) throw malformed(`${what} is compressed by method ${compression}; uncompressed (0) is read`)
  const data = bytes.subarray(at, at + length)
  const restarts = readRestarts(data, what)
  return readEntries(data.subarray(0, data.length - 4 * restarts.length - 4), restarts, block, budget, what)
}

/** Where entries begin that share nothing with the key before, as the end of a block lists them. */
function readRestarts (data: Uint8Array, what: string): number[] {
  if (data.length < 4) throw malformed(`${what} has ${data.length} bytes, its end alone has 4`)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const count = view.getUint32(data.length - 4, true)
  const start = data.length - 4 - 4 * count
  if (count === 0 || start < 0) throw malformed(`${what} of ${data.length} bytes claims ${count} restarts`)
  return Array.from({ length: count }, (_, index) => view.getUint32(start + 4 * index, true))
}

function readEntries (data: Uint8Array, restarts: readonly number[], block: Block, budget: Budget, what: string): TableEntry[] {
  const reader = new Reader(data, what)
  const entries: TableEntry[] = []
  let [key, restart] = ['', 0]
  while (reader.left > 0) {
    const start = reader.at
    const [shared, fresh, length] = [reader.number(), reader.number(), reader.number()]
    const isRestart = restarts[restart] === start
    if (isRestart) restart++
    if (shared > key.length || (isRestart && shared !== 0)) throw malformed(`${what}: the key at byte ${start} shares ${shared} bytes with one of ${isRestart ? 0 : key.length}`)
    assertAtMost(shared + fresh, MAX_KEY_BYTES, 'bytes of a key')
    budget.keyBytes += shared + fresh
    assertAtMost(budget.keyBytes, MAX_ALL_KEY_BYTES, 'bytes of keys')
    const next = key.slice(0, shared) + latin1(reader.take(fresh))
    if (entries.length > 0) assertOrder(key, next)
    key = next
    const value = reader.take(length)
    entries.push({ key, value, at: block.at + reader.at - length, block })
    assertAtMost(entries.length, MAX_ENTRIES, 'entries of a block')
  }
  // A block without entries has one restart all the same.
  if (restart !== restarts.length && !(entries.length === 0 && restarts.length === 1 && restarts[0] === 0)) throw malformed(`${what}: its restart at byte ${restarts[restart]} is where no key begins`)
  return entries
}

function latin1 (bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
