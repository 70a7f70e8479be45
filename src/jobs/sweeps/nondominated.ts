/** The Pareto set of rows of figures. */

/**
 * Indices of the rows that no other row dominates, ascending. All figures are costs: less is better. A row dominates another when it is nowhere worse and
 * somewhere better, so equal rows stand or fall together. Rows with a figure that is not a finite number are left out: they neither dominate nor are returned.
 */
export function nondominated (rows: ReadonlyArray<readonly number[]>): number[] {
  const comparable = rows.flatMap((figures, index) => figures.every(Number.isFinite) ? [{ figures, index }] : [])
  // In the order of their figures a row is dominated by one before it, if at all; and what dominates that one dominates this one too.
  const ordered = [...comparable].sort((a, b) => compare(a.figures, b.figures))
  const front: typeof ordered = []
  for (const row of ordered) if (!front.some(({ figures }) => dominates(figures, row.figures))) front.push(row)
  return front.map(({ index }) => index).sort((a, b) => a - b)
}

function dominates (a: readonly number[], b: readonly number[]): boolean {
  return a.every((figure, at) => figure <= b[at]!) && a.some((figure, at) => figure < b[at]!)
}

function compare (a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((figure, index) => figure !== b[index])
  return at === -1 ? 0 : a[at]! - b[at]!
}
