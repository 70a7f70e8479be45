/** ValueInfoProto: name, type and shape of what a graph takes or gives. */
import type { NumberType, SymbolicShape } from '../../tensor.ts'
import { ONNX_TYPES } from './data-types.ts'
import { assertAtMost, malformed } from './fail.ts'
import { ONNX_LIMITS } from './limits.ts'
import { textIf } from './text.ts'
import { signedOf } from '../protobuf/varint.ts'
import { assertWire, rangeOf, type Range, type Wire } from '../protobuf/wire.ts'

export interface ValueInfo {
  readonly name: string
  /** As in ONNX: `FLOAT`, `STRING`, `sequence`, ...; `unknown` when the file does not say. */
  readonly kind: string
  /** Of tensors of numbers that are known here. */
  readonly type?: NumberType
  /** null where a size is symbolic or left open. Absent when not even the number of axes is told. */
  readonly shape?: SymbolicShape
}

/** The kinds of TypeProto that are no dense tensors, by field. Source: onnx.proto of ONNX 1.20. */
const OTHER_KINDS: Readonly<Record<number, string>> = { 4: 'sequence', 5: 'map', 7: 'opaque', 8: 'sparse tensor', 9: 'optional' }

/** Throws `invalid-model` for a value without a name, and for malformed fields. */
export async function readValueInfo (wire: Wire, range: Range, what: string): Promise<ValueInfo> {
  const { 1: name, 2: type } = await messagesOf(wire, range, what)
  const text = await textIf(wire, name, `name of ${what}`)
  if (text === '') throw malformed(`${what} has no name`)
  return { name: text, ...(type === undefined ? { kind: 'unknown' } : await readType(wire, type, `the type of ${what}`)) }
}

async function readType (wire: Wire, range: Range, what: string): Promise<Omit<ValueInfo, 'name'>> {
  const fields = await messagesOf(wire, range, what)
  const other = Object.keys(OTHER_KINDS).find((number) => fields[Number(number)] !== undefined)
  if (fields[1] === undefined) return { kind: OTHER_KINDS[Number(other)] ?? 'unknown' }
  let [element, shape]: [number, Range | undefined] = [0, undefined]
  await wire.walk(fields[1], what, (field) => {
    if (field.number === 1) {
      assertWire(field, `elem_type of ${what}`, 0)
      element = signedOf(field.value!) ?? 0
    } else if (field.number === 2) {
      assertWire(field, `shape of ${what}`, 2)
      shape = rangeOf(field, undefined)
    }
  })
  const known = Object.hasOwn(ONNX_TYPES, element) ? ONNX_TYPES[element] : undefined
  return { kind: known?.name ?? 'unknown', ...(known?.type !== undefined && { type: known.type }), ...(shape !== undefined && { shape: await readShape(wire, shape, what) }) }
}

async function readShape (wire: Wire, range: Range, what: string): Promise<SymbolicShape> {
  const dims: Range[] = []
  await wire.walk(range, `shape of ${what}`, (field) => {
    if (field.number !== 1) return
    assertWire(field, `dim of ${what}`, 2)
    dims.push(rangeOf(field, undefined))
    assertAtMost(dims.length, ONNX_LIMITS.rank, `dims of ${what}`)
  })
  const shape: Array<number | null> = []
  for (const dim of dims) {
    let size: number | null = null
    await wire.walk(dim, `dim of ${what}`, (field) => {
      if (field.number !== 1) return
      assertWire(field, `dim_value of ${what}`, 0)
      const value = signedOf(field.value!) ?? 0
      // Exporters write 0 and -1 for sizes that they leave open.
      size = value > 0 ? value : null
    })
    shape.push(size)
  }
  return shape
}

/** The last field of bytes of each number. */
async function messagesOf (wire: Wire, range: Range, what: string): Promise<Record<number, Range | undefined>> {
  const found: Record<number, Range | undefined> = {}
  await wire.walk(range, what, (field) => {
    if (field.number > 9) return
    assertWire(field, `field ${field.number} of ${what}`, 2)
    found[field.number] = rangeOf(field, undefined)
  })
  return found
}
