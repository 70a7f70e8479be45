/** Shares the values of a tensor: few centroids, and for every weight which of them it has. */
import { FIRST_CENTROIDS, type FirstName } from './first-centroids.ts'
import { lloydEnds, meansOf } from './lloyd.ts'
import { optimalEnds } from './optimal.ts'
import { coarsePoints, pointsOf, totalCost, type Points } from './points.ts'

/** `optimal` has no beginning: the least error there is, or, of a large tensor, next to it. */
export const INITS = ['optimal', ...Object.keys(FIRST_CENTROIDS) as FirstName[]] as const

export type Init = typeof INITS[number]

export interface ClusterRequest { readonly clusters: number, readonly init: Init, readonly seed: number }

export interface Clustered {
  /** [used + 1] in ascending order behind the first, which is 0 and has the zeros, also where there are none. */
  readonly codebook: Float32Array
  /** Of every weight, into the codebook. */
  readonly indices: Uint16Array
  /** Centroids that have weights, without zero: fewer than asked where there are fewer values or a cluster lost all of its own. */
  readonly used: number
  readonly zeros: number
  /** Over all weights. */
  readonly meanSquaredError: number
}

/** Cells of the dynamic program's table: 16 MB, and a second. Larger tensors are put into bins first. */
const EXACT_CELLS = 1 << 22

/** `values` must be finite. Zeros stay, and nothing else becomes zero. */
export function clusterValues (values: Float32Array, { clusters, init, seed }: ClusterRequest): Clustered {
  const points = pointsOf(values)
  const ends = points.values.length <= clusters ? Int32Array.from(points.values, (_, at) => at + 1) : endsOf(points, clusters, init, seed)
  const codebook = Float32Array.of(0, ...meansOf(points, ends).map((mean, run) => centroidOf(points.values.subarray(run === 0 ? 0 : ends[run - 1]!, ends[run]), mean)))
  const highest = Float32Array.from(ends, (end) => points.values[end - 1]!)
  const indices = new Uint16Array(values.length)
  let [zeros, error] = [0, 0]
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!
    if (value === 0) zeros++
    else error += (value - codebook[indices[at] = 1 + runOf(highest, value)]!) ** 2
  }
  return { codebook, indices, used: ends.length, zeros, meanSquaredError: values.length === 0 ? 0 : error / values.length }
}

/** The tensor that a codebook and indices stand for. */
export function sharedValues ({ codebook, indices }: Pick<Clustered, 'codebook' | 'indices'>): Float32Array {
  return Float32Array.from(indices, (index) => codebook[index]!)
}

function endsOf (points: Points, clusters: number, init: Init, seed: number): Int32Array {
  if (init !== 'optimal') return lloydEnds(points, FIRST_CENTROIDS[init](points, clusters, seed))
  const most = Math.max(clusters, Math.floor(EXACT_CELLS / clusters))
  if (points.values.length <= most) return optimalEnds(points, clusters)
  const coarse = coarsePoints(points, most)
  const found = [meansOf(coarse, optimalEnds(coarse, clusters)), FIRST_CENTROIDS.linear(points, clusters)].map((first) => lloydEnds(points, first))
  return found.reduce((best, ends) => totalCost(points, ends) < totalCost(points, best) ? ends : best)
}

/**
 * The mean, which rounding must not take out of the range of what it is of. That of values around 0 may be 0, which is kept for what was pruned: the value nearest to it
 * stands for them.
 */
function centroidOf (values: Float64Array, mean: number): number {
  const within = Math.min(Math.max(mean, values[0]!), values.at(-1)!)
  return Math.fround(within) !== 0 ? within : values.reduce((least, value) => Math.abs(value) < Math.abs(least) ? value : least)
}

function runOf (highest: Float32Array, value: number): number {
  let [low, high] = [0, highest.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (highest[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
