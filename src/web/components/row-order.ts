/** The order of rows by a column. */
export interface RowOrder { readonly column: string, readonly direction: 'ascending' | 'descending' }

/** What a row is ordered by; null comes last in either direction. */
export type SortBy<T> = (row: T) => number | string | null

export function ordered<T> (rows: readonly T[], by: SortBy<T> | undefined, direction: RowOrder['direction'] = 'ascending'): readonly T[] {
  if (by === undefined) return rows
  const sign = direction === 'descending' ? -1 : 1
  return [...rows].sort((a, b) => {
    const [one, other] = [by(a), by(b)]
    if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1
    return sign * (typeof one === 'number' && typeof other === 'number' ? one - other : String(one).localeCompare(String(other), 'en', { numeric: true }))
  })
}
