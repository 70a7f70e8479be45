/** Dead channels where several values become one. */
import type { ConcatenateConfig, MergeConfig, MergeName } from '../../../../models/layers/merging.ts'
import { frontAxis } from '../../../../models/layers/shapes.ts'
import type { SymbolicShape } from '../../../../models/tensor.ts'
import type { ValueLabels } from '../../channels.ts'
import { agreed, type Constants, type ValueConstants } from '../constants.ts'
import type { DeadRule } from '../rule.ts'

type Join = (numbers: readonly number[]) => number

/** Each gives NaN where it is given one, but that 0 times anything is 0. */
export const JOINS: Readonly<Record<MergeName, Join>> = {
  Add: (numbers) => numbers.reduce((sum, one) => sum + one),
  Subtract: ([first, ...others]) => others.reduce((rest, one) => rest - one, first!),
  Multiply: (numbers) => numbers.includes(0) ? 0 : numbers.reduce((product, one) => product * one),
  Average: (numbers) => numbers.reduce((sum, one) => sum + one) / numbers.length,
  Maximum: (numbers) => Math.max(...numbers),
  Minimum: (numbers) => Math.min(...numbers),
}

export interface Part {
  readonly shape: SymbolicShape
  readonly known: ValueConstants
  /** The one number that all of it is. */
  readonly number?: number
}

/** Element by element, aligned at the last axis but for the batch, which is the first of all. */
export function joined (parts: readonly Part[], labels: ValueLabels, join: Join): ValueConstants {
  return labels.map((axis, at): Constants => {
    if (axis === null || at === 0) return null
    return Float64Array.from(axis, (_, place) => join(parts.map(({ shape, known, number }) => {
      if (number !== undefined) return number
      const own = at - (labels.length - shape.length)
      // A part that is spread along the axis is not told apart along it.
      return own > 0 && shape[own] === axis.length ? known[own]?.[place] ?? NaN : NaN
    })))
  })
}

export const merging: DeadRule<MergeConfig> = {
  pass ({ c, inputs, inputShapes, outputLabels: [labels] }) {
    return [joined(inputs.map((known, index) => ({ known, shape: inputShapes[index]! })), labels!, JOINS[c.merge])]
  },
}

export const concatenate: DeadRule<ConcatenateConfig> = {
  pass: ({ c, inputs, inputShapes, outputLabels: [labels] }) => [joinedBehind(inputs.map((known, index) => ({ known, shape: inputShapes[index]! })), labels!, frontAxis(c.axis, labels!.length))],
}

/** One behind the other: along other axes a channel is constant where it is the same number in all parts. */
export function joinedBehind (parts: readonly Part[], labels: ValueLabels, axis: number): ValueConstants {
  return labels.map((own, at): Constants => {
    if (own === null) return null
    if (at === axis) return Float64Array.from(parts.flatMap(({ known, shape }) => [...known[at] ?? new Float64Array(shape[at] ?? 0).fill(NaN)]))
    return Float64Array.from(own, (_, place) => parts.map(({ known }) => known[at]?.[place] ?? NaN).reduce(agreed))
  })
}
