/** Where a search for a sparsity looks next, by what it found so far. */
import type { SearchRecord } from './receipt.ts'

export interface Bounds { readonly low: number, readonly high: number }

/** The sparsity halfway between two by what is left: the geometric mean of the densities. */
export function between ({ low, high }: Bounds): number {
  return 1 - Math.sqrt((1 - low) * (1 - high))
}

/** What is tried next after what was found; null when nothing is left to try. The last attempt is the least sparsity, where no other held. */
export function nextSparsity (curve: SearchRecord['curve'], bounds: Bounds, attempts: number): number | null {
  if (curve.length >= attempts) return null
  const held = curve.filter((point) => point.held).map(({ sparsity }) => sparsity)
  const failed = curve.filter((point) => !point.held).map(({ sparsity }) => sparsity)
  if (curve.length === attempts - 1 && held.length === 0) return bounds.low
  return between({ low: Math.max(bounds.low, ...held), high: Math.min(bounds.high, ...failed) })
}

/** The least accuracy that a target of it allows. */
export function allowedAccuracy (target: { readonly maxAccuracyDrop: number } | { readonly minAccuracy: number }, baseline: number): number {
  return 'minAccuracy' in target ? target.minAccuracy : baseline - target.maxAccuracyDrop
}

/** Values at whole numbers of zeros, tried so far. */
export interface Tried { readonly zeros: number, readonly value: number }

/**
 * The least number of zeros at which a falling value is not above `allowed`, given one at which it is (`above`) and one at which it is not: along straight lines, whose
 * standing end counts half each time it stands still, and by halves where even that does not narrow them. Ends at neighbours, at a value that is at least
 * `nearEnough`, or after `attempts`. Source: Dowell and Jarratt 1971 (the Illinois algorithm).
 */
export async function leastZeros (
  { above, below, allowed, nearEnough, attempts }: { above: Tried, below: Tried, readonly allowed: number, readonly nearEnough: number, readonly attempts: number }, at: (zeros: number) => Promise<Tried>
): Promise<Tried> {
  let [weightAbove, weightBelow] = [1, 1]
  let last: 'above' | 'below' | undefined
  let slow = 0
  for (let tries = 0; tries < attempts && below.zeros - above.zeros > 1 && below.value < nearEnough; tries++) {
    const width = below.zeros - above.zeros
    const [over, under] = [weightAbove * (above.value - allowed), weightBelow * (allowed - below.value)]
    // Where it is met exactly the one before it most likely is not.
    const step = under === 0 && slow === 0 ? width - 1 : slow > 1 || under === 0 ? width / 2 : width * over / (over + under)
    const one = await at(Math.min(below.zeros - 1, Math.max(above.zeros + 1, Math.round(above.zeros + step))))
    const side = one.value > allowed ? 'above' : 'below'
    if (side === 'above') {
      above = one
      weightAbove = 1
      if (last === side) weightBelow /= 2
    } else {
      below = one
      weightBelow = 1
      if (last === side) weightAbove /= 2
    }
    last = side
    slow = below.zeros - above.zeros > width / 2 ? slow + 1 : 0
  }
  return below
}
