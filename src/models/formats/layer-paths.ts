/** Paths of layers out of the names in a graph: each unique, with slashes as in nested Keras models. */

/** Gives a path by the first of the names that is free; when none is, by the first of them with a number. Exporters begin names with a slash; paths do not. */
export function uniquePaths (): (names: ReadonlyArray<string | undefined>) => string {
  const taken = new Set<string>()
  const numbers = new Map<string, number>()
  return (names) => {
    const paths = names.flatMap((name) => {
      const path = (name ?? '').split('/').filter((part) => part !== '').join('/')
      return path === '' ? [] : [path]
    })
    let path = paths.find((one) => !taken.has(one))
    const base = paths[0] ?? 'layer'
    for (let number = numbers.get(base) ?? 1; path === undefined; number++) {
      if (!taken.has(`${base}_${number}`)) path = `${base}_${number}`
      numbers.set(base, number + 1)
    }
    taken.add(path)
    return path
  }
}
