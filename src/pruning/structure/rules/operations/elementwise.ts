/** Channels under operations on single values, on values that meet, and over whole axes. */
import { frontAxis } from '../../../../models/layers/shapes.ts'
import type { ActivationConfig, Places } from '../../../../models/layers/operations/choosing.ts'
import type { Reduction } from '../../../../models/layers/operations/operation.ts'
import { joinBroadcast } from '../../axis-labels.ts'
import type { ChannelSets, ValueLabels } from '../../channels.ts'
import { freezeActivated } from '../activations.ts'
import type { OperationRule } from './rule.ts'

export const unary: OperationRule<unknown> = { couple: ({ operands: [x] }) => [x!.labels] }

/** NumPy's broadcasting; numbers of the configuration for each channel keep the channels. */
export const binary: OperationRule<unknown> = { couple: ({ operands, outputShapes: [shape], sets }) => [joinBroadcast(sets, operands, shape!)] }

export const activation: OperationRule<ActivationConfig> = { couple: ({ settings, operands: [x], sets }) => [freezeActivated(sets, settings.activation, x!.labels)] }

export const reduction: OperationRule<Reduction> = { couple: ({ settings, operands: [x], sets }) => [reducedLabels(sets, x!.labels, settings.axes, settings.keepAxes)] }

export const place: OperationRule<Places> = { couple: ({ settings, operands: [x], sets }) => [reducedLabels(sets, x!.labels, settings.axis === null ? null : [settings.axis], settings.keepAxes)] }

/** Null: all axes. */
function reducedLabels (sets: ChannelSets, labels: ValueLabels, axes: readonly number[] | null, keepAxes: boolean): ValueLabels {
  const gone = new Set(axes?.map((axis) => frontAxis(axis, labels.length)) ?? labels.keys())
  for (const axis of gone) sets.freeze(labels[axis]!, 'an operation goes over all of its channels')
  return keepAxes ? labels.map((one, axis) => gone.has(axis) ? null : one) : labels.filter((_, axis) => !gone.has(axis))
}
