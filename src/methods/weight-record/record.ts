/** The record of a job's weights: how each prunable tensor looked before and after, and its mask. One schema for the file and the API. */
import { Type, type Static } from 'typebox'

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
/** Not Type.Tuple: its array-valued `items` is not JSON Schema 2020-12, which OpenAPI 3.1 uses. */
const Run = Type.Unsafe<[first: number, count: number]>({ type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 2 })

const Values = Type.Object({
  weights: Type.Integer({ description: 'that were looked at' }),
  zeros: Type.Integer(),
  notFinite: Type.Integer({ description: 'NaN and infinities; nothing else counts them' }),
  min: Nullable(Type.Number({ description: 'null, as all of these, without finite values' })),
  max: Nullable(Type.Number()),
  mean: Nullable(Type.Number({ description: 'zeros too' })),
  std: Nullable(Type.Number({ description: 'of the population' })),
}, { description: 'values of a tensor' })

export const WeightHistogram = Type.Object({
  from: Type.Number({ description: 'lower border of the first bin' }),
  width: Type.Number({ description: 'of each bin, a power of two; a value on a border belongs to the bin above' }),
  before: Type.Array(Type.Integer(), { description: 'values in each bin that are not zero' }),
  after: Type.Array(Type.Integer(), { description: 'the same after pruning, of the same bins' }),
})

export const TensorRecord = Type.Object({
  name: Type.String({ description: 'layer/role; where two have the same, the second is layer/role#2' }),
  layer: Type.String(),
  role: Type.String({ description: 'which weight of the layer: kernel, recurrent_kernel, ...' }),
  type: Type.String({ description: 'class of the layer' }),
  shape: Type.Array(Type.Integer(), { description: 'of the given model' }),
  madeShape: Type.Optional(Type.Array(Type.Integer(), { description: 'of the smaller model, where places went' })),
  rows: Type.Integer({ minimum: 0, description: 'of its matrix: kernel positions * inputs; rows of one position lie together' }),
  columns: Type.Integer({ minimum: 0, description: 'of its matrix: outputs' }),
  positions: Type.Integer({ minimum: 0, description: 'kernel positions among the rows' }),
  pattern: Type.Optional(Type.Unknown({ description: 'the granularity it was pruned in, where that was not single weights' })),
  before: Values,
  after: Values,
  histogram: Nullable(WeightHistogram),
  smallestKept: Nullable(Type.Number({ description: 'smallest magnitude after pruning that is not zero' })),
  largestZeroed: Nullable(Type.Number({ description: 'largest magnitude before of the weights that were zeroed; null where none was, or where places went' })),
  sampled: Type.Optional(Type.Integer({ description: 'every so many-th weight was looked at for everything but the mask; absent: all were' })),
  gone: Type.Optional(Type.Object({
    rows: Type.Integer({ description: 'rows that are no more' }),
    columns: Type.Array(Run, { description: 'columns that are no more: [first, count] of each run' }),
  }, { description: 'what was taken out of the matrix' })),
  kept: Nullable(Type.Integer({ description: 'weights that are there and not zero; null without a mask' })),
})

/** As the file has it: `mask` is where its bits lie, null where it was too large. */
export const StoredTensorRecord = Type.Object({
  ...TensorRecord.properties,
  mask: Nullable(Type.Object({ at: Type.Integer({ minimum: 0 }), bytes: Type.Integer({ minimum: 0 }) })),
})

export const WeightIndex = Type.Object({
  tensors: Type.Array(StoredTensorRecord),
  left: Type.Integer({ description: 'prunable tensors that are not among them' }),
})

export type TensorRecord = Static<typeof TensorRecord>
export type StoredTensorRecord = Static<typeof StoredTensorRecord>
export type WeightIndex = Static<typeof WeightIndex>

/** Masks, then the index as JSON, then this: bytes of the index and version, uint32 with the lowest byte first, and the mark. */
export const TRAILER_BYTES = 12
export const VERSION = 1
export const MARK = 'ESPW'

/** More tensors are left out: models have hundreds, and all are told in one answer. */
export const MAX_TENSORS = 4096
/** More weights in one tensor have no mask: 64 MB of bits that are held while they are made. */
export const MAX_MASK_WEIGHTS = 2 ** 29
