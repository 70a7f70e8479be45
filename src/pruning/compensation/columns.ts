/** A kernel seen as the columns of its inputs: where in the tensor the weight of a column and an output lies. */
import type { WeightSpec } from '../../models/architecture/types.ts'

export interface KernelColumns {
  /** Kernel positions times input channels, of one group. */
  readonly columns: number
  readonly outputs: number
  /** Offset of a weight in the tensor is the sum of both. */
  readonly columnOffsets: Int32Array
  readonly outputOffsets: Int32Array
}

/** Columns are counted over the axes that tell no outputs apart, in the tensor's order, outputs over the others. */
export function kernelColumns (shape: readonly number[], { output }: Pick<WeightSpec['axes'], 'output'>): KernelColumns {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1))
  const offsets = (axes: readonly number[]): Int32Array => axes.reduce<Int32Array>((sums, axis) => {
    const next = new Int32Array(sums.length * shape[axis]!)
    sums.forEach((sum, at) => { for (let index = 0; index < shape[axis]!; index++) next[at * shape[axis]! + index] = sum + index * strides[axis]! })
    return next
  }, Int32Array.of(0))
  const outputAxes = [...output].sort((a, b) => a - b)
  const columnOffsets = offsets([...shape.keys()].filter((axis) => !outputAxes.includes(axis)))
  const outputOffsets = offsets(outputAxes)
  return { columns: columnOffsets.length, outputs: outputOffsets.length, columnOffsets, outputOffsets }
}
