/** Reads a TFLite file of one subgraph, as they are written here. */
import { sizeOf } from '../../tensor.ts'
import { FlatBuffer, malformed, type Table } from './flatbuffer.ts'
import type { Quantization, SparseAxis, Sparsity, TfliteModel, TfliteOperator, TfliteTensor } from './model.ts'
import { BUILTINS, IDENTIFIER, OPTIONS, TENSOR_TYPES, TYPE_BYTES, type BuiltinName, type FieldKind, type TensorType } from './schema.ts'

const TYPES = new Map(Object.entries(TENSOR_TYPES).map(([name, code]) => [code as number, name as TensorType]))
const NAMES = new Map(Object.entries(BUILTINS).map(([name, [code]]) => [code as number, name as BuiltinName]))

/** More elements than these are no tensor of a file that fits into memory. */
const MAX_ELEMENTS = 2 ** 40

/** Constants are views into `bytes`. Throws `invalid-model`, naming the place, for what is no such file. */
export function readTflite (bytes: Uint8Array): TfliteModel {
  if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(4, 8)) !== IDENTIFIER) throw malformed('it does not begin as one')
  const root = new FlatBuffer(bytes).root()
  const [subgraph, ...others] = root.tables(2)
  if (subgraph === undefined || others.length > 0) throw malformed(`it has ${others.length + (subgraph === undefined ? 0 : 1)} subgraphs, one is read`)
  const buffers = root.tables(4).map((buffer) => buffer.data(0))
  const tensors = subgraph.tables(0).map((table) => readTensor(table, buffers))
  const checked = (list: readonly number[], least = 0) => {
    const wrong = list.find((index) => index < least || index >= tensors.length)
    if (wrong !== undefined) throw malformed(`there is no tensor ${wrong}, there are ${tensors.length}`)
    return list
  }
  const codes = root.tables(1).map((table): { builtin: BuiltinName, version: number } => {
    const code = Math.max(table.int8(0), table.int32(3))
    const builtin = NAMES.get(code)
    if (builtin === undefined) throw malformed(`its operator ${code} is not known`)
    return { builtin, version: table.int32(2) || 1 }
  })
  const operators = subgraph.tables(3).map((table): TfliteOperator => {
    const code = codes[table.uint32(0)]
    if (code === undefined) throw malformed(`there is no operator code ${table.uint32(0)}`)
    return { ...code, inputs: checked(table.integers(1) ?? [], -1), outputs: checked(table.integers(2) ?? []), options: readOptions(code.builtin, table) }
  })
  const [signature] = root.tables(7)
  const names = (id: number) => signature?.tables(id).map((map) => map.text(0)) ?? []
  return {
    description: root.text(3), tensors, operators, inputs: checked(subgraph.integers(1) ?? []), outputs: checked(subgraph.integers(2) ?? []), inputNames: names(0), outputNames: names(1),
  }
}

function readTensor (table: Table, buffers: ReadonlyArray<Uint8Array | undefined>): TfliteTensor {
  const [name, shape, type] = [table.text(3), table.integers(0) ?? [], TYPES.get(table.int8(1))]
  if (type === undefined) throw malformed(`the tensor "${name}" has the type ${table.int8(1)}`)
  const size = sizeOf(shape)
  if (shape.some((one) => one < 0) || !(size <= MAX_ELEMENTS)) throw malformed(`the tensor "${name}" has the shape [${shape.join(', ')}]`)
  const buffer = table.uint32(2)
  if (buffer !== 0 && buffer >= buffers.length) throw malformed(`the tensor "${name}" has the buffer ${buffer}, there are ${buffers.length}`)
  const [data, signature, quantization, sparse] = [buffers[buffer], table.integers(7), table.table(4), table.table(6)]
  const sparsity = sparse === undefined ? undefined : readSparsity(sparse, name)
  if (data !== undefined && sparsity === undefined && data.length !== size * TYPE_BYTES[type]) throw malformed(`the tensor "${name}" needs ${size * TYPE_BYTES[type]} bytes, its buffer has ${data.length}`)
  return {
    name,
    shape,
    type,
    ...signature !== undefined && { signature },
    ...data !== undefined && { data },
    ...quantization !== undefined && { quantization: readQuantization(quantization, { name, shape }) },
    ...sparsity !== undefined && { sparsity },
  }
}

function readQuantization (table: Table, { name, shape }: { readonly name: string, readonly shape: readonly number[] }): Quantization {
  const [scales, zeroPoints, axis] = [table.floats(2) ?? [], table.longs(3) ?? [], table.int32(6)]
  const isEach = scales.length === 1 || scales.length === shape[axis]
  if (!isEach || zeroPoints.length !== scales.length || !scales.every((scale) => scale > 0 && Number.isFinite(scale))) throw malformed(`the tensor "${name}" has ${scales.length} scales and ${zeroPoints.length} zero points`)
  return { scales, zeroPoints, axis }
}

function readSparsity (table: Table, name: string): Sparsity {
  const axes = table.tables(2).map((axis): SparseAxis => {
    if (axis.int8(0) === 0) return { kind: 'dense', size: axis.int32(1) }
    const [segments, indices] = [axis.table(3)?.integers(0), axis.table(5)?.integers(0)]
    if (segments === undefined || indices === undefined) throw malformed(`the sparse tensor "${name}" has no indices`)
    return { kind: 'csr', segments: Int32Array.from(segments), indices: Int32Array.from(indices) }
  })
  return { order: table.integers(0) ?? [], blockMap: table.integers(1) ?? [], axes }
}

function readOptions (builtin: BuiltinName, operator: Table): TfliteOperator['options'] {
  const { type, fields } = OPTIONS[BUILTINS[builtin][1]]
  const table = operator.table(4)
  if (table === undefined || operator.uint8(3) !== type) return {}
  const known = Object.entries(fields) as Array<[string, readonly [FieldKind, number]]>
  return Object.fromEntries(known.map(([name, [kind, id]]) => [name, READS[kind](table, id)]))
}

const READS: Readonly<Record<FieldKind, (table: Table, id: number) => number | boolean>> = {
  int8: (table, id) => table.int8(id),
  int32: (table, id) => table.int32(id),
  bool: (table, id) => table.int8(id) !== 0,
  float32: (table, id) => table.float32(id),
}
