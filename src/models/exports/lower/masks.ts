/** The masks that layers compute in an export. Source: `compute_mask` of the Keras layers. */
import type { EmbeddingConfig, MaskingConfig } from '../../layers/core.ts'
import type { ComputedMask } from '../../layers/mask-rules.ts'
import type { ConcatenateConfig } from '../../layers/merging.ts'
import { frontAxis } from '../../layers/shapes.ts'
import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { present } from './core.ts'

/** bool [batch, steps] */
export type Mask = Value | undefined

export type Masking<C = unknown> = (g: GraphBuilder, c: C, inputs: readonly Value[], masks: readonly Mask[], outputs: readonly Value[]) => readonly Mask[]

/** Where either input is there; no mask when one input has none. */
const either: Masking<never> = (g, _, __, masks, outputs) =>
  outputs.map(() => masks.some((mask) => mask === undefined) ? undefined : (masks as Value[]).reduce((a, b) => g.logical('logicalOr', a, b)))

/** A step is there when a value of it is. */
const joined: Masking<ConcatenateConfig> = (g, { axis }, inputs, masks, [output]) => {
  if (masks.every((mask) => mask === undefined)) return [undefined]
  // Numbers in the shape of each input, as the batch is known with the data only.
  const parts = inputs.map((x, index) => {
    const zeros = g.mul(x, 0)
    const mask = masks[index]
    if (mask === undefined) return g.add(zeros, 1)
    return g.select(mask.shape.length < x.shape.length ? g.expand(mask, -1) : mask, g.add(zeros, 1), 0)
  })
  return [g.compare('greater', g.reduce('max', g.concat(parts, frontAxis(axis, output!.shape.length)), [-1]), 0)]
}

const ofIndices: Masking<EmbeddingConfig> = (g, { maskZero }, [x]) => [maskZero ? g.compare('notEqual', x!, 0) : undefined]

const ofValues: Masking<MaskingConfig> = (g, { value }, [x]) => [present(g, x!, value)]

/** By how a layer comes to its masks, see outputMasks. */
export const MASKINGS: { readonly [Rule in ComputedMask]: Masking<never> } = { either, joined, ofIndices, ofValues }
