/** How much a channel matters by the weights that go with it, in every layer that knows of it. */
import type { Shape } from '../../models/tensor.ts'
import type { Channel } from './groups.ts'
import type { Structure } from './couple.ts'

export const REDUCTIONS = ['mean', 'sum', 'max'] as const

/** How one number comes of those of several layers. */
export type Reduction = typeof REDUCTIONS[number]

export interface WeightValues { readonly shape: Shape, readonly values: Float32Array }

/**
 * By root: the p-norm of all weights at the channel's places in one weight, reduced over the weights of the model that have such places. `valuesOf` gives
 * undefined for weights that do not count (moving statistics). Source: Fang et al., DepGraph, CVPR 2023, section 3.4.
 */
export async function channelNorms (
  { sets, places }: Pick<Structure, 'sets' | 'places'>, valuesOf: (layer: string, role: string) => Promise<WeightValues | undefined>, { power, reduce }: { readonly power: 1 | 2, readonly reduce: Reduction }
): Promise<Map<number, number>> {
  const found = new Map<number, number[]>()
  for (const { layer, role, axis, labels } of places) {
    const weight = await valuesOf(layer, role)
    if (weight === undefined) continue
    const own = new Map<number, number>()
    sumsAlong(weight, axis, power).forEach((sum, place) => {
      const root = sets.rootOf(labels[place]!)
      own.set(root, (own.get(root) ?? 0) + sum)
    })
    for (const [root, sum] of own) {
      const sums = found.get(root)
      if (sums === undefined) found.set(root, [sum])
      else sums.push(sum)
    }
  }
  return new Map([...found].map(([root, sums]) => [root, reduced(sums, reduce) ** (1 / power)]))
}

export function reduced (numbers: readonly number[], reduce: Reduction): number {
  if (reduce === 'max') return Math.max(...numbers)
  const sum = numbers.reduce((total, one) => total + one, 0)
  return reduce === 'mean' ? sum / numbers.length : sum
}

/** Sum of |w|^p over everything at each place of an axis, in double precision. */
function sumsAlong ({ shape, values }: WeightValues, axis: number, power: 1 | 2): Float64Array {
  const sums = new Float64Array(shape[axis]!)
  const step = shape.slice(axis + 1).reduce((all, size) => all * size, 1)
  const sized = power === 1 ? Math.abs : square
  for (let index = 0; index < values.length;) {
    for (let place = 0; place < sums.length; place++) {
      let sum = 0
      for (const end = index + step; index < end; index++) sum += sized(values[index]!)
      sums[place]! += sum
    }
  }
  return sums
}

const square = (value: number): number => value * value

/** Scores of a group's channels beside those of other groups: over their mean, so that a typical channel of any layer has 1. */
export function overMean (scores: readonly number[]): number[] {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  return mean > 0 ? scores.map((score) => score / mean) : [...scores]
}

/** Scores in the order of the group's channels; a channel without any score is the first to go. */
export function scoresOf (channels: readonly Channel[], byRoot: ReadonlyMap<number, number>): number[] {
  return channels.map(({ root }) => byRoot.get(root) ?? 0)
}
