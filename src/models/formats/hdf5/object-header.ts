/** Object headers, versions 1 and 2: the list of messages that describes a group or a dataset. */
import { verifyChecksum } from './checksum.ts'
import type { Cursor } from './cursor.ts'
import { tooMuch, unsupported } from './fail.ts'
import type { Hdf5File } from './file.ts'
import { MAX_HEADER_BLOCKS, MAX_HEADER_MESSAGES } from './limits.ts'

export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFillValue: 0x04,
  fillValue: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const

const KNOWN_TYPES = 0x18
const SHARED_FLAG = 0x02
const MUST_UNDERSTAND_FLAG = 0x80

/** A message; `body` begins at its first byte. */
export interface Message { readonly type: number, readonly shared: boolean, readonly body: Cursor }

/** All messages of the object header at `address`; `what` names the object. */
export async function readObjectHeader (file: Hdf5File, address: number, what: string): Promise<Message[]> {
  const name = `the object header of ${what}`
  const prefix = await file.block(address, Math.min(16, file.source.size - address), name)
  const messages: Message[] = []
  const blocks = prefix.bytes[0] === 0x4f ? await firstOfVersion2(file, address, name) : await firstOfVersion1(file, prefix, name)
  const seen = new Set([address])
  for (let i = 0; i < blocks.length; i++) {
    const { cursor, format } = blocks[i] as Block
    for (const message of messagesOf(cursor, format, what)) {
      if (message.type === MESSAGE.continuation) {
        const offset = message.body.place('a continuation')
        const length = message.body.length()
        if (seen.has(offset)) throw message.body.fail(`the continuation at byte ${offset} is reached twice`)
        seen.add(offset)
        if (seen.size > MAX_HEADER_BLOCKS) throw tooMuch(name, address, 'the number of blocks', seen.size, MAX_HEADER_BLOCKS)
        blocks.push({ cursor: await continuation(file, offset, length, format, name), format })
      } else if (message.type !== 0) {
        messages.push(message)
      }
      if (messages.length > MAX_HEADER_MESSAGES) throw tooMuch(name, address, 'the number of messages', messages.length, MAX_HEADER_MESSAGES)
    }
  }
  return messages
}

/** The one message of a type, or undefined. */
export function messageOf (messages: readonly Message[], type: number): Message | undefined {
  return messages.find((message) => message.type === type)
}

/** Version 2 headers carry 2 more bytes a message when the creation order of attributes is tracked. */
interface Format { readonly version: 1 | 2, readonly creationOrder: boolean }
interface Block { readonly cursor: Cursor, readonly format: Format }

async function firstOfVersion1 (file: Hdf5File, prefix: Cursor, name: string): Promise<Block[]> {
  prefix.version(1)
  prefix.skip(1 + 2 + 4)
  const size = prefix.u32()
  return [{ cursor: await file.block(prefix.start + 16, size, name), format: { version: 1, creationOrder: false } }]
}

async function firstOfVersion2 (file: Hdf5File, address: number, name: string): Promise<Block[]> {
  const prefix = await file.block(address, Math.min(34, file.source.size - address), name)
  prefix.signature('OHDR')
  prefix.version(2)
  const flags = prefix.u8()
  prefix.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0))
  const size = prefix.uint(1 << (flags & 3))
  const whole = await file.block(address, prefix.at + size + 4, name)
  whole.at = prefix.at + size
  verifyChecksum(whole)
  whole.at = prefix.at
  return [{ cursor: whole.part(size), format: { version: 2, creationOrder: (flags & 0x04) !== 0 } }]
}

async function continuation (file: Hdf5File, offset: number, length: number, format: Format, name: string): Promise<Cursor> {
  const cursor = await file.block(offset, length, name)
  if (format.version === 1) return cursor
  cursor.signature('OCHK')
  if (length < 8) throw cursor.fail(`a continuation of ${length} bytes is too short`)
  cursor.at = length - 4
  verifyChecksum(cursor)
  cursor.at = 4
  return cursor.part(length - 8)
}

function * messagesOf (cursor: Cursor, format: Format, what: string): Generator<Message> {
  const prefix = format.version === 1 ? 8 : format.creationOrder ? 6 : 4
  while (cursor.remaining >= prefix) {
    const type = format.version === 1 ? cursor.u16() : cursor.u8()
    const size = cursor.u16()
    const flags = cursor.u8()
    cursor.skip(prefix - (format.version === 1 ? 5 : 4))
    if (type > KNOWN_TYPES && (flags & MUST_UNDERSTAND_FLAG) !== 0) throw unsupported(what, `a header message of type ${type} must be understood and is not known`)
    yield { type, shared: (flags & SHARED_FLAG) !== 0, body: cursor.part(size) }
  }
}
