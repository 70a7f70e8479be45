/** Walks through weights of any rank: nonzero values at a place, sums by column, slices that are one number. */
import type { Shape } from '../../../models/tensor.ts'
import type { WeightValues } from '../norms.ts'
import type { Constants } from './constants.ts'

/** Steps between neighbours along each axis, row-major. */
export function stridesOf (shape: Shape): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((all, size) => all * size, 1))
}

/** The place along an axis at which a value stands. */
export function placeAt (shape: Shape, strides: readonly number[], axis: number, index: number): number {
  return Math.floor(index / strides[axis]!) % shape[axis]!
}

/** Is `test` true of the index of a nonzero value at one place of an axis? */
export function someNonzeroAt ({ shape, values }: WeightValues, axis: number, place: number, test: (index: number) => boolean): boolean {
  const step = shape.slice(axis + 1).reduce((all, size) => all * size, 1)
  const block = step * shape[axis]!
  for (let start = place * step; start < values.length; start += block) {
    for (let index = start, end = start + step; index < end; index++) if (values[index] !== 0 && test(index)) return true
  }
  return false
}

/**
 * For every place of the axes `columns` (row-major, in that order) the sum of weight times input: NaN where a nonzero weight meets an input that varies. `inputs`: constants along
 * axes that are summed over; one that is known tells the input.
 */
export function columnSums ({ shape, values }: WeightValues, inputs: ReadonlyMap<number, Constants>, columns: readonly number[]): Float64Array {
  const strides = stridesOf(shape)
  const steps = stridesOf(columns.map((axis) => shape[axis]!))
  const stepOf = (axis: number): number => columns.includes(axis) ? steps[columns.indexOf(axis)]! : 0
  const outer = [...shape.keys()].slice(0, -1)
  const known = [...inputs].filter((one): one is [number, Float64Array] => one[1] !== null)
  const sums = new Float64Array(columns.reduce((all, axis) => all * shape[axis]!, 1))
  const last = shape.length - 1
  const [run, step, own] = [shape[last]!, stepOf(last), inputs.get(last) ?? null]
  let open = sums.length
  // Runs of the last axis; once every column varies the rest says nothing new.
  for (let start = 0; start < values.length && open > 0; start += run) {
    let [base, given] = [0, NaN]
    for (const axis of outer) base += placeAt(shape, strides, axis, start) * stepOf(axis)
    for (const [axis, constants] of known) if (axis !== last && !Number.isNaN(constants[placeAt(shape, strides, axis, start)])) given = constants[placeAt(shape, strides, axis, start)]!
    for (let place = 0; place < run; place++) {
      const value = values[start + place]!
      const column = base + place * step
      if (value === 0 || Number.isNaN(sums[column])) continue
      const input = Number.isNaN(given) ? own?.[place] ?? NaN : given
      sums[column]! += input * value
      if (Number.isNaN(sums[column])) open--
    }
  }
  return sums
}

/** Adds to a table over `shape` the values of a weight whose axes are those named; a size of 1 is spread. */
export function addSpread (table: Float64Array, shape: Shape, { shape: own, values }: WeightValues, axes: readonly number[]): Float64Array {
  const [strides, steps] = [stridesOf(shape), stridesOf(own)]
  return table.map((sum, index) => {
    const at = axes.reduce((all, axis, place) => all + (own[place] === 1 ? 0 : placeAt(shape, strides, axis, index) * steps[place]!), 0)
    return sum + values[at]!
  })
}

/** The one number that stands at each place of an axis, NaN where there are several. */
export function uniformAlong (shape: Shape, values: ArrayLike<number>, axis: number): Float64Array {
  const step = shape.slice(axis + 1).reduce((all, size) => all * size, 1)
  const found = new Float64Array(shape[axis]!)
  const seen = new Uint8Array(found.length)
  for (let index = 0; index < values.length; index++) {
    const place = Math.floor(index / step) % found.length
    if (seen[place] === 0) found[place] = values[index]!
    else if (found[place] !== values[index]!) found[place] = NaN
    seen[place] = 1
  }
  return found
}
