/** What is known of values before the model runs: along each axis with channels, the number that a channel always is. */
import type { AxisLabels, Labels, ValueLabels } from '../channels.ts'

/** Of each place of an axis: the number that all values at it are for every input, or NaN where they vary. Null: nothing is known of the axis. */
export type Constants = Float64Array | null

/** Of every axis of a value, the batch included. */
export type ValueConstants = readonly Constants[]

/** Nothing is known of a value. */
export function unknownValue (labels: ValueLabels): ValueConstants {
  return labels.map(() => null)
}

/** Of a value of which one axis is known. */
export function knownAlong (labels: ValueLabels, axis: number, constants: Constants): ValueConstants {
  return labels.map((_, at) => at === axis ? constants : null)
}

export function mapped (constants: Constants, of: (constant: number, place: number) => number): Constants {
  return constants && constants.map((constant, place) => Number.isNaN(constant) ? NaN : of(constant, place))
}

/** What is 0 stays so, all else varies. */
export function zerosOf (constants: Constants): Constants {
  return mapped(constants, (constant) => constant === 0 ? 0 : NaN)
}

/** One number, or NaN where the two are not the same. */
export function agreed (a: number, b: number): number {
  return a === b ? a : NaN
}

/** Of values that were moved and not changed: each channel is what it was, wherever it stands. */
export function movedConstants (given: ValueConstants, labels: ValueLabels, to: ValueLabels, rootOf: (label: number) => number): ValueConstants {
  const byRoot = new Map<number, number>()
  labels.forEach((axis, at) => axis?.forEach((label, place) => {
    const [root, constant] = [rootOf(label), given[at]?.[place] ?? NaN]
    byRoot.set(root, byRoot.has(root) ? agreed(byRoot.get(root)!, constant) : constant)
  }))
  return to.map((axis: AxisLabels) => axis && Float64Array.from(axis satisfies Labels, (label) => byRoot.get(rootOf(label)) ?? NaN))
}
