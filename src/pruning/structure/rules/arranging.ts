/** Channels of layers that move values about: flatten, reshape, permute, repeat. */
import type { FlattenConfig, PermuteConfig, RescalingConfig, RepeatConfig, ReshapeConfig } from '../../../models/layers/reshaping.ts'
import { reshapeLabels } from '../axis-labels.ts'
import { freezeOthers, withSettings, type StructureRule } from '../rule.ts'

/** Every position of a channel is a place of it. Channels-first inputs are flattened in the order of channels-last ones. */
export const flatten: StructureRule<FlattenConfig> = {
  couple ({ c, inputs: [labels], inputShapes: [shape], outputShapes: [output], sets }) {
    const order = c.format === 'channels_first' && shape!.length > 2 ? [0, ...shape!.keys()].filter((axis, index) => index === 0 || axis > 1).concat(1) : [...shape!.keys()]
    return [reshapeLabels(sets, { labels: order.map((axis) => labels![axis]!), shape: order.map((axis) => shape![axis]!) }, output!)]
  },
}

export const reshape: StructureRule<ReshapeConfig> = {
  couple: ({ inputs: [labels], inputShapes: [shape], outputShapes: [output], sets }) => [reshapeLabels(sets, { labels: labels!, shape: shape! }, output!)],
  resize (entry, { outputs: [output] }) {
    const { target_shape: written } = entry.config as { target_shape: number | readonly number[] }
    const list = typeof written === 'number' ? [written] : written
    return withSettings(entry, { target_shape: list.map((size, axis) => size === -1 ? -1 : output![axis + 1]) })
  },
}

export const permute: StructureRule<PermuteConfig> = {
  couple: ({ c, inputs: [labels] }) => [[labels![0]!, ...c.axes.map((axis) => labels![axis]!)]],
}

export const repeatVector: StructureRule<RepeatConfig> = {
  couple: ({ inputs: [labels] }) => [[labels![0]!, null, labels![1]!]],
}

/** By one number for all, or by numbers in the configuration. */
export const rescaling: StructureRule<RescalingConfig> = {
  couple (application) {
    const { c, inputs: [labels], outputShapes: [shape] } = application
    if (c.scale.values.length + c.offset.values.length === 2 && shape!.length === labels!.length) return [labels!]
    freezeOthers(application, [], 'it is scaled by numbers in the configuration')
    return [shape!.map(() => null)]
  },
}
