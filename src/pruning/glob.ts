/** Patterns over paths of layers and weights, matched in time bounded by the product of the lengths: both come from clients. */

/**
 * Does `path` match `pattern`? `*` stands for any letters within one part of the path, `?` for one letter, a part `**` for any number of parts
 * (none too). Everything else, brackets included, stands for itself, since layer names may hold such letters.
 */
export function matches (pattern: string, path: string): boolean {
  return pattern === path || matchesList(pattern.split('/'), path.split('/'), (part) => part === '**', matchesPart)
}

function matchesPart (pattern: string, name: string): boolean {
  return matchesList([...pattern], [...name], (sign) => sign === '*', (sign, letter) => sign === '?' || sign === letter)
}

/** Greedy matching that returns to the last "any number" sign only: earlier ones never need another try. */
function matchesList (
  pattern: readonly string[], items: readonly string[], isAny: (sign: string) => boolean, isOne: (sign: string, item: string) => boolean
): boolean {
  let [at, item] = [0, 0]
  let retry: { readonly at: number, readonly item: number } | undefined
  while (item < items.length) {
    const sign = pattern[at]
    if (sign !== undefined && isAny(sign)) {
      retry = { at: ++at, item }
    } else if (sign !== undefined && isOne(sign, items[item]!)) {
      at++
      item++
    } else if (retry !== undefined) {
      retry = { at: retry.at, item: retry.item + 1 }
      at = retry.at
      item = retry.item
    } else {
      return false
    }
  }
  return pattern.slice(at).every(isAny)
}
