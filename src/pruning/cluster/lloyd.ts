/** Lloyd's k-means over points on a line: centroids move to the mean of what is nearest to them until nothing moves. */
import { meanOf, type Points } from './points.ts'

/** Movements get ever smaller; what is left after so many steps is far below what rounding to float32 takes. */
const MOST_STEPS = 1000

/** Ends of the runs around `centroids`, ascending; clusters that lose all points are gone. A step takes O(clusters log n). */
export function lloydEnds (points: Points, centroids: Float64Array): Int32Array {
  let ends = endsAround(points, centroids)
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = endsAround(points, meansOf(points, ends))
    if (next.length === ends.length && next.every((end, run) => end === ends[run])) break
    ends = next
  }
  return ends
}

export function meansOf (points: Points, ends: ArrayLike<number>): Float64Array {
  return Float64Array.from(ends, (end, run) => meanOf(points, run === 0 ? 0 : ends[run - 1]!, end))
}

/** Every point goes to the nearest centroid, halfway between two to the lower one. */
function endsAround ({ values }: Points, centroids: Float64Array): Int32Array {
  const ends: number[] = []
  let from = 0
  for (let run = 0; run < centroids.length; run++) {
    const end = run === centroids.length - 1 ? values.length : firstAbove(values, (centroids[run]! + centroids[run + 1]!) / 2, from)
    if (end > from) ends.push(end)
    from = end
  }
  return Int32Array.from(ends)
}

function firstAbove (values: Float64Array, limit: number, from: number): number {
  let [low, high] = [from, values.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return low
}
