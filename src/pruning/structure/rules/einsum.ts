/** Channels along the labels of an equation: a product with a kernel, and products of values. */
import type { EinsumDenseConfig } from '../../../models/layers/einsum-dense.ts'
import { explicit, type Equation } from '../../../models/layers/einsum.ts'
import { joinAxes } from '../axis-labels.ts'
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
  resize (entry, { outputs: [output] }) {
    const { output_shape: written } = entry.config as { output_shape: number | ReadonlyArray<number | null> }
    const list = Array.isArray(written) ? written as ReadonlyArray<number | null> : [written as number]
    const sizes = output!.slice(output!.length - list.length)
    return withSettings(entry, { output_shape: Array.isArray(written) ? list.map((size, axis) => size === null ? null : sizes[axis]) : sizes[0] })
  },
}

/** Labels of a product of one or two values: what both have goes together, what is summed over stays. */
export function productLabels (sets: ChannelSets, equation: Equation, values: readonly ValueLabels[]): ValueLabels {
  const { operands, output } = explicit(equation, values.map(({ length }) => length))
  const labels = new Map<string, AxisLabels>()
  for (const [index, names] of operands.entries()) {
    for (const [axis, name] of names.entries()) {
      const own = values[index]![axis]!
      if (!output.includes(name)) sets.freeze(own, SUMMED)
      labels.set(name, !labels.has(name) ? own : labels.get(name) === null && own === null ? null : joinAxes(sets, labels.get(name)!, own))
    }
  }
  return output.map((name) => labels.get(name)!)
}
