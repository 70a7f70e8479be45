/** Where k-means begins. Source: Han, Mao, Dally 2016, Deep Compression, section 3.2; Arthur and Vassilvitskii 2007, k-means++. */
import { uniformAt } from '../draws.ts'
import type { Points } from './points.ts'

type FirstCentroids = (points: Points, clusters: number, seed: number) => Float64Array

/** Ascending, over at least one point. */
export const FIRST_CENTROIDS = {
  /** Even between the least and the largest value: large weights, which are few, keep centroids near them. */
  linear: ({ values }, clusters) => {
    const [low, high] = [values[0]!, values.at(-1)!]
    return Float64Array.from({ length: clusters }, (_, index) => low + (high - low) * (clusters === 1 ? 0.5 : index / (clusters - 1)))
  },
  /** Even by number: each begins with as many weights. */
  density: ({ values, counts }, clusters) => {
    const total = counts.at(-1)!
    return Float64Array.from({ length: clusters }, (_, index) => values[reached(counts, total * (index + 0.5) / clusters)]!)
  },
  /** Each next one is drawn by its squared distance from those there are. */
  'kmeans++': ({ values, counts }, clusters, seed) => {
    const distances = new Float64Array(values.length).fill(1)
    const cumulated = new Float64Array(values.length + 1)
    const chosen: number[] = []
    for (let next = 0; next < clusters; next++) {
      for (let at = 0; at < values.length; at++) cumulated[at + 1] = cumulated[at]! + distances[at]! * (counts[at + 1]! - counts[at]!)
      if (cumulated.at(-1) === 0) break
      const centroid = values[reached(cumulated, cumulated.at(-1)! * uniformAt(seed, next))]!
      chosen.push(centroid)
      for (let at = 0; at < values.length; at++) {
        const distance = (values[at]! - centroid) ** 2
        distances[at] = next === 0 ? distance : Math.min(distances[at]!, distance)
      }
    }
    return Float64Array.from(chosen).sort()
  },
} as const satisfies Record<string, FirstCentroids>

export type FirstName = keyof typeof FIRST_CENTROIDS

/** The point within which `amount` is reached: the last i with cumulated[i] <= amount and something in it. */
function reached (cumulated: Float64Array, amount: number): number {
  let [low, high] = [0, cumulated.length - 2]
  while (low < high) {
    const middle = (low + high) >> 1
    if (cumulated[middle + 1]! <= amount) low = middle + 1
    else high = middle
  }
  return low
}
