/** Outputs that are probabilities although no known function stands before them, as those of decision trees. */
import type { BatchArray } from '../predict.ts'

/** Of a row's sum from 1: float16 rounds each of its numbers by 2^-11. */
const TOLERANCE = 2e-3

/** Is every row of the last axis in [0, 1] with a sum of 1? Scores without bounds are not by chance, over a whole batch. */
export function areProbabilities ({ values, shape }: BatchArray): boolean {
  const classes = shape.at(-1) ?? 1
  if (classes < 2 || values.length === 0) return false
  for (let row = 0; row < values.length; row += classes) {
    let sum = 0
    for (let index = row; index < row + classes; index++) {
      const value = values[index]!
      if (!(value >= 0 && value <= 1 + TOLERANCE)) return false
      sum += value
    }
    if (Math.abs(sum - 1) > TOLERANCE) return false
  }
  return true
}
