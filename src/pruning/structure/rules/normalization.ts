/** Channels of layers that normalise: along moving statistics, over channels, in groups, by fixed numbers. */
import type { BatchNormalizationConfig, GroupNormalizationConfig, LayerNormalizationConfig, NormalizationConfig, RmsNormalizationConfig, UnitNormalizationConfig } from '../../../models/layers/normalization.ts'
import { sorted } from '../../../models/layers/normalization.ts'
import { frontAxis } from '../../../models/layers/shapes.ts'
import { joinAll } from '../axis-labels.ts'
import { freezeOthers, withSettings, type Application, type StructureRule } from '../rule.ts'

const STATISTICS = ['gamma', 'beta', 'moving_mean', 'moving_variance', 'moving_stddev', 'renorm_mean', 'renorm_stddev']

/** Every channel on its own. */
export const batchNormalization: StructureRule<BatchNormalizationConfig> = {
  couple ({ c, inputs: [given], bind }) {
    for (const role of STATISTICS) bind(role, 0, given!.at(frontAxis(c.axis, given!.length))!)
    return [given!]
  },
}

/** Fewer channels have another mean and another spread: what is left is not what it was. */
export const OVER_CHANNELS = 'normalises over the channels that are left, which changes their values'

export const layerNormalization: StructureRule<LayerNormalizationConfig> = {
  couple (application) {
    overAxes(application, application.c.axes, ['gamma', 'beta'])
    return [application.inputs[0]!]
  },
}

export const rmsNormalization: StructureRule<RmsNormalizationConfig> = {
  couple (application) {
    overAxes(application, application.c.axes, ['scale'])
    return [application.inputs[0]!]
  },
}

export const unitNormalization: StructureRule<UnitNormalizationConfig> = {
  couple (application) {
    overAxes(application, application.c.axes, [])
    return [application.inputs[0]!]
  },
}

/** Whole groups go, as the others do not look at them. */
export const groupNormalization: StructureRule<GroupNormalizationConfig> = {
  couple (application) {
    const { c, inputs: [given], inputShapes: [shape], bind, sets } = application
    const axis = frontAxis(c.axis, given!.length)
    const labels = given![axis]!
    const size = c.groups === -1 ? 1 : shape![axis]! / c.groups
    if (labels !== null) for (let start = 0; start < labels.length; start += size) joinAll(sets, labels.subarray(start, start + size))
    for (const role of ['gamma', 'beta']) bind(role, 0, labels)
    // Positions are averaged over.
    freezeOthers(application, [axis], 'its channels are positions of a normalisation')
    return [given!]
  },
  resize (entry, { outputs: [output], before }) {
    const { groups = 32, axis = -1 } = entry.config as { groups?: number, axis?: number }
    if (groups === -1) return entry
    return withSettings(entry, { groups: output!.at(axis)! / (before.outputs[0]!.at(axis)! / groups) })
  },
}

export const normalization: StructureRule<NormalizationConfig> = {
  couple (application) {
    const { c, inputs: [given], bind } = application
    if (c.given !== undefined) freezeOthers(application, [], 'it is normalised by numbers in the configuration')
    else sorted(c.axes, given!.length).forEach((axis, index) => { for (const role of ['mean', 'variance']) bind(role, index, given![axis]!) })
    return [given!]
  },
}

/** Axes in the order in which the parameters have them. */
function overAxes ({ inputs: [given], bind, sets }: Application<unknown>, axes: readonly number[], roles: readonly string[]): void {
  const ordered = [...axes].sort((a, b) => a - b)
  for (const [index, axis] of ordered.entries()) {
    const labels = given!.at(frontAxis(axis, given!.length))!
    sets.note(labels, OVER_CHANNELS)
    for (const role of roles) bind(role, index, labels)
  }
}
