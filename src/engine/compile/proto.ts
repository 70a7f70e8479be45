/** Writes TensorFlow's GraphDef and SavedModel: the few protocol buffer messages that a recorded graph needs. Source: tensorflow/core/framework/*.proto. */

export interface NodeDef {
  readonly name: string
  readonly op: string
  /** `node`, `node:1`, or `^node` for a control dependency; those come last. */
  readonly inputs: readonly string[]
  /** By name: an encoded AttrValue, made by `attribute`. */
  readonly attributes: Readonly<Record<string, Uint8Array>>
}

/** The graph version that TensorFlow writes since 2.9; older ones change the meaning of some operations. */
const PRODUCER = 1882

/** DataType numbers. Source: tensorflow/core/framework/types.proto. */
export const DT_FLOAT = 1
export const DT_INT32 = 3
export const DT_BOOL = 10

const encoder = new TextEncoder()

function varint (value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest === 0n ? low : low | 0x80)
  } while (rest !== 0n)
  return bytes
}

function joined (parts: ReadonlyArray<Uint8Array | readonly number[]>): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const WIRE = { varint: 0, delimited: 2, fixed32: 5 } as const

const tag = (field: number, wire: number) => varint(field << 3 | wire)
const block = (field: number, bytes: Uint8Array) => joined([tag(field, WIRE.delimited), varint(bytes.length), bytes])
const text = (field: number, value: string) => block(field, encoder.encode(value))
const integer = (field: number, value: number) => joined([tag(field, WIRE.varint), varint(value)])
const floats = (values: readonly number[]) => new Uint8Array(new Float32Array(values).buffer)
const shapeProto = (sizes: readonly number[]) => joined(sizes.map((size) => block(2, integer(1, size))))

/** AttrValue messages. Types are TensorFlow's DataType numbers. */
export const attribute = {
  type: (type: number) => integer(6, type),
  types: (types: readonly number[]) => block(1, block(6, joined(types.map(varint)))),
  int: (value: number) => integer(3, value),
  ints: (values: readonly number[]) => block(1, block(3, joined(values.map(varint)))),
  float: (value: number) => joined([tag(4, WIRE.fixed32), floats([value])]),
  floats: (values: readonly number[]) => block(1, block(4, floats(values))),
  bool: (value: boolean) => integer(5, value ? 1 : 0),
  bools: (values: readonly boolean[]) => block(1, block(5, joined(values.map((value) => [value ? 1 : 0])))),
  string: (value: string) => text(2, value),
  shape: (sizes: readonly number[]) => block(7, shapeProto(sizes)),
  /** Row-major little-endian contents. */
  tensor: (type: number, sizes: readonly number[], contents: Uint8Array) => block(8, joined([integer(1, type), block(2, shapeProto(sizes)), block(4, contents)])),
  /** One value everywhere: TensorProto's float_val, int_val or bool_val. */
  splat: (type: number, sizes: readonly number[], value: number) =>
    block(8, joined([integer(1, type), block(2, shapeProto(sizes)), type === DT_FLOAT ? block(5, floats([value])) : block(type === DT_BOOL ? 11 : 7, joined([varint(value)]))])),
} as const

export function encodeNode ({ name, op, inputs, attributes }: NodeDef): Uint8Array {
  return joined([
    text(1, name), text(2, op), ...inputs.map((input) => text(3, input)),
    ...Object.entries(attributes).map(([key, value]) => block(5, joined([text(1, key), block(2, value)]))),
  ])
}

/** The bytes of `saved_model.pb` with one graph under the tag `serve`. */
export function encodeSavedModel (nodes: readonly NodeDef[]): Uint8Array {
  const graph = joined([...nodes.map((node) => block(1, encodeNode(node))), block(4, integer(1, PRODUCER))])
  return joined([integer(1, 1), block(2, joined([block(1, text(4, 'serve')), block(2, graph)]))])
}
