/** Outputs with their classes on the first axis of an example, as libraries other than Keras give them: told by the targets, and turned round. */
import { EspalierError } from '../../errors.ts'
import { sizeOf, type Shape } from '../../models/tensor.ts'
import type { BatchArray } from '../predict.ts'

export interface OutputFacts {
  /** Of one example: outputs and targets. */
  readonly output: Shape
  readonly target: Shape
  /** Of a batch, as the graph tells it; negative ones count from the end. */
  readonly classAxis: number | null
}

/**
 * Do targets fit an output [classes, ...positions] and not as it is? Targets are class indices [...positions], or values [...positions, classes].
 * Throws `shape-mismatch` for values [classes, ...positions] of a softmax, whose rows would be taken the wrong way.
 */
export function hasClassesFirst ({ output, target, classAxis }: OutputFacts, name: string): boolean {
  if (output.length < 2) return false
  const moved = classesLastShape(output)
  const axis = classAxis === null || classAxis >= 0 ? classAxis : classAxis + output.length + 1
  if (axis === 1 && same(output, target)) {
    throw new EspalierError('shape-mismatch', `${name} has its classes on the first of the axes [${output.join(', ')}], and so do the targets; class indices [${moved.slice(0, -1).join(', ')}] or values [${moved.join(', ')}] are understood`, { output, target })
  }
  if (axis !== null && axis === output.length) return false
  if (axis !== 1 && (isIndex(output, target) || same(output, target))) return false
  return isIndex(moved, target) || same(moved, target)
}

/** A batch [examples, classes, ...positions] as [examples, ...positions, classes]. */
export function classesLast ({ values, shape: [examples, ...output] }: BatchArray): BatchArray {
  const classes = output[0]!
  const size = sizeOf(output)
  const positions = size / classes
  const moved = new Float32Array(values.length)
  for (let start = 0; start < values.length; start += size) {
    for (let at = 0; at < positions; at++) {
      for (let index = 0; index < classes; index++) moved[start + at * classes + index] = values[start + index * positions + at]!
    }
  }
  return { values: moved, shape: [examples!, ...classesLastShape(output)] }
}

function classesLastShape ([classes, ...positions]: Shape): Shape {
  return [...positions, classes!]
}

/** Are targets of this shape one class index for each row of the output? */
function isIndex (output: Shape, target: Shape): boolean {
  const rows = output.slice(0, -1)
  return same(rows, target) || same([...rows, 1], target)
}

function same (a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}
