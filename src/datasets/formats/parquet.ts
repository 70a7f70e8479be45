/** Parquet: columns of numbers and of lists of one length as features, one column as the target; read by row groups. */
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import { blockedArrays, type BlockedArray } from '../blocks.ts'
import type { ExampleArray, Split } from '../dataset.ts'
import { classesOf, invalid, type DatasetFormat } from './format.ts'
import { columnsOf, type Column, type OtherColumn } from './parquet/columns.ts'
import { readColumn } from './parquet/column-values.ts'
import { isParquet, readMetadata, type RowGroup } from './parquet/metadata.ts'
import type { Values } from './parquet/values.ts'
import { assertDistinct, ClassNames, placesOf, quoted, targetColumn } from './table.ts'

/** Of one row group as float32, target included: it is held as a whole, and the column that is decoded a second time. The 60,000 images of MNIST take 180 MiB. */
const MAX_GROUP_BYTES = 256 * 2 ** 20

/** Names that pandas gives to the index of a table; it takes it for an index again when it reads the file. */
const PANDAS_INDEX = /^__index_level_\d+__$/

/** A column with the number of values that each row has. */
interface Measured { readonly column: Column, readonly length: number }

/** A row group that has rows, and the number of the first of them. */
interface PlacedGroup extends RowGroup { readonly firstRow: number }

export const parquet: DatasetFormat = {
  description: 'Parquet (no compression, snappy, gzip or zstd): columns of numbers, or of lists of numbers of one length; the column named y, label, target or class, else the last one, is the target',
  recognises: ({ head, entries }) => entries === undefined && isParquet(head),
  async read ({ source }) {
    const { schema, groups } = await readMetadata(source)
    const all = columnsOf(schema)
    const leaves = schema.filter((element) => (element.whole(5) ?? 0) === 0).length
    const table = { source, groups: placed(groups) }
    for (const { chunks, firstRow } of table.groups) if (chunks.length !== leaves) throw invalid(`the row group from row ${firstRow} on has ${chunks.length} columns, the schema has ${leaves}`)
    const first = table.groups[0]
    if (first === undefined) throw invalid('the table has no rows')
    const columns = all.filter(({ name }) => !PANDAS_INDEX.test(name))
    const names = columns.map(({ name }) => name)
    assertDistinct(names)
    const place = targetColumn(names)
    const target = measured(usable(columns[place]!), first)
    const features = columns.filter((_, index) => index !== place).map((column) => measured(assertNumbers(usable(column)), first))
    for (const { rows } of table.groups) assertFits(rows, [...features, target])
    const { array, classNames } = await targetArray(table, target)
    const split: Split = { examples: sum(table.groups.map(({ rows }) => rows)), features: featureArrays(table, features), targets: [array] }
    const classes = classNames?.length ?? await classesOf([split])
    return { format: 'parquet', splits: { all: split }, ...(classes !== undefined && { classes }), ...(classNames && { classNames }) }
  },
}

interface Table { readonly source: ByteSource, readonly groups: readonly PlacedGroup[] }

function placed (groups: readonly RowGroup[]): PlacedGroup[] {
  let firstRow = 0
  return groups.map((group) => {
    const here = { ...group, firstRow }
    firstRow += group.rows
    return here
  }).filter(({ rows }) => rows > 0)
}

function usable (column: Column | OtherColumn): Column {
  if ('problem' in column) throw invalid(`the column ${quoted(column.name)} ${column.problem}`, { column: column.name })
  return column
}

function assertNumbers (column: Column): Column {
  if (column.type === 'text') throw invalid(`the column ${quoted(column.name)} holds texts and is not the target; features are numbers`, { column: column.name })
  return column
}

/** The first row group tells the length of lists; that all have it is seen when they are read. */
function measured (column: Column, { rows, chunks }: RowGroup): Measured {
  const { values } = chunks[column.leaf]!
  if (!column.list) return { column, length: 1 }
  const length = Math.max(1, Math.round(values / rows))
  return { column, length }
}

function assertFits (rows: number, columns: readonly Measured[]): void {
  const bytes = 4 * rows * (sum(columns.map(({ length }) => length)) + Math.max(...columns.map(({ length }) => length)))
  if (bytes <= MAX_GROUP_BYTES) return
  throw new EspalierError('limit-exceeded', `a row group of ${rows} rows takes ${bytes} bytes as float32, at most ${MAX_GROUP_BYTES} are held; write smaller row groups (row_group_size)`, { limit: MAX_GROUP_BYTES, bytes })
}

async function groupValues ({ source, groups }: Table, group: number, { column, length }: Measured): Promise<Values> {
  const { rows, chunks, firstRow } = groups[group]!
  return await readColumn(source, { column, chunk: chunks[column.leaf]!, rows, length, firstRow })
}

function startsOf ({ groups }: Table): number[] {
  return [...groups.map(({ firstRow }) => firstRow), sum(groups.map(({ rows }) => rows))]
}

/** The single numbers of a row make one array, in the order of their columns; each list is another, behind it. */
function featureArrays (table: Table, features: readonly Measured[]): ExampleArray[] {
  const [singles, lists] = [features.filter(({ column }) => !column.list), features.filter(({ column }) => column.list)]
  const described: BlockedArray[] = [
    ...singles.length > 0 ? [{ shape: [singles.length], type: 'float32' } as const] : [],
    ...lists.map(({ column, length }) => ({ shape: [length], type: column.type as Exclude<Column['type'], 'text'> })),
  ]
  return blockedArrays(described, {
    starts: startsOf(table),
    async load (group) {
      const rows = new Float32Array(table.groups[group]!.rows * singles.length)
      for (const [place, single] of singles.entries()) {
        const values = await groupValues(table, group, single) as Float32Array
        for (let row = 0; row < values.length; row++) rows[row * singles.length + place] = values[row]!
      }
      const loaded: Float32Array[] = singles.length > 0 ? [rows] : []
      for (const list of lists) loaded.push(await groupValues(table, group, list) as Float32Array)
      return loaded
    },
  })
}

async function targetArray (table: Table, target: Measured): Promise<{ array: ExampleArray, classNames?: string[] }> {
  const { column, length } = target
  const starts = startsOf(table)
  if (column.type !== 'text') {
    const [array] = blockedArrays([{ shape: column.list ? [length] : [], type: column.type }], { starts, load: async (group) => [await groupValues(table, group, target) as Float32Array] })
    return { array: array! }
  }
  if (column.list) throw invalid(`the target column ${quoted(column.name)} holds lists of texts; it needs numbers, or one class name a row`)
  const names = new ClassNames()
  for (const [group, { firstRow }] of table.groups.entries()) {
    const texts = await groupValues(table, group, target) as readonly string[]
    texts.forEach((text, row) => { names.add(text, () => `column ${quoted(column.name)}, row ${firstRow + row}`) })
  }
  const classNames = names.sorted()
  const codes = placesOf(classNames)
  const load = async (group: number) => [Float32Array.from(await groupValues(table, group, target) as readonly string[], (text) => codes.get(text)!)]
  const [array] = blockedArrays([{ shape: [], type: 'int32' }], { starts, load })
  return { array: array!, classNames }
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
