/** Channels under activation functions: most act on single values, some along an axis. */
import type { ActivationConfig, PReLUConfig } from '../../../models/layers/activation-layers.ts'
import type { Activation } from '../../../models/layers/activations.ts'
import { frontAxis } from '../../../models/layers/shapes.ts'
import type { ChannelSets, ValueLabels } from '../channels.ts'
import type { StructureRule } from '../rule.ts'

/** The labels, with those frozen along which the function compares values. */
export function freezeActivated (sets: ChannelSets, activation: Activation, labels: ValueLabels): ValueLabels {
  for (const axis of comparedAxes(activation)) sets.freeze(labels[frontAxis(axis, labels.length)]!, `${activation.name} compares its channels with one another`)
  return labels
}

function comparedAxes (activation: Activation): readonly number[] {
  if ('axes' in activation) return activation.axes
  return activation.name === 'log_softmax' || activation.name === 'sparsemax' || activation.name === 'glu' ? [-1] : []
}

export const activation: StructureRule<ActivationConfig> = {
  couple ({ c, inputs: [given], outputShapes: [shape], sets }) {
    const labels = freezeActivated(sets, c.activation, given!)
    // Halves of the channels are multiplied.
    return [c.activation.name === 'glu' ? labels.map((axis, at) => at === shape!.length - 1 ? null : axis) : labels]
  },
}

/** A slope for each place of one example. */
export const prelu: StructureRule<PReLUConfig> = {
  couple ({ c, inputs: [given], bind }) {
    const shared = new Set(c.sharedAxes.map((axis) => frontAxis(axis, given!.length)))
    given!.forEach((labels, axis) => { if (axis > 0 && !shared.has(axis)) bind('alpha', axis - 1, labels) })
    return [given!]
  },
}
