/** Criteria that score whole units: each weight has the score of its unit. */
import type { Grouping } from '../granularity/index.ts'

/** Units whose weights are all 0 are gone already and have the score 0. `scores`: of the units. */
export function spreadOverUnits (weights: Float32Array, grouping: Grouping | null, scores: ArrayLike<number>): Float32Array {
  if (grouping === null) return weights.map((weight, index) => weight === 0 ? 0 : scores[index]!)
  const { groups, of } = grouping
  const alive = new Uint8Array(groups)
  for (let index = 0; index < weights.length; index++) if (weights[index] !== 0) alive[of[index]!] = 1
  return weights.map((_, index) => alive[of[index]!]! * scores[of[index]!]!)
}

/** How many weights each unit has. */
export function sizesOf (weights: Float32Array, grouping: Grouping | null): Float64Array {
  return grouping === null ? new Float64Array(weights.length).fill(1) : Float64Array.from(grouping.sizes)
}

/** Adds `values` up, unit by unit, in double precision. */
export function sumByUnit (sums: Float64Array, values: Float32Array, unitOf: (element: number) => number, term: (value: number) => number): void {
  for (let index = 0; index < values.length; index++) sums[unitOf(index)]! += term(values[index]!)
}
