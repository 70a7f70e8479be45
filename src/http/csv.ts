/** Tables as CSV (RFC 4180), and whether a request asks for one. */

type Cell = string | number | boolean | null | undefined

/** A header line and one line per row; nothing for null. A text that a spreadsheet would take for a formula gets a leading apostrophe. */
export function toCsv<T> (columns: Readonly<Record<string, (row: T) => Cell>>, rows: readonly T[]): string {
  const lines = [Object.keys(columns), ...rows.map((row) => Object.values(columns).map((value) => value(row)))]
  return lines.map((cells) => `${cells.map(written).join(',')}\r\n`).join('')
}

/** `format` of the query decides; without it CSV is sent when Accept names it, and does not name JSON before it. */
export function asksForCsv ({ query: { format }, headers: { accept } }: { query: { format?: string }, headers: { accept?: string | undefined } }): boolean {
  if (format !== undefined) return format === 'csv'
  const types = (accept ?? '').split(',').map((type) => type.split(';')[0]?.trim().toLowerCase())
  const csv = types.indexOf('text/csv')
  const json = types.indexOf('application/json')
  return csv !== -1 && (json === -1 || csv < json)
}

function written (cell: Cell): string {
  if (typeof cell !== 'string') return cell === null || cell === undefined ? '' : String(cell)
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
