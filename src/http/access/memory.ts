/** Remembers for seconds what was looked up, so that most requests ask no database. */

/** What was ended elsewhere opens nothing after so long, in whatever process. */
const REMEMBERED_MS = 3000
/** Things that are remembered at most, those that are there and those that are not. */
const MOST = 10_000

export interface Memory<T> {
  /** Asked by many at once it looks up once. A failure is not remembered. */
  get (name: string, lookUp: () => Promise<T>): Promise<T>
  forget (): void
}

export function createMemory<T> (now: () => number): Memory<T> {
  const remembered = new Map<string, { readonly value: Promise<T>, readonly until: number }>()
  return {
    get (name, lookUp) {
      const known = remembered.get(name)
      if (known !== undefined && known.until > now()) return known.value
      const value = lookUp()
      value.catch(() => { remembered.delete(name) })
      remembered.delete(name)
      remembered.set(name, { value, until: now() + REMEMBERED_MS })
      trim(remembered)
      return value
    },
    forget () { remembered.clear() },
  }
}

/** The oldest go first. */
export function trim (map: Map<string, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MOST) return
    map.delete(oldest)
  }
}
