/** Which mask the outputs of a layer carry: most layers pass their input's on, some make, join or end it. Source: `compute_mask` and `supports_masking` of the Keras layers. */
import type { LayerTypeName } from './index.ts'
import type { RecurrentConfig } from './recurrent.ts'
import type { BidirectionalConfig } from './wrappers.ts'

/** How a layer computes the masks of its outputs, where it does more than pass one on: the engine and the exports each have a way for every one. */
export type ComputedMask = 'either' | 'joined' | 'ofIndices' | 'ofValues'

/** How many of the first outputs have the first input's mask; the others have none. */
type Carried = (config: never) => number

const none: Carried = () => 0
/** The states have none. */
const ofSequence = ({ sequences }: RecurrentConfig): number => sequences ? 1 : 0
const ofBoth = ({ forward, merge }: BidirectionalConfig): number => !forward.sequences ? 0 : merge === null ? 2 : 1
/** The scores have none. */
const ofQuery: Carried = () => 1

/** Layers that do not give the first input's mask to every output. */
const RULES: { readonly [Name in LayerTypeName]?: ComputedMask | Carried } = {
  Embedding: 'ofIndices',
  Masking: 'ofValues',
  SimpleRNN: ofSequence,
  LSTM: ofSequence,
  GRU: ofSequence,
  RNN: ofSequence,
  Bidirectional: ofBoth,
  Add: 'either',
  Subtract: 'either',
  Multiply: 'either',
  Average: 'either',
  Maximum: 'either',
  Minimum: 'either',
  Concatenate: 'joined',
  Dot: none,
  EinsumDense: none,
  MultiHeadAttention: ofQuery,
  GroupedQueryAttention: ofQuery,
  Attention: ofQuery,
  AdditiveAttention: ofQuery,
  Operation: none,
  Conv1D: none,
  Conv2D: none,
  Conv3D: none,
  Conv1DTranspose: none,
  Conv2DTranspose: none,
  Conv3DTranspose: none,
  DepthwiseConv1D: none,
  DepthwiseConv2D: none,
  SeparableConv1D: none,
  SeparableConv2D: none,
  MaxPooling1D: none,
  MaxPooling2D: none,
  MaxPooling3D: none,
  AveragePooling1D: none,
  AveragePooling2D: none,
  AveragePooling3D: none,
  GlobalMaxPooling1D: none,
  GlobalMaxPooling2D: none,
  GlobalMaxPooling3D: none,
  GlobalAveragePooling1D: none,
  GlobalAveragePooling2D: none,
  GlobalAveragePooling3D: none,
  RMSNormalization: none,
  Flatten: none,
  Reshape: none,
  Permute: none,
  RepeatVector: none,
  Cropping1D: none,
  Cropping2D: none,
  Cropping3D: none,
  ZeroPadding1D: none,
  ZeroPadding2D: none,
  ZeroPadding3D: none,
  UpSampling1D: none,
  UpSampling2D: none,
  UpSampling3D: none,
}

/** Masks of the outputs of a layer, one for each, from those of its inputs; `compute` gives them where the layer makes masks of its own. */
export function outputMasks<M> (type: LayerTypeName, config: unknown, masks: ReadonlyArray<M | undefined>, outputs: number, compute: (rule: ComputedMask) => ReadonlyArray<M | undefined>): ReadonlyArray<M | undefined> {
  const rule = RULES[type]
  if (typeof rule === 'string') return compute(rule)
  const carried = rule === undefined ? outputs : (rule as (config: unknown) => number)(config)
  return Array.from({ length: outputs }, (_, index) => index < carried ? masks[0] : undefined)
}
