/** Writing of object headers of version 1 and of the messages in them. */
import { EspalierError } from '../../../errors.ts'
import type { Hdf5Datatype } from './datatype.ts'
import { MAX_HEADER_MESSAGES, MAX_MESSAGE_BYTES } from './limits.ts'
import { variableString } from './make.ts'
import { MESSAGE } from './object-header.ts'
import { assertBytes, assertCopyable, type Hdf5AttributeSpec } from './spec.ts'
import { Block, padded, type Output } from './write-bytes.ts'
import { REFERENCE_BYTES, type HeapWriter } from './write-heap.ts'

/** `constant` marks a message that may not change, as the HDF5 library marks datatypes, fill values and filters. */
export interface WrittenMessage { readonly type: number, readonly constant: boolean, readonly body: Uint8Array }

export function message (type: number, body: Uint8Array, constant = false): WrittenMessage {
  return { type, constant, body }
}

/** Writes an object header and gives its address. `what` names the object. */
export async function writeHeader (output: Output, messages: readonly WrittenMessage[], what: string): Promise<number> {
  if (messages.length > MAX_HEADER_MESSAGES) throw tooLarge(what, 'attributes', messages.length, MAX_HEADER_MESSAGES)
  const size = messages.reduce((sum, { body }) => sum + 8 + padded(body.length), 0)
  const block = new Block(16 + size).u8(1, 0).u16(messages.length).u32(1).u32(size).u32(0)
  for (const { type, constant, body } of messages) {
    const length = padded(body.length)
    if (length > MAX_MESSAGE_BYTES) throw tooLarge(what, `bytes in a header message of type ${type}`, length, MAX_MESSAGE_BYTES)
    block.u16(type).u16(length).u8(constant ? 1 : 0, 0, 0, 0).put(body).align()
  }
  return await output.append(block.bytes)
}

export function encodeDataspace (shape: readonly number[], isNull: boolean): Uint8Array {
  if (isNull) return Uint8Array.of(2, 0, 0, 2)
  const block = new Block(8 + 8 * shape.length).u8(1, shape.length).skip(6)
  for (const size of shape) block.u64(size)
  return block.bytes
}

/** A variable-length type counts the bytes of a reference, which depend on the size of addresses in the file it was read from. */
export function encodeDatatype (datatype: Hdf5Datatype): Uint8Array {
  if (datatype.kind !== 'variable-string') return datatype.encoded
  const encoded = datatype.encoded.slice()
  new DataView(encoded.buffer).setUint32(4, REFERENCE_BYTES, true)
  return encoded
}

/** The bytes of one element as it is written. */
export function elementBytes (datatype: Hdf5Datatype): number {
  return datatype.kind === 'variable-string' ? REFERENCE_BYTES : datatype.size
}

/** The messages of all attributes; strings that have no room in a message go to the heap. */
export async function attributeMessages (heap: HeapWriter, attributes: ReadonlyMap<string, Hdf5AttributeSpec>, what: string): Promise<WrittenMessage[]> {
  const messages: WrittenMessage[] = []
  for (const [name, attribute] of attributes) {
    messages.push(message(MESSAGE.attribute, await encodeAttribute(heap, name, attribute, `the attribute "${name}" of ${what}`)))
  }
  return messages
}

async function encodeAttribute (heap: HeapWriter, name: string, given: Hdf5AttributeSpec, what: string): Promise<Uint8Array> {
  assertCopyable(given.datatype, what)
  // A header message has at most 64 KB; a longer text, such as the config of a large model, is stored with variable length instead.
  const attribute = given.raw.length > MAX_MESSAGE_BYTES / 2 && given.datatype.kind === 'string' ? withVariableStrings(given, given.datatype) : given
  const { datatype, shape, isNull, items } = attribute
  const elements = isNull ? 0 : shape.reduce((product, size) => product * size, 1)
  const raw = datatype.kind === 'variable-string' ? await heap.references(items ?? []) : attribute.raw
  assertBytes(raw.length, elements * elementBytes(datatype), what)
  const nameBytes = new TextEncoder().encode(name + '\0')
  const type = encodeDatatype(datatype)
  const space = encodeDataspace(shape, isNull)
  // Version 1 names are ASCII; version 3 says that the name is UTF-8, and pads nothing.
  const ascii = nameBytes.every((byte) => byte < 0x80)
  const pad = ascii ? padded : (size: number) => size
  const size = (ascii ? 8 : 9) + pad(nameBytes.length) + pad(type.length) + pad(space.length) + raw.length
  if (size > MAX_MESSAGE_BYTES || nameBytes.length > 0xffff) throw tooLarge(what, 'bytes', size, MAX_MESSAGE_BYTES)
  const block = new Block(size).u8(ascii ? 1 : 3, 0).u16(nameBytes.length).u16(type.length).u16(space.length)
  if (!ascii) block.u8(1)
  for (const part of [nameBytes, type, space]) block.put(part).skip(pad(part.length) - part.length)
  return block.put(raw).bytes
}

function withVariableStrings (attribute: Hdf5AttributeSpec, datatype: Hdf5Datatype & { kind: 'string' }): Hdf5AttributeSpec {
  const { size, charset, padding } = datatype
  const items = Array.from({ length: attribute.raw.length / size }, (_, i) => {
    const item = attribute.raw.subarray(i * size, (i + 1) * size)
    const filler = padding === 'space-padded' ? 0x20 : 0
    let end = item.length
    while (end > 0 && item[end - 1] === filler) end--
    return item.subarray(0, end)
  })
  return { ...attribute, datatype: variableString(charset), items }
}

function tooLarge (what: string, name: string, value: number, limit: number): EspalierError {
  return new EspalierError('limit-exceeded', `HDF5: ${what} has ${value} ${name}, at most ${limit} can be written`, { what, value, limit })
}
