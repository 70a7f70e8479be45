/** Tables as CSV (RFC 4180). */

type Cell = string | number | boolean | null | undefined

/** A header line and one line per row; nothing for null. A text that a spreadsheet would take for a formula gets a leading apostrophe. */
export function toCsv<T> (columns: Readonly<Record<string, (row: T) => Cell>>, rows: readonly T[]): string {
  const lines = [Object.keys(columns), ...rows.map((row) => Object.values(columns).map((value) => value(row)))]
  return lines.map((cells) => `${cells.map(written).join(',')}\r\n`).join('')
}

function written (cell: Cell): string {
  if (typeof cell !== 'string') return cell === null || cell === undefined ? '' : String(cell)
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
