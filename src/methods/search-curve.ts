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
 * Between the largest number of zeros at which a falling value is above `allowed` and the least at which it is not: by the straight line between them, and
 * by halves where that does not narrow them enough. Null when they are neighbours.
 */
export function nextZeros (above: Tried, below: Tried, allowed: number, halve: boolean): number | null {
  if (below.zeros - above.zeros <= 1) return null
  const middle = Math.floor((above.zeros + below.zeros) / 2)
  const line = above.value === below.value ? middle : Math.ceil(above.zeros + (above.value - allowed) / (above.value - below.value) * (below.zeros - above.zeros))
  return Math.min(below.zeros - 1, Math.max(above.zeros + 1, halve ? middle : line))
}
