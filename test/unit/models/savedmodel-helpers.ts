/** What the tests of SavedModels share: tables, messages and zips made by hand, so that each part can be made wrong. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import type { ModelFile } from '../../../src/models/model.ts'
import { writeZip, type ZipInput } from '../../../src/models/zip.ts'
import { pathOf } from '../../support/fixtures.ts'

export const FOLDER = 'test/fixtures/savedmodel'

export interface ExpectedTensor { readonly shape: number[], readonly type: string, readonly sha256?: string, readonly nonzeros?: number }
export interface Expected {
  readonly tensors: Record<string, ExpectedTensor>
  readonly names?: Record<string, string>
  readonly weights?: Record<string, { shape: number[], sha256: string }>
}

/** What TensorFlow says, by name of the model. */
export const EXPECTED = JSON.parse(readFileSync(pathOf(`${FOLDER}/expected.json`), 'utf8')) as Record<string, Expected>

export function sha256 (bytes: Uint8Array | Float32Array): string {
  return createHash('sha256').update(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)).digest('hex')
}

/** CRC-32C bit by bit, and as TensorFlow masks it: written apart from the product's. */
export function maskedCrc (bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

export function varint (value: number | bigint): number[] {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, BigInt(value))
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
  return [...bytes, Number(left)]
}

export function fixed32 (value: number): number[] {
  return [value & 255, value >>> 8 & 255, value >>> 16 & 255, value >>> 24]
}

/** Fields of a message: [number, value]; numbers as varints, lists of bytes as such. */
export type Fields = ReadonlyArray<readonly [number, number | bigint | number[]] | readonly [number, 'fixed32', number]>

export function message (fields: Fields): number[] {
  return fields.flatMap((field) => {
    if (field[1] === 'fixed32') return [...varint(field[0] * 8 + 5), ...fixed32(field[2] as number)]
    return Array.isArray(field[1]) ? [...varint(field[0] * 8 + 2), ...varint(field[1].length), ...field[1]] : [...varint(field[0] * 8), ...varint(field[1])]
  })
}

export const ascii = (text: string): number[] => [...new TextEncoder().encode(text)]

/** A shape of tensor_shape.proto. */
export const shape = (...sizes: Array<number | bigint>): number[] => message(sizes.map((size) => [2, message([[1, size]])] as const))

export interface Entry { readonly key: string, readonly value: number[] }

export interface Handle { readonly at: number, readonly length: number }

/** What can be made wrong about a table. */
export interface TableOptions {
  readonly compression?: number
  readonly magic?: number[]
  /** Of the data block; the given one is right. */
  restarts? (right: number[]): number[]
  /** Handles of data blocks in the directory. */
  handles? (right: Handle, meta: Handle, directory: number): Handle[]
  meta? (right: Handle): Handle
  directory? (right: Handle): Handle
  /** The data block without its restarts. */
  data? (right: number[]): number[]
}

const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]

/** A table of one data block, keys one letter a byte and not shortened. */
export function tableOf (entries: readonly Entry[], options: TableOptions = {}): number[] {
  const file: number[] = []
  const block = (content: number[], restarts: number[], compression = 0): Handle => {
    const bytes = [...content, ...restarts.flatMap(fixed32), ...fixed32(restarts.length), compression]
    const at = file.length
    file.push(...bytes, ...fixed32(maskedCrc(Uint8Array.from(bytes))))
    return { at, length: bytes.length - 1 }
  }
  const record = ({ key, value }: Entry): number[] => [0, ...varint(key.length), ...varint(value.length), ...[...key].map((letter) => letter.charCodeAt(0)), ...value]
  const handle = ({ at, length }: Handle): number[] => [...varint(at), ...varint(length)]
  const right = entries.flatMap(record)
  const data = block(options.data?.(right) ?? right, options.restarts?.([0]) ?? [0], options.compression)
  const meta = block([], [0])
  const blocks = options.handles?.(data, meta, file.length) ?? [data]
  const directory = block(blocks.flatMap((one, index) => record({ key: `z${String(index).padStart(4, '0')}`, value: handle(one) })), [0])
  const handles = [...handle(options.meta?.(meta) ?? meta), ...handle(options.directory?.(directory) ?? directory)]
  return [...file, ...handles, ...new Array<number>(40 - handles.length).fill(0), ...options.magic ?? MAGIC]
}

export const HEADER: Entry = { key: '', value: message([[1, 1], [3, message([[1, 1]])]]) }

/** The entry of a float32 tensor of `values` at byte 0 of shard 0, with its checksum; `fields` stand in for those of the same number. */
export function tensorEntry (key: string, values: Float32Array, sizes: number[], fields: Fields = [], offset = 0): Entry {
  const right: Fields = [[1, 1], [2, shape(...sizes)], [4, offset], [5, values.byteLength], [6, 'fixed32', maskedCrc(new Uint8Array(values.buffer))]]
  return { key, value: message([...right.filter(([number]) => !fields.some(([other]) => other === number)), ...fields]) }
}

export async function zipOf (files: Readonly<Record<string, ArrayLike<number>>>, deflate = false): Promise<Uint8Array> {
  const inputs: ZipInput[] = Object.entries(files).map(([name, content]) => ({ name, content: Uint8Array.from(content), deflate }))
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(inputs)) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}

/** A SavedModel of the given index and shard. */
export async function savedModel (index: ArrayLike<number>, shard: ArrayLike<number>, others: Readonly<Record<string, ArrayLike<number>>> = {}): Promise<Uint8Array> {
  return await zipOf({ 'saved_model.pb': [8, 1], 'variables/variables.index': index, 'variables/variables.data-00000-of-00001': shard, ...others })
}

export async function read (file: Uint8Array): Promise<ModelFile> {
  return await readModel(bytesInMemory(file))
}
