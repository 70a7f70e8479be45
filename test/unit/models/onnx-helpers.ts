/** What the tests of ONNX files share: the fixtures with what Python says of them, and messages of protobuf made by hand. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeZip } from '../../../src/models/zip.ts'
import { pathOf } from '../../support/fixtures.ts'
import { bytesOf } from './formats-helpers.ts'

interface ExpectedTensor { type: string, shape: number[], values?: string }

export interface ExpectedFile {
  layers: Array<{ name: string, type: string, weights: Array<[role: string, name: string]> }>
  tensors: Record<string, ExpectedTensor>
  zeroed: { tensors: string[], sha256: string }
}

const expected = JSON.parse(readFileSync(pathOf('test/fixtures/onnx/expected.json'), 'utf8')) as { threshold: number, files: Record<string, ExpectedFile> }

export const THRESHOLD = expected.threshold
export const FILES = ['convolutions.onnx', 'sequences.onnx', 'types.onnx', 'external.zip']

export function expectedOf (name: string): ExpectedFile {
  return expected.files[name]!
}

export function fixture (name: string): Uint8Array {
  return bytesOf(`test/fixtures/onnx/${name}`)
}

export function floatsOf ({ values }: ExpectedTensor): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(values!, 'base64')).buffer)
}

export function sha256 (bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function varint (value: number | bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest % 128n) + 128)
  return [...bytes, Number(rest)]
}

type Bytes = ArrayLike<number>

/** A field of bytes; `length` lies about their number. */
export function field (number: number, content: Bytes | string, length?: number | bigint): number[] {
  const bytes = typeof content === 'string' ? [...Buffer.from(content)] : Array.from(content)
  return [...varint(number * 8 + 2), ...varint(length ?? bytes.length), ...bytes]
}

export function integer (number: number, value: number | bigint): number[] {
  return [...varint(number * 8), ...varint(value)]
}

export function floats (...values: number[]): number[] {
  return [...new Uint8Array(Float32Array.from(values).buffer)]
}

export function tensor ({ name = 'w', dims = [2, 2] as Array<number | bigint>, type = 1 as number | bigint, data = field(9, floats(1, -2, 3, -4)) } = {}): number[] {
  return [...dims.flatMap((size) => integer(1, size)), ...integer(2, type), ...field(8, name), ...data]
}

export function node ({ operator = 'MatMul', inputs = ['x', 'w'], output = 'y', name = 'layer', more = [] as number[] } = {}): number[] {
  return [...inputs.flatMap((one) => field(1, one)), ...field(2, output), ...field(3, name), ...field(4, operator), ...more]
}

export interface Parts { nodes?: number[][], tensors?: number[][], more?: number[], head?: number[], tail?: number[] }

export function graph ({ nodes = [node()], tensors = [tensor()], more = [] }: Parts = {}): number[] {
  return [...nodes.flatMap((one) => field(1, one)), ...tensors.flatMap((one) => field(5, one)), ...more]
}

/** A model of one MatMul unless told otherwise. */
export function file (parts: Parts = {}): Uint8Array {
  return Uint8Array.from([...parts.head ?? integer(1, 8), ...field(7, graph(parts)), ...field(8, integer(2, 17)), ...parts.tail ?? []])
}

/** external_data of a tensor. */
export function external (entries: Record<string, string>): number[] {
  return [...Object.entries(entries).flatMap(([key, value]) => field(13, [...field(1, key), ...field(2, value)])), ...integer(14, 1)]
}

export async function zipOf (entries: Record<string, Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(Object.entries(entries).map(([name, content]) => ({ name, content })))) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}
