/** The plan: what a job would do, told without doing it. One schema for the API and its documentation. */
import { Type, type Static } from 'typebox'
import { ChannelGroupRecord, SearchRecord } from '../receipt.ts'

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

export const PlanSize = Type.Object({
  weights: Type.Integer({ description: 'all trainable parameters; fewer where channels are taken out' }),
  nonzeros: Type.Integer({ description: 'trainable parameters that are not zero' }),
  sparsity: Type.Number({ description: 'zeros / prunable weights' }),
  compression: Type.Number({ description: 'trainable parameters of the given model / those that are not zero' }),
  macs: Nullable(Type.Integer({ description: 'multiply-accumulates for one example, dense' })),
  effectiveMacs: Nullable(Type.Integer({ description: 'the same, not counting multiplications by a zero weight' })),
  sparseBytes: Type.Integer({ description: 'weights as bitmap plus nonzero float32 values' }),
  bytes: Nullable(Type.Integer({ description: 'size of the file' })),
  gzipBytes: Nullable(Type.Integer({ description: 'size of the file after gzip' })),
})

export const PlanLayer = Type.Object({
  name: Type.String(),
  type: Type.String(),
  weights: Type.Integer({ description: 'prunable weights' }),
  nonzeros: Type.Integer({ description: 'of these, those that are not zero now' }),
  zeros: Nullable(Type.Integer({ description: 'that it would have, weights that are no more included; null where that comes out only when the job runs' })),
  asked: Nullable(Type.Number({ description: 'sparsity, or share of channels, asked of this layer; null when layers share one budget' })),
  shapes: Type.Optional(Type.Record(Type.String(), Type.Array(Type.Integer()), { description: 'shapes that its weights would have, by role, where channels are taken out' })),
  skipped: Type.Optional(Type.String({ description: 'why the layer is left alone' })),
})

export const PlanGroup = Type.Object({
  ...ChannelGroupRecord.properties,
  removable: Type.Integer({ description: 'that may go' }),
  after: Nullable(Type.Integer({ description: 'that would stay; null where that comes out only when the job runs' })),
  gone: Nullable(Type.Array(Type.Integer(), { description: 'the very places along the axis of the first maker that would go, counted from 0' })),
})

export const PlanStructure = Type.Object({
  channels: Type.Object({ before: Type.Integer(), removable: Type.Integer({ description: 'that may go' }), after: Nullable(Type.Integer()) }, { description: 'of all groups' }),
  groups: Type.Array(PlanGroup),
}, { description: 'channels by what goes together, of methods that take them out' })

export const Plan = Type.Object({
  recipe: Type.Unknown({ description: 'the recipe with all defaults filled in' }),
  feasible: Type.Boolean({ description: 'false when the job would fail: see refusals' }),
  refusals: Type.Array(Type.Object({ code: Type.String(), message: Type.String() }), { description: 'what the job would fail with' }),
  exact: Type.Boolean({ description: 'are these the very zeros, channels and bytes that the job would make?' }),
  inexact: Type.Optional(Type.String({ description: 'why they are not known before the job runs' })),
  pool: Type.Object({
    weights: Type.Integer({ description: 'weights that compete or have a sparsity of their own' }),
    zerosBefore: Type.Integer(),
    zeros: Nullable(Type.Integer({ description: 'that they would have, weights that are no more included' })),
  }),
  before: PlanSize,
  after: Nullable(PlanSize),
  search: Type.Optional(SearchRecord),
  structure: Type.Optional(PlanStructure),
  layers: Type.Array(PlanLayer),
  warnings: Type.Array(Type.String()),
}, { $id: 'Plan' })

export type Plan = Static<typeof Plan>
export type PlanLayer = Static<typeof PlanLayer>
export type PlanSize = Static<typeof PlanSize>
export type PlanStructure = Static<typeof PlanStructure>
