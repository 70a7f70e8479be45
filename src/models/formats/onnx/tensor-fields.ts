/** The fields of a TensorProto, gathered without reading its numbers. */
import { assertAtMost, malformed } from './fail.ts'
import { DATA_FIELDS, type DataField } from './data-types.ts'
import { ONNX_LIMITS } from './limits.ts'
import { readVarint, signedOf } from '../protobuf/varint.ts'
import { assertWire, rangeOf, type Field, type Range, type Wire } from '../protobuf/wire.ts'

/** Numbers that lie side by side: packed in one field (no tag), or a field each. */
export interface Run extends Range {
  readonly field: DataField
  /** Bytes of the tag before each number. */
  readonly tag: number
}

export interface TensorFields {
  readonly dims: readonly number[]
  readonly type: number
  readonly name?: Range
  readonly raw?: Range
  readonly runs: readonly Run[]
  readonly external: readonly Range[]
  readonly isExternal: boolean
  /** Has it a part of a larger tensor only? */
  readonly isSegment: boolean
}

const LEN = 2

/** Throws `invalid-model` for wrong wire types, dims that are no sizes and fields that come twice, and `limit-exceeded` past the limits. */
export async function readTensorFields (wire: Wire, range: Range, what: string): Promise<TensorFields> {
  const found: { type: number, name?: Range, raw?: Range, isExternal: boolean, isSegment: boolean } = { type: 0, isExternal: false, isSegment: false }
  const dims: Array<number | Range> = []
  const [runs, external]: [Run[], Range[]] = [[], []]
  await wire.walk(range, what, (field) => {
    switch (field.number) {
      case 1:
        assertWire(field, `dims of ${what}`, 0, LEN)
        dims.push(field.wire === LEN ? rangeOf(field, range.prefix) : sizeOfAxis(field.value!, what))
        assertAtMost(dims.length, ONNX_LIMITS.rank, `dims of ${what}`)
        return
      case 2:
        assertWire(field, `data_type of ${what}`, 0)
        found.type = signedOf(field.value!) ?? -1
        return
      case 3:
        found.isSegment = true
        return
      case 8:
        assertWire(field, `name of ${what}`, LEN)
        found.name = rangeOf(field, range.prefix)
        return
      case 9:
        assertWire(field, `raw_data of ${what}`, LEN)
        if (found.raw !== undefined) throw malformed(`${what} has raw_data twice`)
        found.raw = rangeOf(field, range.prefix)
        return
      case 13:
        assertWire(field, `external_data of ${what}`, LEN)
        external.push(rangeOf(field, range.prefix))
        return assertAtMost(external.length, ONNX_LIMITS.externalEntries, `entries of external_data of ${what}`)
      case 14:
        assertWire(field, `data_location of ${what}`, 0)
        found.isExternal = field.value === 1
        return
      case 4: case 5: case 7: case 10: case 11: return addNumbers(runs, field, field.number, range, what)
    }
  })
  return { ...found, dims: await sizesOf(wire, dims, what), runs, external }
}

/** Fields of single numbers one behind the other become one run. */
function addNumbers (runs: Run[], field: Field, number: DataField, { prefix }: Range, what: string): void {
  const { name, size } = DATA_FIELDS[number]
  assertWire(field, `${name} of ${what}`, size === 'varint' ? 0 : size === 4 ? 5 : 1, LEN)
  const tag = field.wire === LEN ? 0 : field.start - field.at
  const last = runs.at(-1)
  if (tag > 0 && last !== undefined && last.field === number && last.tag === tag && last.end === field.at) {
    runs[runs.length - 1] = { ...last, end: field.end }
    return
  }
  runs.push(tag === 0 ? { ...rangeOf(field, prefix), field: number, tag } : { start: field.at, end: field.end, field: number, tag, ...(prefix !== undefined && { prefix }) })
  assertAtMost(runs.length, ONNX_LIMITS.pieces, `pieces of ${name} of ${what}`)
}

async function sizesOf (wire: Wire, dims: ReadonlyArray<number | Range>, what: string): Promise<number[]> {
  const sizes: number[] = []
  for (const one of dims) {
    if (typeof one === 'number') {
      sizes.push(one)
      continue
    }
    // A size takes a byte at least, so a longer field has more of them than are read.
    assertAtMost(Math.ceil((one.end - one.start) / 10), ONNX_LIMITS.rank, `dims of ${what}`)
    const bytes = (await wire.bytes(one)).slice()
    for (let at = 0; at < bytes.length;) {
      const read = readVarint(bytes, at, `dims of ${what}`)
      if (read === undefined) throw malformed(`dims of ${what} end within a number`)
      sizes.push(sizeOfAxis(read.value, what))
      at += read.size
    }
  }
  assertAtMost(sizes.length, ONNX_LIMITS.rank, `dims of ${what}`)
  return sizes
}

function sizeOfAxis (value: number | bigint, what: string): number {
  const size = signedOf(value)
  if (size === undefined || size < 0) throw malformed(`${what} has an axis of size ${typeof value === 'number' ? value : BigInt.asIntN(64, value)}`)
  return size
}
