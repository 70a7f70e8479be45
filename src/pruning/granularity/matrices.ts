/** A tensor seen as matrices [inputs, outputs], one for each kernel position: what all granularities are told in. */
import { unknownLayout } from '../../models/layers/layouts.ts'
import { sizeOf } from '../../models/tensor.ts'
import type { GroupedTensor, Grouping } from './granularity.ts'

/** Numbers of positions, inputs and outputs; where several axes are of one kind, they are flattened in the tensor's order. */
export interface Matrices {
  readonly positions: number
  readonly inputs: number
  readonly outputs: number
  readonly shape: readonly number[]
  /** Axes of each kind, in the order above. An axis of inputs and outputs (of a depthwise kernel) is one of outputs: each has one input. */
  readonly axes: readonly [positions: readonly number[], inputs: readonly number[], outputs: readonly number[]]
}

/** The group of an element is the sum of what its position, its input and its output give. */
type Shares = readonly [position: (index: number) => number, input: (index: number) => number, output: (index: number) => number]

export function matricesOf (tensor: GroupedTensor): Matrices {
  const { shape } = tensor
  const { spatial, input, output } = tensor.axes ?? unknownLayout(shape.length)
  const axes = [sorted(spatial), sorted(input.filter((axis) => !output.includes(axis))), sorted(output)] as const
  const [positions, inputs, outputs] = axes.map((kind) => sizeOf(kind.map((axis) => shape[axis]!))) as [number, number, number]
  return { positions, inputs, outputs, shape, axes }
}

/** The grouping by `shares`, which must give 0 .. groups - 1; null when every element has a group of its own. */
export function groupBy (matrices: Matrices, groups: number, shares: Shares): Grouping | null {
  const { shape, axes, positions, inputs, outputs } = matrices
  const size = sizeOf(shape)
  if (groups === size) return null
  const tables = [positions, inputs, outputs].map((count, kind) => Int32Array.from({ length: count }, (_, index) => shares[kind]!(index)))
  const of = new Int32Array(size)
  const width = shape.at(-1) ?? 1
  const last = axes.findIndex((kind) => kind.includes(shape.length - 1))
  const [inRow, beside] = [tables[last]!, [0, 1, 2].filter((kind) => kind !== last)]
  for (const { start, indices } of rowsOf(matrices, width)) {
    const base = beside.reduce((sum, kind) => sum + tables[kind]![indices[kind]!]!, 0)
    // The last axis is the innermost of its kind: along a row its index grows by one.
    const from = indices[last]!
    for (let column = 0; column < width; column++) of[start + column] = base + inRow[from + column]!
  }
  const sizes = new Int32Array(groups)
  for (let index = 0; index < size; index++) sizes[of[index]!]!++
  return { groups, of, sizes }
}

/** For each run along the last axis: where it starts, and position, input and output of its first element. */
function * rowsOf ({ shape, axes }: Matrices, width: number): Generator<{ start: number, indices: readonly number[] }> {
  const size = sizeOf(shape)
  const at = shape.map(() => 0)
  const indices = [0, 0, 0]
  for (let start = 0; start < size; start += width) {
    for (const [kind, list] of axes.entries()) {
      let index = 0
      for (const axis of list) index = index * shape[axis]! + at[axis]!
      indices[kind] = index
    }
    yield { start, indices }
    for (let axis = shape.length - 2; axis >= 0 && ++at[axis]! === shape[axis]; axis--) at[axis] = 0
  }
}

function sorted (axes: readonly number[]): number[] {
  return [...axes].sort((a, b) => a - b)
}
