/** What the tests of safetensors files share: files made by its Python library, what numpy says of them, and files made by hand. */
import { readFileSync } from 'node:fs'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import type { ModelFile } from '../../../src/models/model.ts'
import { pathOf } from '../../support/fixtures.ts'
import { bytesOf } from './formats-helpers.ts'

export interface ExpectedTensor { readonly dtype: string, readonly shape: readonly number[], readonly values: readonly number[] }

export const FOLDER = 'test/fixtures/safetensors'

export const EXPECTED = JSON.parse(readFileSync(pathOf(`${FOLDER}/expected.json`), 'utf8')) as Record<'plain' | 'types' | 'shards', Record<string, ExpectedTensor>>

export const fixture = (name: string): Uint8Array => bytesOf(`${FOLDER}/${name}`)

export const read = async (file: Uint8Array): Promise<ModelFile> => await readModel(bytesInMemory(file))

/** A file of this header, as text or as what becomes JSON, and these data. */
export function fileOf (header: unknown, data: Uint8Array = new Uint8Array(), length?: bigint): Uint8Array {
  const text = header instanceof Uint8Array ? header : new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}

/** Header and data apart. */
export function partsOf (file: Uint8Array): { header: Record<string, { dtype: string, shape: number[], data_offsets: [number, number] }>, data: Uint8Array } {
  const end = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  return { header: JSON.parse(new TextDecoder().decode(file.slice(8, end))) as ReturnType<typeof partsOf>['header'], data: file.slice(end) }
}

/** The raw bytes of a tensor. */
export function rawOf (file: Uint8Array, name: string): Uint8Array {
  const { header, data } = partsOf(file)
  return data.slice(...header[name]!.data_offsets)
}
