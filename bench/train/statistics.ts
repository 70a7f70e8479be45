/** Medians, spreads and paired ratios of times, and the order in which sides take turns. */
import { quantile } from '../../src/engine/latency.ts'

/** The median with the quartiles around it: half of the values lie between `low` and `high`. */
export interface Summary { readonly median: number, readonly low: number, readonly high: number }

/** Of at least one value. */
export function summarize (values: readonly number[]): Summary {
  return { median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) }
}

/**
 * The ratios a[i] / b[i] of two series measured in the same rounds. What slows a whole round slows both and cancels, which it does not in a ratio of
 * medians. @throws Error when the series are of different lengths
 */
export function pairedRatios (a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new Error(`pairs need as many values on both sides, not ${a.length} and ${b.length}`)
  return a.map((value, index) => value / b[index]!)
}

/** The order of round `round`: each side takes every place in turn. */
export function rotated<T> (items: readonly T[], round: number): T[] {
  const first = items.length === 0 ? 0 : round % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}
