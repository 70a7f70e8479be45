/** Comma-separated values: numbers in columns, one of which is the target, a number or the name of a class. */
import type { NumberType } from '../../models/tensor.ts'
import { blockedArrays } from '../blocks.ts'
import { dialectOf } from './csv-dialect.ts'
import { parseRecords, recordBlocks, type CsvRecord } from './csv-records.ts'
import { invalid, type DatasetFormat } from './format.ts'
import { assertDistinct, ClassNames, isTargetName, placesOf, quoted, targetColumn } from './table.ts'

/** A block of records that was read once, to be found again. */
interface Place { readonly offset: number, readonly length: number, readonly line: number }

interface Layout {
  readonly names: readonly string[]
  readonly target: number
  readonly header: boolean
}

/** Numbers as programs write them, also `nan` and `inf`, which numpy writes. Not empty, not hexadecimal, no decimal comma. */
const NUMBER = /^\s*[+-]?(\d+(\.\d*)?(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|nan|inf|infinity)\s*$/i
const WHOLE = /^\s*[+-]?\d+\s*$/

export const csv: DatasetFormat = {
  description: 'CSV (UTF-8; comma, semicolon or tab): columns of numbers; the column named y, label, target or class, else the last one, is the target',
  recognises: ({ head, entries }) => entries === undefined && dialectOf(head) !== undefined,
  async read ({ source, head }) {
    const { delimiter, offset } = dialectOf(head)!
    const places: Place[] = []
    const starts = [0]
    const targets = new Targets()
    let layout: Layout | undefined
    for await (const { bytes, line, offset: at } of recordBlocks(source, offset)) {
      const records = parseRecords(decoded(bytes, line), delimiter, line)
      if (records.length === 0) continue
      const isFirst = layout === undefined
      layout ??= layoutOf(records[0]!)
      const rows = isFirst && layout.header ? records.slice(1) : records
      for (const record of rows) check(record, layout, targets)
      places.push({ offset: at, length: bytes.length, line })
      starts.push(starts.at(-1)! + rows.length)
    }
    const examples = starts.at(-1)!
    if (layout === undefined || examples === 0) throw invalid('the table has no rows')
    const found = layout
    const { type, names, classes } = targets.result()
    const codes = names && placesOf(names)
    const arrays = blockedArrays([{ shape: [found.names.length - 1], type: 'float32' }, { shape: [], type }], {
      starts,
      async load (block) {
        const place = places[block]!
        const records = parseRecords(decoded(await source.read(place.offset, place.length), place.line), delimiter, place.line)
        return valuesOf(block === 0 && found.header ? records.slice(1) : records, found.target, codes)
      },
    })
    return { format: 'csv', splits: { all: { examples, features: arrays.slice(0, 1), targets: arrays.slice(1) } }, ...(classes !== undefined && { classes }), ...(names && { classNames: names }) }
  },
}

function decoded (bytes: Uint8Array, line: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalid(`at line ${line} or behind it there is text that is not UTF-8`, { line })
  }
}

/** A first record is a header when none of its fields is a number, or one is named as the target. */
function layoutOf ({ fields, line }: CsvRecord): Layout {
  const header = fields.some(isTargetName) || !fields.some((field) => NUMBER.test(field))
  const names = fields.map((field, column) => header ? field.trim() : `${column + 1}`)
  if (header) {
    const unnamed = names.indexOf('')
    if (unnamed >= 0) throw invalid(`line ${line}: column ${unnamed + 1} has no name; pandas writes its index so, unless it is told index=False`, { line, column: unnamed + 1 })
    assertDistinct(names)
  }
  return { names, target: targetColumn(names), header }
}

function check ({ line, fields }: CsvRecord, { names, target, header }: Layout, targets: Targets): void {
  if (fields.length !== names.length) throw invalid(`line ${line} has ${fields.length} fields, the first one has ${names.length}`, { line, fields: fields.length, columns: names.length })
  const where = (column: number) => `line ${line}, column ${header ? quoted(names[column]!) : column + 1}`
  for (let column = 0; column < fields.length; column++) {
    const field = fields[column]!
    if (field.trim() === '') throw invalid(`${where(column)} is empty`, { line, column: names[column] })
    if (column === target) targets.add(field, line, () => where(column))
    else if (!NUMBER.test(field)) throw invalid(`${where(column)}: ${quoted(field)} is no number`, { line, column: names[column] })
  }
}

/** What the targets are: whole numbers, numbers or names, but all of one kind. */
class Targets {
  readonly #names = new ClassNames()
  #kind: 'names' | 'numbers' | undefined
  #whole = true
  #least = Infinity
  #largest = -Infinity
  #firstLine = 0

  add (field: string, line: number, where: () => string): void {
    const kind = NUMBER.test(field) ? 'numbers' : 'names'
    if (this.#kind === undefined) [this.#kind, this.#firstLine] = [kind, line]
    if (kind !== this.#kind) throw invalid(`${where()}: ${quoted(field)} is ${kind === 'names' ? 'no number' : 'a number'}, but line ${this.#firstLine} has a ${kind === 'names' ? 'number' : 'name'}; targets are all numbers or all names of classes`, { line })
    if (kind === 'names') {
      this.#names.add(field.trim(), where)
      return
    }
    this.#whole &&= WHOLE.test(field)
    const value = numberOf(field)
    this.#least = Math.min(this.#least, value)
    this.#largest = Math.max(this.#largest, value)
  }

  result (): { type: NumberType, names?: readonly string[], classes?: number } {
    if (this.#kind === 'names') {
      const names = this.#names.sorted()
      return { type: 'int32', names, classes: names.length }
    }
    if (!this.#whole) return { type: 'float32' }
    return { type: 'int64', ...(this.#least >= 0 && { classes: Math.fround(this.#largest) + 1 }) }
  }
}

function valuesOf (records: readonly CsvRecord[], target: number, codes: ReadonlyMap<string, number> | undefined): [Float32Array, Float32Array] {
  const columns = (records[0]?.fields.length ?? 1) - 1
  const [features, targets] = [new Float32Array(records.length * columns), new Float32Array(records.length)]
  let at = 0
  records.forEach(({ fields }, row) => {
    fields.forEach((field, column) => {
      if (column !== target) features[at++] = numberOf(field)
      else targets[row] = codes?.get(field.trim()) ?? numberOf(field)
    })
  })
  return [features, targets]
}

/** Of a field that `NUMBER` lets pass. */
function numberOf (field: string): number {
  const text = field.trim().toLowerCase()
  if (/n/.test(text)) return text.endsWith('nan') ? NaN : text.startsWith('-') ? -Infinity : Infinity
  return Number(text)
}
