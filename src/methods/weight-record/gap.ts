/** The gap that pruning leaves about zero: the smallest magnitude that is kept and the largest that went. */

export interface Gap {
  /** Of the values after: the smallest magnitude that is not zero. Infinity when all are. */
  smallestKept: number
  /** Of the values before: the largest magnitude that is zero after. 0 when nothing went. */
  largestZeroed: number
}

export function newGap (): Gap {
  return { smallestKept: Infinity, largestZeroed: 0 }
}

/** `before` is absent where values have no partner. What is not finite counts as nothing. */
export function widenGap (gap: Gap, after: Float32Array, before?: Float32Array): void {
  let [kept, zeroed] = [gap.smallestKept, gap.largestZeroed]
  for (let index = 0; index < after.length; index++) {
    const size = Math.abs(after[index]!)
    if (size > 0) {
      if (size < kept) kept = size
    } else if (before !== undefined) {
      const went = Math.abs(before[index]!)
      if (went > zeroed && went !== Infinity) zeroed = went
    }
  }
  gap.smallestKept = kept
  gap.largestZeroed = zeroed
}
