/** What the tests of granularities share: tensors of each kind of layer, and what a grouping makes of their elements. */
import assert from 'node:assert/strict'
import { sizeOf } from '../../../src/models/tensor.ts'
import { groupingOf, type GranularityOptions, type GroupedTensor, type Grouping } from '../../../src/pruning/granularity/index.ts'

type Axes = NonNullable<GroupedTensor['axes']>

export const tensor = (shape: readonly number[], axes?: Partial<Axes>, role = 'kernel'): GroupedTensor => ({
  name: `layer/${role}`, className: 'Layer', role, shape, ...(axes && { axes: { input: [], output: [], spatial: [], ...axes } }),
})

export const dense = (inputs: number, outputs: number) => tensor([inputs, outputs], { input: [0], output: [1] })
export const conv = (...shape: [number, number, number, number]) => tensor(shape, { spatial: [0, 1], input: [2], output: [3] })
export const transposed = (...shape: [number, number, number, number]) => tensor(shape, { spatial: [0, 1], output: [2], input: [3] })
export const depthwise = (...shape: [number, number, number, number]) => tensor(shape, { spatial: [0, 1], input: [2], output: [2, 3] })
export const gated = (inputs: number, units: number, gates: number) => tensor([inputs, gates * units], { input: [0], output: [1], gates })
export const projection = (...shape: [number, number, number]) => tensor(shape, { input: [0], output: [1, 2] })
export const merged = (...shape: [number, number, number]) => tensor(shape, { input: [0, 1], output: [2] })

export function grouped (one: GroupedTensor, options: GranularityOptions): Grouping {
  const grouping = groupingOf(one, options)
  assert.ok(grouping !== null && !('refused' in grouping), JSON.stringify(grouping))
  return grouping
}

export function refusal (one: GroupedTensor, options: GranularityOptions): string {
  const grouping = groupingOf(one, options)
  assert.ok(grouping !== null && 'refused' in grouping)
  return grouping.refused
}

/** The indices along the axes of a row-major element. */
export function placeOf (element: number, shape: readonly number[]): number[] {
  const place: number[] = []
  for (const size of [...shape].reverse()) {
    place.unshift(element % size)
    element = Math.floor(element / size)
  }
  return place
}

export const flat = (place: readonly number[], axes: readonly number[], shape: readonly number[]) => axes.reduce((index, axis) => index * shape[axis]! + place[axis]!, 0)

/** The elements of each group, in row-major order. */
export function members ({ groups, of }: Grouping): number[][] {
  const lists: number[][] = Array.from({ length: groups }, () => [])
  of.forEach((group, element) => lists[group]!.push(element))
  return lists
}

export function assertPartition ({ shape }: GroupedTensor, { groups, of, sizes }: Grouping): void {
  assert.equal(of.length, sizeOf(shape))
  const counts = new Array<number>(groups).fill(0)
  for (const group of of) counts[group]!++
  assert.deepEqual([...sizes], counts)
  assert.ok(counts.every((count) => count > 0))
}
