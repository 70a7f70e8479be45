/** How much a channel matters by the weights that go with it, in every layer that knows of it. */
import type { Shape } from '../../models/tensor.ts'
import type { Channel } from './groups.ts'
import type { Structure } from './couple.ts'

export const REDUCTIONS = ['mean', 'sum', 'max'] as const

/** How one number comes of those of several layers. */
export type Reduction = typeof REDUCTIONS[number]

export interface WeightValues { readonly shape: Shape, readonly values: Float32Array }

/**
 * By root: sums of |w|^p of everything at the channel's places, one for each axis of a weight that has such places, reduced to one number, and of that the
 * p-th root. A sum is thus the p-norm of all weights that go. `valuesOf` gives undefined for weights that do not count (moving statistics). Source: Fang et
 * al., DepGraph, CVPR 2023, section 3.4.
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
  const [size, block] = [sums.length, sums.length * step]
  if (step === 1) {
    for (let start = 0; start < values.length; start += size) {
      if (power === 1) for (let place = 0; place < size; place++) sums[place]! += Math.abs(values[start + place]!)
      else for (let place = 0; place < size; place++) sums[place]! += values[start + place]! ** 2
    }
    return sums
  }
  for (let start = 0; start < values.length; start += block) {
    for (let place = 0; place < size; place++) {
      const [from, to] = [start + place * step, start + (place + 1) * step]
      let sum = 0
      if (power === 1) for (let index = from; index < to; index++) sum += Math.abs(values[index]!)
      else for (let index = from; index < to; index++) sum += values[index]! ** 2
      sums[place]! += sum
    }
  }
  return sums
}

/** Scores of a group's channels beside those of other groups: over their mean, so that a typical channel of any layer has 1. */
export function overMean (scores: readonly number[]): number[] {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  return mean > 0 ? scores.map((score) => score / mean) : [...scores]
}

/** Scores in the order of the group's channels; a channel without any score is the first to go. */
export function scoresOf (channels: readonly Channel[], byRoot: ReadonlyMap<number, number>): number[] {
  return channels.map(({ root }) => byRoot.get(root) ?? 0)
}
