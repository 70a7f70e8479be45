/** The index of a SavedModel's variables: what is stored under which key, where, and with which checksum. Source: tensor_bundle.proto. */
import { NUMBER_TYPES, type Shape } from '../../tensor.ts'
import { numberTypeOf, otherSize } from '../tensorflow/dtypes.ts'
import { malformed, unsupported } from './fail.ts'
import { fieldsOf, sizeIn, valueOf, type Field } from '../protobuf/message.ts'
import { readTable, shown, type Block, type TableEntry } from './table.ts'

/** A part of a partitioned variable along every axis; no length: all of it. */
export type Slice = ReadonlyArray<{ readonly start: number, readonly length?: number }>

export interface BundleEntry {
  /** Raw bytes, one letter a byte. */
  readonly key: string
  readonly dtype: number
  readonly shape: Shape
  readonly shard: number
  readonly offset: number
  readonly size: number
  /** Masked. */
  readonly crc: number
  /** Where the checksum lies in the index; absent when it is 0 and so is not written. */
  readonly crcAt?: number
  readonly block: Block
  /** The parts of a partitioned variable, which is stored in them alone. */
  readonly slices: readonly Slice[]
}

export interface Bundle { readonly shards: number, readonly entries: readonly BundleEntry[] }

/** Axes of a tensor. Source: TensorShape::MaxDimensions is 254. */
const MAX_RANK = 254

/** The header and all entries. Throws `invalid-model` naming the key of what is malformed. */
export function readBundle (index: Uint8Array): Bundle {
  const [first, ...others] = readTable(index)
  if (first?.key !== '') throw malformed('the index has no header')
  const entries = others.map(readEntry)
  const shards = readHeader(first.value)
  for (const { key, shard } of entries) {
    if (shard >= shards) throw malformed(`"${shown(key)}" lies in shard ${shard}, there are ${shards}`, { key: shown(key) })
  }
  assertApart(entries)
  return { shards, entries }
}

/** The number of shards. */
function readHeader (message: Uint8Array): number {
  const what = 'the header of the index'
  let [shards, endianness] = [0, 0]
  for (const field of fieldsOf(message, what)) {
    if (field.number === 1) shards = sizeIn(field, what)
    else if (field.number === 2) endianness = sizeIn(field, what)
  }
  if (endianness !== 0) throw unsupported('its numbers are stored big-endian; little-endian is read')
  return shards
}

function readEntry ({ key, value, at, block }: TableEntry): BundleEntry {
  const what = `the entry "${shown(key)}" of the index`
  const entry = { key, dtype: 0, shape: [] as Shape, shard: 0, offset: 0, size: 0, crc: 0, block, slices: [] as Slice[] }
  let crcAt: number | undefined
  const seen = new Set<number>()
  for (const field of fieldsOf(value, what)) {
    // TensorFlow takes the last; no writer makes two, so that two mean that readers are to be misled.
    if (seen.has(field.number) && field.number !== 7) throw malformed(`${what} has two fields ${field.number}`)
    seen.add(field.number)
    switch (field.number) {
      case 1: entry.dtype = sizeIn(field, what); break
      case 2: entry.shape = readShape(valueOf(field, 'bytes', what), what); break
      case 3: entry.shard = sizeIn(field, what); break
      case 4: entry.offset = sizeIn(field, what); break
      case 5: entry.size = sizeIn(field, what); break
      case 6:
        entry.crc = valueOf(field, 'fixed32', what)
        crcAt = at + field.at
        break
      case 7: entry.slices.push(readSlice(valueOf(field, 'bytes', what), what)); break
    }
  }
  assertSize(entry, what)
  return { ...entry, ...(crcAt !== undefined && { crcAt }) }
}

function readShape (message: Uint8Array, what: string): number[] {
  const shape: number[] = []
  for (const field of fieldsOf(message, `the shape in ${what}`)) {
    if (field.number === 3 && field.kind === 'varint' && field.value !== 0n) throw malformed(`${what} has no known shape`)
    if (field.number !== 2) continue
    if (shape.length === MAX_RANK) throw malformed(`${what} has more than ${MAX_RANK} axes`)
    shape.push(sizeOfAxis(valueOf(field, 'bytes', what), what))
  }
  return shape
}

function sizeOfAxis (message: Uint8Array, what: string): number {
  let size = 0
  for (const field of fieldsOf(message, `an axis in ${what}`)) if (field.number === 1) size = sizeIn(field, `an axis in ${what}`)
  return size
}

function readSlice (message: Uint8Array, what: string): Slice {
  return [...fieldsOf(message, what)].filter(({ number }) => number === 1).map((extent: Field) => {
    const values = new Map([...fieldsOf(valueOf(extent, 'bytes', what), what)].map((field) => [field.number, sizeIn(field, what)]))
    const length = values.get(2)
    return { start: values.get(1) ?? 0, ...(length !== undefined && { length }) }
  })
}

/** The size in bytes must be that of type and shape, where the type tells it. */
function assertSize ({ dtype, shape, size, slices }: Omit<BundleEntry, 'crcAt'>, what: string): void {
  if (dtype === 0) throw malformed(`${what} is of no type: its type is not told`)
  const type = numberTypeOf(dtype)
  const width = type === undefined ? otherSize(dtype) : NUMBER_TYPES[type]
  const count = shape.reduce((product, length) => product * length, 1)
  if (!Number.isSafeInteger(count)) throw malformed(`${what} has the shape [${shape.join(', ')}], more elements than can be counted`)
  if (slices.length > 0) return
  if (width !== undefined && count * width !== size) throw malformed(`${what} has ${size} bytes, its shape [${shape.join(', ')}] needs ${count * width}`)
}

/** Tensors that share bytes could not be changed one by one. */
function assertApart (entries: readonly BundleEntry[]): void {
  const ends = new Map<number, number>()
  for (const { key, shard, offset, size, slices } of [...entries].sort((a, b) => a.offset - b.offset)) {
    if (slices.length > 0 || size === 0) continue
    if (offset < (ends.get(shard) ?? 0)) throw malformed(`"${shown(key)}" begins at byte ${offset} of shard ${shard}, within another tensor`, { key: shown(key) })
    ends.set(shard, offset + size)
  }
}
