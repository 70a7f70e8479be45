/** The values of a tensor as points on a line: each distinct value once, in order, with sums that tell the cost of any run of them at once. */

export interface Points {
  /** Distinct values, ascending. */
  readonly values: Float64Array
  /** Of the first i points, i from 0: how many numbers they stand for, their sum and the sum of their squares, about `centre`. */
  readonly counts: Float64Array
  readonly sums: Float64Array
  readonly squares: Float64Array
  /** Sums of squares are taken about it, as they would lose digits far from 0. */
  readonly centre: number
}

/** Of the numbers that are not zero, which must be finite. */
export function pointsOf (numbers: Float32Array): Points {
  const sorted = numbers.filter((value) => value !== 0).sort()
  let distinct = 0
  for (let at = 0; at < sorted.length; at++) if (at === 0 || sorted[at] !== sorted[at - 1]) distinct++
  const [values, own] = [new Float64Array(distinct), new Float64Array(distinct)]
  for (let at = 0, point = -1; at < sorted.length; at++) {
    if (at === 0 || sorted[at] !== sorted[at - 1]) values[++point] = sorted[at]!
    own[point]!++
  }
  return summed(values, own)
}

/** Neighbours put together, so that about `most` points are left: each stands for numbers around its mean, in bins of equal width. */
export function coarsePoints (points: Points, most: number): Points {
  const { values, counts, sums, squares, centre } = points
  if (values.length <= most) return points
  const [low, high] = [values[0]!, values.at(-1)!]
  const ends: number[] = []
  for (let bin = 1, at = 0; bin <= most; bin++) {
    const until = bin === most ? Infinity : low + (high - low) * bin / most
    const from = at
    while (at < values.length && values[at]! < until) at++
    if (at > from) ends.push(at)
  }
  const pick = (all: Float64Array): Float64Array => Float64Array.from([0, ...ends], (end) => all[end]!)
  const coarse = { counts: pick(counts), sums: pick(sums), squares: pick(squares), centre }
  return { ...coarse, values: Float64Array.from(ends, (_, bin) => meanOf(coarse, bin, bin + 1)) }
}

type Sums = Omit<Points, 'values'>

/** Of points `from` to `end`, at least one. */
export function meanOf ({ counts, sums, centre }: Sums, from: number, end: number): number {
  return centre + (sums[end]! - sums[from]!) / (counts[end]! - counts[from]!)
}

/** Sum of squared distances of points `from` to `end` from their mean. */
export function costOf ({ counts, sums, squares }: Sums, from: number, end: number): number {
  const sum = sums[end]! - sums[from]!
  return Math.max(0, squares[end]! - squares[from]! - sum * sum / (counts[end]! - counts[from]!))
}

/** Of a partition: `ends` of its runs, ascending, the last being the number of points. */
export function totalCost (points: Sums, ends: ArrayLike<number>): number {
  let cost = 0
  for (let run = 0, from = 0; run < ends.length; from = ends[run++]!) cost += costOf(points, from, ends[run]!)
  return cost
}

function summed (values: Float64Array, own: Float64Array): Points {
  const size = values.length
  const [counts, sums, squares] = [new Float64Array(size + 1), new Float64Array(size + 1), new Float64Array(size + 1)]
  const centre = middle(values, own)
  for (let at = 0; at < size; at++) {
    const off = values[at]! - centre
    counts[at + 1] = counts[at]! + own[at]!
    sums[at + 1] = sums[at]! + own[at]! * off
    squares[at + 1] = squares[at]! + own[at]! * off * off
  }
  return { values, counts, sums, squares, centre }
}

function middle (values: Float64Array, own: Float64Array): number {
  let [sum, count] = [0, 0]
  for (let at = 0; at < values.length; at++) {
    sum += values[at]! * own[at]!
    count += own[at]!
  }
  return count === 0 ? 0 : sum / count
}
