/** Dead channels under layers on single values and on positions: activations, normalisation by fixed numbers, pooling, padding. */
import type { ActivationConfig, PReLUConfig } from '../../../../models/layers/activation-layers.ts'
import type { BatchNormalizationConfig } from '../../../../models/layers/normalization.ts'
import type { DataFormat } from '../../../../models/layers/reader.ts'
import type { EdgesConfig, RescalingConfig } from '../../../../models/layers/reshaping.ts'
import { channelAxis, frontAxis } from '../../../../models/layers/shapes.ts'
import { knownAlong, mapped, unknownValue, zerosOf } from '../constants.ts'
import type { DeadRule } from '../rule.ts'
import { uniformAlong } from '../weights.ts'

export const activation: DeadRule<ActivationConfig> = {
  pass: ({ c, inputs: [given], outputLabels: [labels], activated }) =>
    [labels!.map((axis, at) => axis === null || given![at] === null ? null : activated(c.activation, given![at]!))],
}

/** Below 0 a slope for each place of one example. */
export const prelu: DeadRule<PReLUConfig> = {
  pass ({ inputs: [given], weight }) {
    const { shape, values } = weight('alpha')!
    return [given!.map((constants, axis) => {
      if (constants === null) return null
      const slopes = uniformAlong(shape, values, axis - 1)
      return mapped(constants, (constant, place) => constant >= 0 ? constant : constant * slopes[slopes.length === 1 ? 0 : place]!)
    })]
  },
}

/** (x - mean) * gamma / sqrt(variance + epsilon) + beta: with a gamma of 0 that is beta, whatever x is. */
export const batchNormalization: DeadRule<BatchNormalizationConfig> = {
  pass ({ c, inputs: [given], outputLabels: [labels], weight }) {
    const axis = frontAxis(c.axis, labels!.length)
    if (labels![axis] === null) return [unknownValue(labels!)]
    const [mean, variance] = [weight('moving_mean')!.values, weight('moving_variance')!.values]
    const [gamma, beta] = [weight('gamma')?.values, weight('beta')?.values]
    return [knownAlong(labels!, axis, Float64Array.from(mean, (centre, place) => {
      const factor = (gamma?.[place] ?? 1) / Math.sqrt(variance[place]! + c.epsilon)
      if (!Number.isFinite(factor)) return NaN
      return (factor === 0 ? 0 : factor * ((given![axis]?.[place] ?? NaN) - centre)) + (beta?.[place] ?? 0)
    }))]
  },
}

/** By one number for all. */
export const rescaling: DeadRule<RescalingConfig> = {
  pass ({ c, inputs: [given], outputLabels: [labels] }) {
    if (c.scale.values.length !== 1 || c.offset.values.length !== 1) return [unknownValue(labels!)]
    return [given!.map((constants) => mapped(constants, (constant) => constant * c.scale.values[0]! + c.offset.values[0]!))]
  },
}

interface Spatial { readonly format: DataFormat }

/** Windows and selections of positions: TensorFlow leaves what pads a pool out, and weights of an interpolation sum to 1. */
export const positions: DeadRule<Spatial> = {
  pass ({ c, inputs: [given], outputLabels: [labels] }) {
    const axis = channelAxis(c.format, labels!.length)
    return [knownAlong(labels!, axis, given![axis]!)]
  },
}

export const globalPooling: DeadRule<Spatial & { readonly keepAxes: boolean }> = {
  pass ({ c, inputs: [given], outputLabels: [labels] }) {
    return [knownAlong(labels!, c.keepAxes ? channelAxis(c.format, labels!.length) : 1, given![channelAxis(c.format, given!.length)]!)]
  },
}

/** What it adds is 0. */
export const zeroPadding: DeadRule<EdgesConfig> = {
  pass ({ c, inputs: [given], outputLabels: [labels] }) {
    const axis = channelAxis(c.format, labels!.length)
    return [knownAlong(labels!, axis, c.edges.flat().every((edge) => edge === 0) ? given![axis]! : zerosOf(given![axis]!))]
  },
}
