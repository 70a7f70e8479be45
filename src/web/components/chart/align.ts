/** Series of points over one axis that all of them share, as the plot takes them. */

/** [x, y, ...], by x. */
export type PlotPoint = readonly [number, number, ...number[]]
export interface Aligned {
  readonly xs: readonly number[]
  /** By series; null where it has no point at that x. */
  readonly ys: ReadonlyArray<ReadonlyArray<number | null>>
}

export function align (series: ReadonlyArray<readonly PlotPoint[]>): Aligned {
  const longest = series.reduce<readonly PlotPoint[]>((most, points) => points.length > most.length ? points : most, [])
  if (series.every((points) => haveSameXs(points, longest))) {
    return { xs: longest.map(([x]) => x), ys: series.map((points) => points.map(([, y]) => finite(y))) }
  }
  const xs = [...new Set(series.flatMap((points) => points.map(([x]) => x)))].sort((a, b) => a - b)
  const places = new Map(xs.map((x, place) => [x, place]))
  return {
    xs,
    ys: series.map((points) => {
      const ys: Array<number | null> = new Array<number | null>(xs.length).fill(null)
      for (const [x, y] of points) ys[places.get(x)!] = finite(y)
      return ys
    }),
  }
}

function haveSameXs (points: readonly PlotPoint[], others: readonly PlotPoint[]): boolean {
  return points.length === others.length && (points === others || points.every(([x], place) => x === others[place]![0]))
}

function finite (value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/** The value of a series at `place`, or the last one before it: series are not told of at the same steps. */
export function valueAt (ys: ReadonlyArray<number | null>, place: number): number | null {
  for (let at = Math.min(place, ys.length - 1); at >= 0; at--) {
    const value = ys[at]
    if (value !== null && value !== undefined) return value
  }
  return null
}
