/** The known word nearest to a mistyped one, for messages that say "did you mean". */

/** Words longer than this are cut before they are compared: no suggestion would be right, and the work grows with the square. */
const MAX_COMPARED = 64

/** The word of `known` with the least edit distance to `word`; undefined when more than half of its letters (and more than two) would have to change. */
export function nearest (word: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Infinity
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best !== undefined && least <= Math.max(2, Math.floor(best.length / 2)) ? best : undefined
}

/** Levenshtein distance: least number of insertions, deletions and substitutions. Source: Wagner and Fischer 1974, one row at a time. */
export function editDistance (a: string, b: string): number {
  const [from, to] = [a.slice(0, MAX_COMPARED), b.slice(0, MAX_COMPARED)]
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const substitution = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
