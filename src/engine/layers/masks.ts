/** Which mask the outputs of a layer carry: most layers pass their input's on, some make, join or end it. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayerTypeName } from '../../models/layers/index.ts'

export type Mask = Tensor | undefined

/** Masks of the outputs, from the inputs and their masks. Source: `compute_mask` of the Keras layers. */
export type Masking<C = unknown> = (c: C, inputs: readonly Tensor[], masks: readonly Mask[], outputs: readonly Tensor[]) => readonly Mask[]

/** The first input's mask on every output, as Keras does for layers that support masks. */
export const passMask: Masking = (_, __, masks, outputs) => outputs.map(() => masks[0])

/** Layers that differ from passMask. */
export const MASKINGS: { readonly [Name in LayerTypeName]?: Masking<never> } = {}
