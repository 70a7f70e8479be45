/** A sweep as the API speaks of it. One schema for answers and documentation. */
import { Type, type Static } from 'typebox'
import { JOB_STATES, JobError } from '../resources.ts'
import { MAIN_METRICS } from './candidates.ts'
import { SWEEP_STATES } from './states.ts'

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
const Ids = (description: string) => Type.Array(Type.String(), { description })

export const PointFigures = Type.Object({
  metric: orNull(Type.Number({ description: 'the metric by which the sweep is compared' })),
  loss: orNull(Type.Number()),
  bytes: Type.Integer(),
  gzipBytes: Type.Integer(),
  nonzeros: Type.Integer(),
  weights: Type.Integer(),
  macs: orNull(Type.Integer()),
  latencyMs: orNull(Type.Number({ description: 'median of one forward pass' })),
}, { description: 'what the receipt says of a model; null where it was not measured' })

export const SweepPoint = Type.Object({
  job: Type.String(),
  place: Type.Integer({ description: 'in the list of recipes, or in the grid, whose last path changes fastest; from 0' }),
  state: Type.Enum([...JOB_STATES]),
  values: Type.Record(Type.String(), Type.Unknown(), { description: 'what the grid put into the recipe; empty for a list of recipes' }),
  before: orNull(PointFigures),
  after: orNull(PointFigures),
  error: Type.Optional(JobError),
})

export const Pareto = Type.Object({
  bytes: Ids('the metric against bytes'),
  macs: Ids('against multiply-accumulates'),
  latency: Ids('against the median time of a pass'),
  all: Ids('against all of these that were measured'),
}, { description: 'ids of jobs that no other beats: better in one figure and not worse in the other. A job without one of the figures is in none' })

const shared = {
  id: Type.String(),
  name: orNull(Type.String()),
  state: Type.Enum([...SWEEP_STATES]),
  model: Type.String(),
  dataset: Type.Optional(Type.String()),
  evaluationDataset: Type.Optional(Type.String()),
  counts: Type.Record(Type.String(), Type.Integer(), { description: 'jobs by state' }),
  progress: Type.Object({ done: Type.Integer({ description: 'jobs that have ended' }), total: Type.Integer() }),
  metric: orNull(Type.Object({ name: Type.Enum(MAIN_METRICS.map(({ name }) => name)), better: Type.Enum(['higher', 'lower']) }, { description: 'by which points are compared; null as long as none was measured' })),
  pareto: orNull(Pareto),
  picked: orNull(Type.Object({ job: orNull(Type.String()), because: Type.String({ description: 'why this one, or why none' }) }, { description: 'by the rule; null without one, and before the sweep has ended' })),
  createdAt: Type.String({ format: 'date-time' }),
  finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
}

/** In lists: Pareto sets are null before the sweep has ended. */
export const SweepSummary = Type.Object(shared)

export const Sweep = Type.Object({
  ...shared,
  request: Type.Object({
    recipes: Type.Optional(Type.Array(Type.Unknown())),
    recipe: Type.Optional(Type.Unknown()),
    grid: Type.Optional(Type.Record(Type.String(), Type.Array(Type.Unknown()))),
    pick: Type.Unknown(),
  }, { description: 'what was asked' }),
  points: Type.Array(SweepPoint),
}, { $id: 'Sweep', description: 'Recipes tried on one model. Pareto sets are of the jobs that have succeeded so far' })

export type PointFigures = Static<typeof PointFigures>
export type SweepPoint = Static<typeof SweepPoint>
export type SweepSummary = Static<typeof SweepSummary>
export type Sweep = Static<typeof Sweep>
