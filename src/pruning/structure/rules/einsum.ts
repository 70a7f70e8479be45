/** Channels along the labels of an equation: a product with a kernel, and products of values. */
import type { EinsumDenseConfig } from '../../../models/layers/einsum-dense.ts'
import { explicit, REST, type Equation } from '../../../models/layers/einsum.ts'
import { joinBroadcast, type Operand } from '../axis-labels.ts'
import type { AxisLabels, ChannelSets, ValueLabels } from '../channels.ts'
import { withSettings, type StructureRule } from '../rule.ts'
import { freezeActivated } from './activations.ts'

const SUMMED = 'a product of values is summed over its channels'

export const einsumDense: StructureRule<EinsumDenseConfig> = {
  couple ({ c, inputs: [given], inputShapes: [shape], outputShapes: [output], bind, fresh, sets }) {
    const { operands: [left, right], output: result } = explicit(c.equation, [shape!.length, c.equation.operands[1]!.length])
    const labels = new Map<string, AxisLabels>(left!.map((name, axis) => [name, given![axis]!]))
    for (const [axis, name] of right!.entries()) {
      // What the kernel adds are channels of its own.
      if (!labels.has(name)) labels.set(name, fresh(output![result.indexOf(name)]!, name))
      bind('kernel', axis, labels.get(name)!)
    }
    for (const name of left!) if (!right!.includes(name) && !result.includes(name)) sets.freeze(labels.get(name)!, SUMMED)
    const { biasLabels } = c
    if (biasLabels !== null) {
      const from = result.findIndex((name) => biasLabels.includes(name))
      for (const [axis, name] of result.slice(from).entries()) if (biasLabels.includes(name)) bind('bias', axis, labels.get(name) ?? null)
    }
    return [freezeActivated(sets, c.activation, result.map((name) => labels.get(name) ?? null))]
  },
  resize (entry, { c, inputs: [input], outputs: [output] }) {
    const { equation } = c as EinsumDenseConfig
    const { output: result } = explicit(equation, [input!.length, equation.operands[1]!.length])
    const { output_shape: written } = entry.config as { output_shape: number | ReadonlyArray<number | null> }
    const list = Array.isArray(written) ? written as ReadonlyArray<number | null> : [written as number]
    // It tells the labels by their names, behind the batch where that has one: what `...` covers is not told.
    const told = equation.output.filter((name) => name !== REST).slice(-list.length)
    const sizes = list.map((size, index) => size === null ? null : output![result.indexOf(told[index]!)])
    return withSettings(entry, { output_shape: Array.isArray(written) ? sizes : sizes[0] })
  },
}

/** Labels of a product of one or two values: what both have goes together, what is summed over or spread over the other's stays. */
export function productLabels (sets: ChannelSets, equation: Equation, values: readonly Operand[]): ValueLabels {
  const { operands, output } = explicit(equation, values.map(({ shape }) => shape.length))
  const axesOf = (name: string): Operand[] => operands.flatMap((names, index) => {
    const axis = names.indexOf(name)
    return axis < 0 ? [] : [{ labels: [values[index]!.labels[axis]!], shape: [values[index]!.shape[axis]!] }]
  })
  for (const name of operands.flat()) if (!output.includes(name)) for (const { labels: [axis] } of axesOf(name)) sets.freeze(axis!, SUMMED)
  return output.map((name) => {
    const met = axesOf(name)
    return joinBroadcast(sets, met, [met.find(({ shape }) => shape[0] !== 1)?.shape[0] ?? 1])[0]!
  })
}
