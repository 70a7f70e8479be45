/** Channel: whole outputs of a layer (units, filters), which can then be taken out of the model. */
import { Type, type Static } from 'typebox'
import type { Granularity } from './granularity.ts'
import { groupBy, matricesOf } from './matrices.ts'

const input = Type.Object({ type: Type.Literal('channel') }, { additionalProperties: false, description: 'whole outputs of a layer' })

/**
 * Group c is all that makes output channel c: several output axes are flattened in row-major order, so that a depthwise kernel's channel is
 * input * multiplier + m. In fused gate kernels a unit is the same column in every gate. Source: Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017.
 */
export const channel: Granularity<Static<typeof input>, typeof input> = {
  description: 'all weights of an output channel (a unit, a filter); of recurrent layers, of a unit in every gate',
  input,
  group (tensor) {
    const matrices = matricesOf(tensor)
    const channels = matrices.outputs / (tensor.axes?.gates ?? 1)
    return groupBy(matrices, channels, [() => 0, () => 0, (output) => output % channels])
  },
}
