/** The masks that layers compute; which layer does so, and which pass their input's on, stands with the layer types. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { EmbeddingConfig, MaskingConfig } from '../../models/layers/core.ts'
import type { ConcatenateConfig } from '../../models/layers/merging.ts'
import type { ComputedMask } from '../../models/layers/mask-rules.ts'
import { any, logicalOr, notEqual } from '../ops/flat.ts'
import { present } from './core.ts'
import { frontAxis } from '../../models/layers/shapes.ts'

/** bool [batch, steps] */
export type Mask = Tensor | undefined

/** Masks of the outputs, from the inputs and their masks. Source: `compute_mask` of the Keras layers. */
export type Masking<C = unknown> = (c: C, inputs: readonly Tensor[], masks: readonly Mask[], outputs: readonly Tensor[]) => readonly Mask[]

/** Where either input is there; no mask when one input has none. */
const either: Masking<never> = (_, __, masks, outputs) =>
  outputs.map(() => masks.some((mask) => mask === undefined) ? undefined : (masks as Tensor[]).reduce((a, b) => logicalOr(a, b)))

/** A step is there when a value of it is. */
const joined: Masking<ConcatenateConfig> = ({ axis }, inputs, masks, [output]) => {
  if (masks.every((mask) => mask === undefined)) return [undefined]
  const parts = inputs.map((x, index) => {
    const mask = masks[index]
    if (mask === undefined) return tf.ones(x.shape, 'bool')
    return mask.rank < x.rank ? tf.broadcastTo(tf.expandDims(mask, -1), x.shape) : mask
  })
  return [any(tf.concat(parts, frontAxis(axis, output!.rank)), [output!.rank - 1])]
}

const ofIndices: Masking<EmbeddingConfig> = ({ maskZero }, [x]) => [maskZero ? notEqual(x!, tf.scalar(0, x!.dtype)) : undefined]

const ofValues: Masking<MaskingConfig> = ({ value }, [x]) => [present(x!, value)]

/** By how a layer comes to its masks, see outputMasks. */
export const MASKINGS: { readonly [Rule in ComputedMask]: Masking<never> } = { either, joined, ofIndices, ofValues }
