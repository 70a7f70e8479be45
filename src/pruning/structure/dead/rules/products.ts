/** Dead channels at products with a kernel: dense layers and equations; and looked up in a table. */
import { explicit } from '../../../../models/layers/einsum.ts'
import type { DenseConfig } from '../../../../models/layers/core.ts'
import type { EinsumDenseConfig } from '../../../../models/layers/einsum-dense.ts'
import { knownAlong, type Constants } from '../constants.ts'
import { foldOf, type DeadRule, type Foldable } from '../rule.ts'
import { addSpread, columnSums, uniformAlong } from '../weights.ts'

export const dense: DeadRule<DenseConfig> = {
  pass (passage) {
    const { c, inputs: [given], outputLabels: [labels], weight, read, activated } = passage
    const [kernel, bias, last] = [weight('kernel')!, weight('bias'), labels!.length - 1]
    read('kernel', 0, given![last]!, foldOf(passage, c.activation, last, [null, 0]))
    const sums = columnSums(kernel, new Map([[0, given![last]!]]), [1])
    return [knownAlong(labels!, last, activated(c.activation, bias === undefined ? sums : addSpread(sums, [c.units], bias, [0])))]
  },
}

/** A row for each entry: an output is constant where its column is one number. */
export const embedding: DeadRule<unknown> = {
  pass ({ outputLabels: [labels], weight }) {
    const { shape, values } = weight('embeddings')!
    return [knownAlong(labels!, labels!.length - 1, uniformAlong(shape, values, 1))]
  },
}

export const einsumDense: DeadRule<EinsumDenseConfig> = {
  pass ({ c, inputs: [given], inputShapes: [shape], outputLabels: [labels], weight, read, activated, foldInto }) {
    const [kernel, bias] = [weight('kernel')!, weight('bias')]
    const { operands: [left, right], output } = explicit(c.equation, [shape!.length, kernel.shape.length])
    const columns = [...right!.keys()].filter((axis) => output.includes(right![axis]!))
    const summed = [...right!.keys()].filter((axis) => !output.includes(right![axis]!))
    const sizes = columns.map((axis) => kernel.shape[axis]!)
    // The axes of the bias by their labels; those of size 1 are spread.
    const biasNames = bias === undefined ? [] : output.slice(output.length - bias.shape.length)
    const columnOf = (name: string): number => columns.findIndex((axis) => right![axis] === name)
    const told = biasNames.every((name, axis) => bias!.shape[axis] === 1 || columnOf(name) >= 0)
    // An axis of the input that is summed over without the kernel makes a sum of many.
    const plain = left!.every((name) => right!.includes(name) || output.includes(name))
    const axes = right!.map((name, axis) => summed.includes(axis) || !biasNames.includes(name) ? null : biasNames.indexOf(name))
    const covers = bias !== undefined && columns.every((axis) => axes[axis] !== null && bias.shape[axes[axis]!] === kernel.shape[axis])
    const foldable: Foldable = !plain ? 'its equation sums over another axis too' : bias === undefined ? 'it has no bias' : covers && told ? foldInto('bias', axes) : 'its bias is shared by several of its outputs'
    const inputs = new Map(summed.map((axis): [number, Constants] => [axis, given![left!.indexOf(right![axis]!)] ?? null]))
    for (const [axis, constants] of inputs) read('kernel', axis, constants, foldable)
    if (!plain || !told) return [labels!.map(() => null)]
    const sums = columnSums(kernel, inputs, columns)
    // Of axes of the bias that are spread any column will do.
    const added = bias === undefined ? sums : addSpread(sums, sizes, bias, biasNames.map((name) => Math.max(0, columnOf(name))))
    const table = activated(c.activation, added)
    return [labels!.map((axis, at) => {
      const column = columnOf(output[at]!)
      // An axis that the input has too is passed on.
      return axis === null || column < 0 || left!.includes(output[at]!) ? null : uniformAlong(sizes, table, column)
    })]
  },
}
