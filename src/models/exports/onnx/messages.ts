/** Messages of ONNX files as bytes. Field numbers are those of onnx.proto. */
import { block, integer, joined, text, wrapped } from '../../formats/protobuf/encode.ts'
import type { SymbolicShape } from '../../tensor.ts'

export const DATA_TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, int4: 22 } as const

export type DataType = keyof typeof DATA_TYPES

/** An operator set and the version of files that it goes with. */
export interface OnnxVersion { readonly operators: number, readonly file: number }

/** Gelu is of 20; the oldest that has all that is written in float32 and int8. */
export const PLAIN_VERSION: OnnxVersion = { operators: 20, file: 9 }

/** The first with numbers of four bits and scales for blocks. */
export const BLOCKS_VERSION: OnnxVersion = { operators: 21, file: 10 }

const KINDS = { float: 1, int: 2, string: 3, ints: 7 } as const

export type Attribute = number | string | readonly number[] | { readonly float: number }

export interface Initializer { readonly name: string, readonly shape: readonly number[], readonly type: DataType, readonly data: Uint8Array }

export interface NamedValue { readonly name: string, readonly shape: SymbolicShape, readonly type: DataType }

export interface OnnxGraph {
  readonly name: string
  readonly nodes: readonly Uint8Array[]
  readonly initializers: readonly Initializer[]
  readonly inputs: readonly NamedValue[]
  readonly outputs: readonly NamedValue[]
}

export function nodeMessage (operator: string, name: string, inputs: readonly string[], outputs: readonly string[], attributes: Readonly<Record<string, Attribute>>): Uint8Array {
  return joined([
    ...inputs.map((input) => text(1, input)), ...outputs.map((output) => text(2, output)), text(3, name), text(4, operator),
    ...Object.entries(attributes).map(([key, value]) => block(5, attributeMessage(key, value))),
  ])
}

export function modelMessage (producer: string, graph: OnnxGraph, version: OnnxVersion): Uint8Array {
  return joined([
    integer(1, version.file), text(2, producer), ...wrapped(7, graphMessage(graph)), block(8, joined([text(1, ''), integer(2, version.operators)])),
  ])
}

function graphMessage ({ name, nodes, initializers, inputs, outputs }: OnnxGraph): Uint8Array[] {
  return [
    ...nodes.flatMap((node) => wrapped(1, [node])), text(2, name), ...initializers.flatMap((one) => wrapped(5, initializerMessage(one))),
    ...inputs.map((one) => block(11, valueMessage(one))), ...outputs.map((one) => block(12, valueMessage(one))),
  ]
}

function initializerMessage ({ name, shape, type, data }: Initializer): Uint8Array[] {
  return [...shape.map((size) => integer(1, size)), integer(2, DATA_TYPES[type]), text(8, name), ...wrapped(9, [data])]
}

/** Of sizes that are not known, all batches have one name. */
function valueMessage ({ name, shape, type }: NamedValue): Uint8Array {
  const sizes = shape.map((size, axis) => block(1, size === null ? text(2, axis === 0 ? 'batch' : `size_${axis}`) : integer(1, size)))
  return joined([text(1, name), block(2, block(1, joined([integer(1, DATA_TYPES[type]), block(2, joined(sizes))])))])
}

function attributeMessage (name: string, value: Attribute): Uint8Array {
  const kind = typeof value === 'number' ? 'int' : typeof value === 'string' ? 'string' : 'float' in value ? 'float' : 'ints'
  const content = typeof value === 'number'
    ? [integer(3, BigInt(value))]
    : typeof value === 'string' ? [text(4, value)] : 'float' in value ? [[2 << 3 | 5], new Uint8Array(Float32Array.of(value.float).buffer)] : value.map((one) => integer(8, BigInt(one)))
  return joined([text(1, name), ...content, integer(20, KINDS[kind])])
}
