/** Channels of convolutions: plain, grouped, depthwise, separable and transposed. */
import type { ConvolutionConfig, DepthwiseConfig, SeparableConfig, TransposedConfig, WindowConfig } from '../../../models/layers/convolution.ts'
import { channelAxis } from '../../../models/layers/shapes.ts'
import { joinAll, repeatEach } from '../axis-labels.ts'
import type { AxisLabels, ValueLabels } from '../channels.ts'
import { along, freezeOthers, withSettings, type Application, type Resized, type StructureRule } from '../rule.ts'
import { freezeActivated } from './activations.ts'

/** A grouped one with several channels a group loses the same ones in every group; with one channel a group it loses whole groups. */
export const convolution: StructureRule<ConvolutionConfig> = {
  couple (application) {
    const { c, bind, fresh, sets } = application
    const channels = channelsIn(application)
    const filters = fresh(c.filters)
    const size = sizeIn(application) / c.groups
    if (c.groups > 1 && size > 1) {
      joinAcross(application, channels, size)
      joinAcross(application, filters, c.filters / c.groups)
    } else if (c.groups > 1) {
      const each = c.filters / c.groups
      for (let group = 0; group < c.groups; group++) {
        const members = filters.subarray(group * each, (group + 1) * each)
        if (channels === null) sets.freeze(members, 'its groups take what stays as it is')
        else joinAll(sets, [channels[group]!, ...members])
      }
    }
    if (c.groups === 1) bind('kernel', c.rank, channels)
    else if (size > 1) bind('kernel', c.rank, channels && channels.subarray(0, size))
    bind('kernel', c.rank + 1, filters)
    bind('bias', 0, filters)
    return outputs(application, filters)
  },
  resize: (entry, resized) => withSettings(entry, {
    filters: resized.weight('kernel')!.at(-1),
    ...((entry.config as { groups?: number }).groups ?? 1) > 1 && { groups: channelsNow(entry, resized) / resized.weight('kernel')!.at(-2)! },
  }),
}

/** A channel goes with all that it makes. */
export const depthwise: StructureRule<DepthwiseConfig> = {
  couple (application) {
    const { c, bind } = application
    const channels = channelsIn(application)
    const made = repeatEach(channels, c.multiplier)
    bind('kernel', c.rank, channels)
    bind('bias', 0, made)
    return outputs(application, made)
  },
}

export const separable: StructureRule<SeparableConfig> = {
  couple (application) {
    const { c, bind, fresh } = application
    const channels = channelsIn(application)
    const filters = fresh(c.filters)
    bind('depthwise_kernel', c.rank, channels)
    bind('pointwise_kernel', c.rank, repeatEach(channels, c.multiplier))
    bind('pointwise_kernel', c.rank + 1, filters)
    bind('bias', 0, filters)
    return outputs(application, filters)
  },
  resize: (entry, { weight }) => withSettings(entry, { filters: weight('pointwise_kernel')!.at(-1) }),
}

/** Kernel [...positions, filters, channels]. */
export const transposed: StructureRule<TransposedConfig> = {
  couple (application) {
    const { c, bind, fresh } = application
    const filters = fresh(c.filters)
    bind('kernel', c.rank, filters)
    bind('kernel', c.rank + 1, channelsIn(application))
    bind('bias', 0, filters)
    return outputs(application, filters)
  },
  resize: (entry, { weight }) => withSettings(entry, { filters: weight('kernel')!.at(-2) }),
}

/** Labels of the input's channels; those of its positions are frozen. */
function channelsIn (application: Application<WindowConfig>): AxisLabels {
  const [given] = application.inputs
  const axis = channelAxis(application.c.format, given!.length)
  freezeOthers(application, [axis], 'its channels are positions of a convolution')
  return given![axis]!
}

function sizeIn ({ c, inputShapes: [shape] }: Application<WindowConfig>): number {
  return shape![channelAxis(c.format, shape!.length)]!
}

function outputs ({ c, outputShapes: [shape], sets }: Application<WindowConfig>, labels: AxisLabels): ValueLabels[] {
  return [freezeActivated(sets, c.activation, along(shape!, channelAxis(c.format, shape!.length), labels))]
}

/** Place i of every run of `size` places is one channel. */
function joinAcross ({ sets }: Application<WindowConfig>, labels: AxisLabels, size: number): void {
  if (labels === null) return
  for (let index = size; index < labels.length; index++) sets.join(labels[index % size]!, labels[index]!)
}

/** A group of one channel can only be told from the input. */
function channelsNow (entry: Record<string, unknown> | Readonly<Record<string, unknown>>, { inputs: [shape] }: Resized): number {
  const first = (entry.config as { data_format?: string }).data_format === 'channels_first'
  return (first ? shape![1] : shape!.at(-1))!
}
