/** How the zeros of a tensor are shared out over its blocks, which come one after the other. */

/**
 * In proportion to what is left, but never less than what is zero already, in this block and in those further on; all in all exactly `zeros`, or as many as are zero
 * `already` where that is more.
 */
export function blockBudget ({ zeros, weights, already }: { readonly zeros: number, readonly weights: number, readonly already: number }): (block: { readonly size: number, readonly zeros: number }) => number {
  let [left, weightsLeft, zerosLeft] = [zeros, weights, already]
  return (block) => {
    const share = Math.floor(left * block.size / weightsLeft + 0.5)
    const count = Math.min(block.size, Math.max(block.zeros, Math.min(share, left - (zerosLeft - block.zeros))))
    left -= count
    weightsLeft -= block.size
    zerosLeft -= block.zeros
    return count
  }
}
