/** A window of a mask, as shares of kept weights in at most so many cells each way. */
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import { countBits } from './mask-bits.ts'
import type { StoredTensorRecord } from './record.ts'

/** What is asked for; `cells`: at most so many in each direction. */
export interface Window { readonly row: number, readonly column: number, readonly rows?: number, readonly columns?: number, readonly cells: number }

/** `size` weights of one direction are one cell, but for the last, which may have fewer. */
interface Span { readonly from: number, readonly to: number, readonly size: number, readonly count: number }

export interface MaskWindow {
  readonly row: number
  readonly column: number
  readonly rows: number
  readonly columns: number
  readonly cellRows: number
  readonly cellColumns: number
  readonly down: number
  readonly across: number
  /** By row and column: 255 * share of kept weights; 0 only where none is kept and 255 only where all are. */
  readonly shares: Uint8Array
}

/** Read at once; rows whose windows lie nearer to each other than `NEAR` are read together. */
const PIECE = 1 << 20
const NEAR = 1 << 12

/** Throws `invalid-request` for a window outside of the matrix. */
export async function readMaskWindow (source: ByteSource, { rows, columns, mask }: StoredTensorRecord & { readonly mask: NonNullable<StoredTensorRecord['mask']> }, asked: Window): Promise<MaskWindow> {
  const [down, across] = [spanOf('row', rows, asked.row, asked.rows, asked.cells), spanOf('column', columns, asked.column, asked.columns, asked.cells)]
  const kept = new Float64Array(down.count * across.count)
  for (const { first, last } of stretches(down, across, columns)) {
    const from = Math.floor((first * columns + across.from) / 8)
    const to = Math.ceil((last * columns + across.to) / 8)
    const bits = await source.read(mask.at + from, to - from)
    for (let row = first; row <= last; row++) {
      const start = row * columns - 8 * from
      const cellRow = Math.floor((row - down.from) / down.size) * across.count
      for (let cell = 0; cell < across.count; cell++) {
        const begin = across.from + cell * across.size
        kept[cellRow + cell]! += countBits(bits, start + begin, start + Math.min(begin + across.size, across.to))
      }
    }
  }
  const lengths = (span: Span): number[] => Array.from({ length: span.count }, (_, cell) => Math.min(span.size, span.to - span.from - cell * span.size))
  const [heights, widths] = [lengths(down), lengths(across)]
  return {
    row: down.from, column: across.from, rows: down.to - down.from, columns: across.to - across.from,
    cellRows: down.size, cellColumns: across.size, down: down.count, across: across.count,
    shares: Uint8Array.from(kept, (count, cell) => shareOf(count, heights[Math.floor(cell / across.count)]! * widths[cell % across.count]!)),
  }
}

/** Cells are a power of two long and lie at multiples of their length, so that windows of one scale fit beside each other. */
function spanOf (name: 'row' | 'column', size: number, from: number, length = size - from, cells: number): Span {
  if (from >= size) throw new EspalierError('invalid-request', `${name}: ${from} lies outside of the matrix, which has ${size} ${name}s`, { size })
  const end = Math.min(size, from + length)
  for (let cell = 1; ; cell *= 2) {
    const first = Math.floor(from / cell)
    const count = Math.ceil(end / cell) - first
    if (count <= cells) return { from: first * cell, to: Math.min(size, (first + count) * cell), size: cell, count }
  }
}

/** Rows that are read together: whole ones of the matrix where what lies between their windows is little. */
function * stretches (down: Span, across: Span, columns: number): Generator<{ first: number, last: number }> {
  const between = (columns - (across.to - across.from)) / 8
  const together = between > NEAR ? 1 : Math.max(1, Math.floor(8 * PIECE / columns))
  for (let first = down.from; first < down.to; first += together) yield { first, last: Math.min(first + together, down.to) - 1 }
}

function shareOf (kept: number, weights: number): number {
  if (kept === 0 || kept === weights) return kept === 0 ? 0 : 255
  return Math.min(254, Math.max(1, Math.round(255 * kept / weights)))
}
