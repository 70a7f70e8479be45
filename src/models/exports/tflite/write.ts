/** Writes a TFLite model as a flatbuffer of the schema's version 3. */
import { Builder } from 'flatbuffers'
import { EspalierError } from '../../../errors.ts'
import type { Quantization, SparseAxis, Sparsity, TfliteModel, TfliteOperator, TfliteTensor } from './model.ts'
import { BUILTINS, IDENTIFIER, OPTIONS, TENSOR_TYPES, type FieldKind } from './schema.ts'

const VERSION = 3

/** What XNNPACK and microcontrollers read constants by. */
const ALIGNMENT = 16

/** Offsets are 32-bit and signed. */
const MAX_BYTES = 2 ** 31 - 1

/** Codes above are told by the newer field alone. */
const PLACEHOLDER_CODE = 127

/** Which vectors of indices the schema's union has; the widest fits all. */
const INT32_VECTOR = 1

/** Tensors that nothing uses are left out. Throws `limit-exceeded` for models that no flatbuffer holds. */
export function writeTflite (given: TfliteModel): Uint8Array {
  const model = withoutUnused(given)
  const total = model.tensors.reduce((sum, { data }) => sum + (data?.length ?? 0), 0)
  if (total > MAX_BYTES * 0.9) throw new EspalierError('limit-exceeded', `the model has ${total} bytes of weights; a TFLite file holds less than 2 GiB`)
  const b = new Builder(total + 65_536)
  const { buffers, bufferOf } = buffersOf(model)
  const data = buffers.map((bytes) => table(b, 1, [[0, offsetOf(bytes.length === 0 ? 0 : alignedBytes(b, bytes))]]))
  const tensors = model.tensors.map((tensor) => writeTensor(b, tensor, bufferOf(tensor)))
  const codes = [...new Map(model.operators.map((one) => [keyOf(one), one])).values()]
  const operators = model.operators.map((operator) => writeOperator(b, operator, codes.findIndex((one) => keyOf(one) === keyOf(operator))))
  const subgraph = table(b, 5, [
    [0, offsetOf(offsets(b, tensors))], [1, offsetOf(integers(b, model.inputs))], [2, offsetOf(integers(b, model.outputs))],
    [3, offsetOf(offsets(b, operators))], [4, offsetOf(b.createString('main'))],
  ])
  const written = codes.map(({ builtin, version }) => {
    const [code] = BUILTINS[builtin]
    return table(b, 4, [[0, { kind: 'int8', value: Math.min(code, PLACEHOLDER_CODE) }], [2, { kind: 'int32', value: version }], [3, { kind: 'int32', value: code }]])
  })
  const root = table(b, 8, [
    [0, { kind: 'int32', value: VERSION }], [1, offsetOf(offsets(b, written))], [2, offsetOf(offsets(b, [subgraph]))], [3, offsetOf(b.createString(model.description))],
    [4, offsetOf(offsets(b, data))], [7, offsetOf(offsets(b, [writeSignature(b, model)]))],
  ])
  b.finish(root, IDENTIFIER)
  return b.asUint8Array()
}

/** A field's value: a number of some kind, or the place of something that was written before. */
type Field = { readonly kind: FieldKind | 'uint8' | 'offset', readonly value: number }

function offsetOf (value: number): Field {
  return { kind: 'offset', value }
}

/** Fields that are 0 are the schema's defaults and take no room. */
function table (b: Builder, size: number, fields: ReadonlyArray<readonly [number, Field]>): number {
  b.startObject(size)
  for (const [id, { kind, value }] of fields) {
    if (kind === 'offset') b.addFieldOffset(id, value, 0)
    else if (kind === 'int32') b.addFieldInt32(id, value, 0)
    else if (kind === 'float32') b.addFieldFloat32(id, value, 0)
    else b.addFieldInt8(id, value, 0)
  }
  return b.endObject()
}

function alignedBytes (b: Builder, bytes: Uint8Array): number {
  b.prep(ALIGNMENT, bytes.length)
  return b.createByteVector(bytes)
}

function integers (b: Builder, list: ArrayLike<number>): number {
  b.startVector(4, list.length, 4)
  for (let at = list.length - 1; at >= 0; at--) b.addInt32(list[at]!)
  return b.endVector()
}

function floats (b: Builder, list: readonly number[]): number {
  b.startVector(4, list.length, 4)
  for (const value of list.toReversed()) b.addFloat32(value)
  return b.endVector()
}

function longs (b: Builder, list: readonly number[]): number {
  b.startVector(8, list.length, 8)
  for (const value of list.toReversed()) b.addInt64(BigInt(value))
  return b.endVector()
}

function offsets (b: Builder, list: readonly number[]): number {
  b.startVector(4, list.length, 4)
  for (const offset of list.toReversed()) b.addOffset(offset)
  return b.endVector()
}

function writeTensor (b: Builder, { name, shape, signature, type, quantization, sparsity }: TfliteTensor, buffer: number): number {
  return table(b, 9, [
    [0, offsetOf(integers(b, shape))], [1, { kind: 'int8', value: TENSOR_TYPES[type] }], [2, { kind: 'int32', value: buffer }], [3, offsetOf(b.createString(name))],
    [4, offsetOf(quantization === undefined ? 0 : writeQuantization(b, quantization))], [6, offsetOf(sparsity === undefined ? 0 : writeSparsity(b, sparsity))],
    [7, offsetOf(signature === undefined ? 0 : integers(b, signature))], [8, { kind: 'bool', value: 1 }],
  ])
}

function writeQuantization (b: Builder, { scales, zeroPoints, axis }: Quantization): number {
  return table(b, 7, [[2, offsetOf(floats(b, scales))], [3, offsetOf(longs(b, zeroPoints))], [6, { kind: 'int32', value: axis }]])
}

function writeSparsity (b: Builder, { order, blockMap, axes }: Sparsity): number {
  const written = axes.map((axis) => writeAxis(b, axis))
  return table(b, 3, [[0, offsetOf(integers(b, order))], [1, offsetOf(blockMap.length === 0 ? 0 : integers(b, blockMap))], [2, offsetOf(offsets(b, written))]])
}

function writeAxis (b: Builder, axis: SparseAxis): number {
  if (axis.kind === 'dense') return table(b, 6, [[1, { kind: 'int32', value: axis.size }]])
  const [segments, indices] = [axis.segments, axis.indices].map((list) => table(b, 1, [[0, offsetOf(integers(b, list))]]))
  return table(b, 6, [
    [0, { kind: 'int8', value: 1 }], [2, { kind: 'uint8', value: INT32_VECTOR }], [3, offsetOf(segments!)], [4, { kind: 'uint8', value: INT32_VECTOR }], [5, offsetOf(indices!)],
  ])
}

function writeOperator (b: Builder, { builtin, inputs, outputs, options }: TfliteOperator, code: number): number {
  const { type, fields } = OPTIONS[BUILTINS[builtin][1]]
  const known = Object.entries(fields) as Array<[string, readonly [FieldKind, number]]>
  const size = Math.max(0, ...known.map(([, [, id]]) => id + 1))
  const written = type === 0 ? 0 : table(b, size, known.filter(([name]) => options[name] !== undefined).map(([name, [kind, id]]) => [id, { kind, value: Number(options[name]) }]))
  return table(b, 5, [
    [0, { kind: 'int32', value: code }], [1, offsetOf(integers(b, inputs))], [2, offsetOf(integers(b, outputs))], [3, { kind: 'uint8', value: type }], [4, offsetOf(written)],
  ])
}

/** How runtimes find inputs and outputs by name. */
function writeSignature (b: Builder, { inputs, outputs, inputNames, outputNames }: TfliteModel): number {
  const mapped = (names: readonly string[], tensors: readonly number[]) =>
    offsets(b, names.map((name, index) => table(b, 2, [[0, offsetOf(b.createString(name))], [1, { kind: 'int32', value: tensors[index]! }]])))
  return table(b, 5, [[0, offsetOf(mapped(inputNames, inputs))], [1, offsetOf(mapped(outputNames, outputs))], [2, offsetOf(b.createString('serving_default'))]])
}

/** Constants that are one array share a buffer; the first is empty, for tensors without. */
function buffersOf ({ tensors }: TfliteModel): { buffers: Uint8Array[], bufferOf: (tensor: TfliteTensor) => number } {
  const places = new Map<Uint8Array, number>()
  const buffers: Uint8Array[] = [new Uint8Array()]
  for (const { data } of tensors) if (data !== undefined && !places.has(data)) places.set(data, buffers.push(data) - 1)
  return { buffers, bufferOf: ({ data }) => data === undefined ? 0 : places.get(data)! }
}

function withoutUnused (model: TfliteModel): TfliteModel {
  const used = new Set([...model.inputs, ...model.outputs, ...model.operators.flatMap(({ inputs, outputs }) => [...inputs, ...outputs])])
  const kept = [...model.tensors.keys()].filter((index) => used.has(index))
  const places = new Map(kept.map((old, index) => [old, index]))
  const moved = (list: readonly number[]) => list.map((old) => old < 0 ? old : places.get(old)!)
  return {
    ...model,
    tensors: kept.map((old) => model.tensors[old]!),
    operators: model.operators.map((one) => ({ ...one, inputs: moved(one.inputs), outputs: moved(one.outputs) })),
    inputs: moved(model.inputs),
    outputs: moved(model.outputs),
  }
}

function keyOf ({ builtin, version }: TfliteOperator): string {
  return `${builtin} ${version}`
}
