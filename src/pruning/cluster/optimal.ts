/** The clusters of points on a line with the least sum of squared distances there is, by dynamic programming. */
import { costOf, type Points } from './points.ts'

/**
 * Ends of at most `clusters` runs of the points. Row by row, the last run of the best partition of the first j points begins no earlier the larger j is: halving the
 * range takes O(n log n) a row. Time O(clusters n log n), memory 4 clusters n bytes, which the caller bounds.
 * Source: Wang and Song 2011, Ckmeans.1d.dp; Gronlund et al. 2017, Fast Exact k-Means, k-Medians and Bregman Divergence Clustering in 1D, section 2.
 */
export function optimalEnds (points: Points, clusters: number): Int32Array {
  const size = points.values.length
  const rows = Math.min(clusters, size)
  if (rows === 0) return new Int32Array(0)
  const begins = new Int32Array(rows * (size + 1))
  let before = Float64Array.from({ length: size + 1 }, (_, end) => end === 0 ? Infinity : costOf(points, 0, end))
  for (let row = 1; row < rows; row++) {
    const best = new Float64Array(size + 1).fill(Infinity)
    fillRow(points, before, best, begins.subarray(row * (size + 1), (row + 1) * (size + 1)), row)
    before = best
  }
  const ends = new Int32Array(rows)
  for (let row = rows - 1, end = size; row >= 0; row--) {
    ends[row] = end
    end = begins[row * (size + 1) + end]!
  }
  return ends
}

/** Costs of the first j points in `row` + 1 runs, for every j that has so many. */
function fillRow (points: Points, before: Float64Array, best: Float64Array, begins: Int32Array, row: number): void {
  const halve = (from: number, to: number, low: number, high: number): void => {
    if (from > to) return
    const end = (from + to) >> 1
    let begin = low
    for (let at = Math.max(low, row); at <= Math.min(high, end - 1); at++) {
      const cost = before[at]! + costOf(points, at, end)
      if (cost >= best[end]!) continue
      best[end] = cost
      begin = at
    }
    begins[end] = begin
    halve(from, end - 1, low, begin)
    halve(end + 1, to, begin, high)
  }
  halve(row + 1, points.values.length, row, points.values.length - 1)
}
