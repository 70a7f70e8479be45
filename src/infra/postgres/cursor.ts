/** Opaque cursors over rows that are listed from the newest: the time and id of the last row given. */
import { EspalierError } from '../../errors.ts'

export interface Position { readonly createdAt: Date, readonly id: string }

/** The cursor that stands after a row. */
export function cursorAfter (row: Position): string {
  return Buffer.from(`${row.createdAt.getTime()},${row.id}`).toString('base64url')
}

/** The row a cursor stands after. @throws `invalid-request` when it is not one of ours. */
export function positionOf (cursor: string): Position {
  const match = /^(\d{1,15}),([a-z]{3}_[0-9a-z]{1,40})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new EspalierError('invalid-request', 'cursor: this is not a cursor; pass the `next` value of a former page as it was given', { cursor })
  }
  return { createdAt: new Date(Number(match[1])), id: match[2] }
}

/** Prisma filter: rows that come after the cursor in the order newest first. */
export function after (cursor: string | undefined): { OR?: Array<{ createdAt: Date | { lt: Date }, id?: { lt: string } }> } {
  if (cursor === undefined) return {}
  const { createdAt, id } = positionOf(cursor)
  return { OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }] }
}

/** Cuts `rows`, read with one more than `limit`, to a page. */
export function pageOf<Row extends Position, Item> (rows: readonly Row[], limit: number, toItem: (row: Row) => Item): { items: Item[], next: string | null } {
  const last = rows[limit - 1]
  return { items: rows.slice(0, limit).map(toItem), next: rows.length > limit && last !== undefined ? cursorAfter(last) : null }
}
