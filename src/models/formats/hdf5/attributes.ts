/** Attributes: compact in the object header and dense in a fractal heap, with their strings resolved. */
import { records } from './btree2.ts'
import type { Cursor } from './cursor.ts'
import { readDataspace, type Dataspace } from './dataspace.ts'
import { readDatatype, refuseCommitted, type Hdf5Datatype } from './datatype.ts'
import { malformed, tooMuch, unsupported } from './fail.ts'
import type { Hdf5File } from './file.ts'
import { openFractalHeap } from './fractal-heap.ts'
import type { GlobalHeap } from './global-heap.ts'
import { MAX_ATTRIBUTE_BYTES } from './limits.ts'
import { decodeDoubles } from './numbers.ts'
import { MESSAGE, messageOf, type Message } from './object-header.ts'
import { decodeText, fixedString, untilNull } from './strings.ts'

export type AttributeValue = string | string[] | number | number[]

/** An attribute. Arrays are flat, in row-major order. */
export interface Hdf5Attribute {
  readonly shape: number[]
  /** No element at all (h5py's Empty); `value` is then []. */
  readonly isNull: boolean
  readonly datatype: Hdf5Datatype
  /** The elements as stored; for variable-length strings these are references into the file, and `items` holds what they mean. */
  readonly raw: Uint8Array
  /** The bytes of each string of a variable-length datatype. */
  readonly items?: readonly Uint8Array[]
  /** Text for strings, numbers for integers, floats and bool. Throws `unsupported-format` for other types. */
  readonly value: AttributeValue
}

/** The attributes of an object by name, in order of creation when it is tracked. */
export async function readAttributes (file: Hdf5File, heap: GlobalHeap, messages: readonly Message[], what: string): Promise<Map<string, Hdf5Attribute>> {
  const attributes = new Map<string, Hdf5Attribute>()
  const add = async (body: Cursor): Promise<void> => {
    const { name, attribute } = await readAttribute(heap, body, what)
    if (attributes.has(name)) throw malformed(what, body.start, `the attribute "${name}" is there twice`)
    attributes.set(name, attribute)
  }
  for (const { type, shared, body } of messages) {
    if (type !== MESSAGE.attribute) continue
    if (shared) throw unsupported(what, 'an attribute is stored in the shared message table, which is not read here')
    await add(body)
  }
  const info = messageOf(messages, MESSAGE.attributeInfo)
  if (info !== undefined) for (const body of await denseAttributes(file, info.body, what)) await add(body)
  return attributes
}

async function readAttribute (heap: GlobalHeap, cursor: Cursor, object: string): Promise<{ name: string, attribute: Hdf5Attribute }> {
  const version = cursor.version(1, 2, 3)
  const flags = cursor.u8()
  const nameSize = cursor.u16()
  const typeSize = cursor.u16()
  const spaceSize = cursor.u16()
  if (version === 3) cursor.skip(1)
  const origin = cursor.at
  const padded = (size: number, what: string): Cursor => {
    const part = cursor.part(size, what)
    if (version === 1) cursor.align(8, origin)
    return part
  }
  const name = decodeText(untilNull(padded(nameSize, cursor.what).bytes))
  const what = `the attribute "${name}" of ${object}`
  if (version > 1) refuseCommitted((flags & 1) !== 0, what)
  if (version > 1 && (flags & 2) !== 0) throw unsupported(what, 'it uses a shared dataspace, which is not read here')
  const datatype = readDatatype(padded(typeSize, what))
  const space = readDataspace(padded(spaceSize, what))
  const size = space.elements * datatype.size
  if (size > MAX_ATTRIBUTE_BYTES) throw tooMuch(what, cursor.position, 'its size in bytes', size, MAX_ATTRIBUTE_BYTES)
  const values = cursor.part(size, what)
  const raw = values.bytes.slice()
  const items = datatype.kind === 'variable-string' ? await heap.elements(values, space.elements, what) : undefined
  return { name, attribute: attributeOf(space, datatype, raw, items) }
}

/** An attribute from its parts; `value` is decoded when it is asked for. */
export function attributeOf (
  space: Pick<Dataspace, 'shape' | 'isNull'>, datatype: Hdf5Datatype, raw: Uint8Array, items?: readonly Uint8Array[]
): Hdf5Attribute {
  return {
    shape: space.shape,
    isNull: space.isNull,
    datatype,
    raw,
    ...(items !== undefined && { items }),
    get value () {
      return valueOf(space, datatype, raw, items)
    },
  }
}

function valueOf (space: Pick<Dataspace, 'shape' | 'isNull'>, datatype: Hdf5Datatype, raw: Uint8Array, items?: readonly Uint8Array[]): AttributeValue {
  const all = items?.map((item) => decodeText(untilNull(item))) ?? (datatype.kind === 'string' ? fixedStrings(raw, datatype) : decodeDoubles(raw, datatype))
  const [first] = all
  return space.shape.length === 0 && !space.isNull && first !== undefined ? first : all
}

/** The texts of fixed-length strings that lie one after the other. */
export function fixedStrings (raw: Uint8Array, datatype: Hdf5Datatype & { kind: 'string' }): string[] {
  return Array.from({ length: raw.length / datatype.size }, (_, i) => fixedString(raw.subarray(i * datatype.size, (i + 1) * datatype.size), datatype.padding))
}

async function denseAttributes (file: Hdf5File, info: Cursor, what: string): Promise<Cursor[]> {
  info.version(0)
  const flags = info.u8()
  if ((flags & 1) !== 0) info.skip(2)
  const heapAddress = info.address()
  const tree = info.address()
  if (heapAddress === undefined || tree === undefined) return []
  const heap = await openFractalHeap(file, heapAddress, `the attributes of ${what}`)
  const found: Array<{ order: number, body: Cursor }> = []
  for await (const record of records(file, tree, [8], `the attributes of ${what}`)) {
    const id = record.part(8)
    if ((record.u8() & 2) !== 0) throw unsupported(what, 'an attribute is stored in the shared message table, which is not read here')
    found.push({ order: record.u32(), body: heap.object(id) })
  }
  return found.sort((a, b) => a.order - b.order).map(({ body }) => body)
}
