/** Parquet files of two columns of truth values in run lengths, of which a few bytes hold any number of rows. Source: parquet.thrift. */
import { joined, little, utf8 } from '../../fuzz/containers/container.ts'
import { varint } from '../../fuzz/containers/protobuf.ts'

const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12]

type Value = number | string | readonly Struct[] | Struct | readonly [type: number, ...numbers: number[]]
interface Struct { readonly fields: ReadonlyArray<readonly [id: number, type: number, value: Value]> }

const struct = (...fields: Struct['fields']): Struct => ({ fields })

function encoded ({ fields }: Struct): Uint8Array {
  return joined(...fields.map(([id, type, value]) => joined([type], varint(2 * id), valueOf(type, value))), [0])
}

function valueOf (type: number, value: Value): Uint8Array {
  if (type === I32 || type === I64) return varint(2 * (value as number))
  if (type === BINARY) return joined(varint((value as string).length), utf8(value as string))
  if (type === STRUCT) return encoded(value as Struct)
  const list = value as readonly Struct[] | readonly number[]
  const inner = typeof list[0] === 'number' ? I32 : STRUCT
  return joined([0xf0 | inner], varint(list.length), ...list.map((one) => valueOf(inner, one)))
}

/** `rows` rows of the columns x and y, all false, in one row group of one page a column. */
export function parquetOf (rows: number): Uint8Array {
  const RLE = 3
  const run = joined(varint(2 * rows), [0])
  const values = joined(little(run.length, 4), run)
  const header = encoded(struct([1, I32, 0], [2, I32, values.length], [3, I32, values.length], [5, STRUCT, struct([1, I32, rows], [2, I32, RLE], [3, I32, RLE], [4, I32, RLE])]))
  const page = joined(header, values)
  const column = (name: string, place: number): Struct => struct([2, I64, place], [3, STRUCT, struct([1, I32, 0], [2, LIST, [RLE] as unknown as Value], [4, I32, 0], [5, I64, rows], [6, I64, page.length], [7, I64, page.length], [9, I64, place])])
  const leaf = (name: string): Struct => struct([1, I32, 0], [3, I32, 0], [4, BINARY, name])
  const footer = encoded(struct([1, I32, 1], [2, LIST, [struct([4, BINARY, 'schema'], [5, I32, 2]), leaf('x'), leaf('y')]], [3, I64, rows],
    [4, LIST, [struct([1, LIST, [column('x', 4), column('y', 4 + page.length)]], [2, I64, 2 * page.length], [3, I64, rows])]]))
  return joined(utf8('PAR1'), page, page, footer, little(footer.length, 4), utf8('PAR1'))
}
