/** All values of a column in one row group: every row has one, or a list of the one length. */
import type { ByteSource } from '../../../models/bytes.ts'
import { invalid } from '../format.ts'
import type { Column } from './columns.ts'
import type { ColumnChunk } from './metadata.ts'
import { pagesOf, type Page } from './pages.ts'
import { plainValues, readValues, type Values } from './values.ts'

export interface Wanted {
  readonly column: Column
  readonly chunk: ColumnChunk
  /** Of the group. */
  readonly rows: number
  /** Values of a row: 1, or the length of its list. */
  readonly length: number
  /** Number of the group's first row in the file, for messages: rows are counted from 0. */
  readonly firstRow: number
}

/** Row-major. Throws `invalid-dataset` for nulls and for lists of another length, naming column and row. */
export async function readColumn (source: ByteSource, { column, chunk, rows, length, firstRow }: Wanted): Promise<Values> {
  const what = `column ${JSON.stringify(column.name)}`
  const total = rows * length
  const numbers = column.stored === 'text' ? undefined : new Float32Array(total)
  const texts: string[] = []
  const place = new Place(column, length, rows, firstRow)
  let dictionary: Values | undefined
  let read = 0
  for await (const page of pagesOf(source, chunk, { repetition: Number(column.list), definition: column.definition }, what)) {
    if (page.kind === 'dictionary') {
      // A dictionary is written plainly, under whichever of the two names.
      dictionary = plainValues(page.values, page.count, column, what)
      continue
    }
    place.pass(page)
    const values = readValues(page.values, page.encoding, page.count, column, dictionary, what)
    if (values instanceof Float32Array) numbers!.set(values, read)
    else for (const text of values) texts.push(text)
    read += page.count
  }
  place.end()
  return numbers ?? texts
}

/** Where reading is: which row, and which place in its list. */
class Place {
  readonly #column: Column
  readonly #length: number
  readonly #rows: number
  readonly #firstRow: number
  #row = -1
  /** Of the row's values, those that were passed. */
  #passed: number

  constructor (column: Column, length: number, rows: number, firstRow: number) {
    this.#column = column
    this.#length = length
    this.#rows = rows
    this.#firstRow = firstRow
    this.#passed = length
  }

  pass ({ count, repetition, definition }: Page): void {
    const complete = this.#column.definition
    for (let index = 0; index < count; index++) {
      if (repetition === undefined || repetition[index] === 0) this.#nextRow()
      if (definition !== undefined && definition[index] !== complete) throw this.#bad(this.#column.list && definition[index]! < complete - 1 ? 'an empty list or a null' : 'a null')
      if (++this.#passed > this.#length) throw this.#bad(`a list of more than ${this.#length} values, which row 0 has`)
    }
  }

  end (): void {
    this.#nextRow()
    if (this.#row !== this.#rows) throw invalid(`column ${JSON.stringify(this.#column.name)}: ${this.#row} values from row ${this.#firstRow} on, the row group has ${this.#rows} rows`)
  }

  #nextRow (): void {
    if (this.#passed !== this.#length) throw this.#bad(this.#row < 0 ? 'a list without a beginning' : `a list of ${this.#passed} values, row 0 has ${this.#length}`)
    this.#row++
    this.#passed = 0
    if (this.#row > this.#rows) throw invalid(`column ${JSON.stringify(this.#column.name)}: more values than the ${this.#rows} rows of its row group`)
  }

  #bad (found: string): Error {
    const row = this.#firstRow + Math.max(0, this.#row)
    return invalid(`column ${JSON.stringify(this.#column.name)}, row ${row} (the first is 0): ${found}; every row must have a value, and lists one length`, { column: this.#column.name, row })
  }
}
