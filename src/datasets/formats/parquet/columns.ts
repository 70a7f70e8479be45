/** The columns of a Parquet file: which hold numbers, lists of numbers or texts, and why others cannot be read. Source: parquet-format, LogicalTypes.md. */
import type { NumberType } from '../../../models/tensor.ts'
import { invalid } from '../format.ts'
import type { Fields } from './thrift.ts'

export interface Column {
  readonly name: string
  /** Place among the columns of a row group. */
  readonly leaf: number
  /** Of a value as it is stored; booleans take a bit. */
  readonly stored: NumberType | 'text'
  /** What the values mean: INT32 may hold uint8. */
  readonly type: NumberType | 'text'
  readonly list: boolean
  /** Levels of a value that is there: less is a null or an empty list. */
  readonly definition: number
}

/** A column that is no feature and no target, with the reason. */
export interface OtherColumn { readonly name: string, readonly problem: string }

/** Numbers of parquet.thrift. */
const [REQUIRED, OPTIONAL, REPEATED] = [0, 1, 2]
const PHYSICAL = ['BOOLEAN', 'INT32', 'INT64', 'INT96', 'FLOAT', 'DOUBLE', 'BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY'] as const
const CONVERTED_LIST = 3
/** Texts: UTF8 and ENUM; whole numbers: UINT_8 to INT_64. */
const CONVERTED_TEXTS = new Set([0, 4])
const CONVERTED_WHOLE: Readonly<Record<number, NumberType>> = { 11: 'uint8', 12: 'uint16', 13: 'uint32', 14: 'uint64', 15: 'int8', 16: 'int16', 17: 'int32', 18: 'int64' }
/** Fields of the union LogicalType. */
const LOGICAL = { text: 1, list: 3, enumeration: 4, whole: 10, half: 15 } as const
const LOGICAL_NAMES: Readonly<Record<number, string>> = { 2: 'MAP', 5: 'DECIMAL', 6: 'DATE', 7: 'TIME', 8: 'TIMESTAMP', 11: 'NULL', 12: 'JSON', 13: 'BSON', 14: 'UUID', 16: 'VARIANT', 17: 'GEOMETRY', 18: 'GEOGRAPHY' }
const CONVERTED_NAMES: Readonly<Record<number, string>> = { 1: 'MAP', 2: 'MAP', 5: 'DECIMAL', 6: 'DATE', 7: 'TIME', 8: 'TIME', 9: 'TIMESTAMP', 10: 'TIMESTAMP', 19: 'JSON', 20: 'BSON', 21: 'INTERVAL' }

interface Node { readonly name: string, readonly element: Fields, readonly leaf: number, readonly children: readonly Node[] }

/** The columns of the schema, in its order. Throws `invalid-dataset` when it is no tree. */
export function columnsOf (schema: readonly Fields[]): Array<Column | OtherColumn> {
  const cursor = { element: 0, leaf: 0 }
  const root = nodeOf(schema, cursor, 0)
  if (cursor.element !== schema.length) throw invalid(`the schema has ${schema.length} elements, its tree has ${cursor.element}`)
  return root.children.map(columnOf)
}

/** Structs in structs need not be told apart from each other: deeper ones are not read. */
const MAX_DEPTH = 64

function nodeOf (schema: readonly Fields[], cursor: { element: number, leaf: number }, depth: number): Node {
  const element = schema[cursor.element++]
  if (element === undefined || depth > MAX_DEPTH) throw invalid('the schema is no tree: elements are missing, or it is too deep')
  const name = element.text(4) ?? ''
  const count = element.whole(5) ?? 0
  if (count === 0 && depth > 0) return { name, element, leaf: cursor.leaf++, children: [] }
  const leaf = cursor.leaf
  const children: Node[] = []
  for (let index = 0; index < count; index++) children.push(nodeOf(schema, cursor, depth + 1))
  return { name, element, leaf, children }
}

function columnOf (node: Node): Column | OtherColumn {
  const { name, element, leaf, children } = node
  const repetition = element.whole(3) ?? REQUIRED
  if (repetition === REPEATED) return { name, problem: 'is repeated without being a list' }
  const optional = Number(repetition === OPTIONAL)
  if (children.length === 0) return { name, ...typeOf(element), leaf, list: false, definition: optional }
  if (element.whole(6) !== CONVERTED_LIST && element.struct(10)?.has(LOGICAL.list) !== true) return { name, problem: `is ${kindOf(element) ?? 'a struct'}; columns of numbers and lists of numbers are read` }
  const [repeated, ...more] = children
  if (repeated === undefined || more.length > 0 || repeated.element.whole(3) !== REPEATED || repeated.children.length > 1) return { name, problem: 'is a list of structs; lists of numbers are read' }
  // Old writers repeat the value itself.
  const value = repeated.children[0] ?? repeated
  if (value.children.length > 0 || (value !== repeated && value.element.whole(3) === REPEATED)) return { name, problem: 'is a list of lists or structs; lists of numbers are read, in which a model\'s input may be of several axes' }
  return { name, ...typeOf(value.element), leaf: value.leaf, list: true, definition: optional + 1 + Number(value.element.whole(3) === OPTIONAL) }
}

function typeOf (element: Fields): { stored: Column['stored'], type: Column['type'] } | { problem: string } {
  const physical = PHYSICAL[element.whole(1) ?? -1]
  const logical = element.struct(10)
  const named = kindOf(element)
  if (named !== undefined) return { problem: `is ${named}; columns of numbers are read` }
  switch (physical) {
    case 'BOOLEAN': return { stored: 'bool', type: 'bool' }
    case 'FLOAT': return { stored: 'float32', type: 'float32' }
    case 'DOUBLE': return { stored: 'float64', type: 'float64' }
    case 'BYTE_ARRAY': return { stored: 'text', type: 'text' }
    case 'INT32': case 'INT64': return wholeType(element, physical === 'INT32' ? 32 : 64)
    case 'FIXED_LEN_BYTE_ARRAY': if (logical?.has(LOGICAL.half) === true && element.whole(2) === 2) return { stored: 'float16', type: 'float16' }
  }
  return { problem: `is ${physical ?? 'of an unknown type'}; columns of numbers are read` }
}

function wholeType (element: Fields, bits: 32 | 64): { stored: NumberType, type: NumberType } | { problem: string } {
  const whole = element.struct(10)?.struct(LOGICAL.whole)
  const type = whole === undefined ? CONVERTED_WHOLE[element.whole(6) ?? -1] ?? `int${bits}` as const : `${whole.flag(2) === false ? 'u' : ''}int${whole.whole(1)}`
  if (!/^u?int(8|16|32|64)$/.test(type)) return { problem: `is of the type ${type}; whole numbers have 8, 16, 32 or 64 bits` }
  return { stored: `${type.startsWith('u') ? 'u' : ''}int${bits}`, type: type as NumberType }
}

/** The logical type of what is no number and no text. */
function kindOf (element: Fields): string | undefined {
  const logical = element.struct(10)
  const number = Object.keys(LOGICAL_NAMES).map(Number).find((field) => logical?.has(field))
  const converted = element.whole(6) ?? -1
  if (number !== undefined) return LOGICAL_NAMES[number]
  return CONVERTED_TEXTS.has(converted) ? undefined : CONVERTED_NAMES[converted]
}
