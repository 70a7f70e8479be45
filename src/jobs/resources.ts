/** The things the API speaks of: Model, Dataset, Job. One schema each for storage, API and documentation. */
import { Type, type Static } from 'typebox'
import { Progress } from '../methods/progress.ts'
import { Measurement, Receipt, StructureRecord } from '../methods/receipt.ts'
import { HIGHEST_PRIORITY, QUEUE_NAMES } from './queues.ts'

export { Progress } from '../methods/progress.ts'

export const JOB_STATES = ['queued', 'running', 'pausing', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled'] as const
export type JobState = typeof JOB_STATES[number]

const Shape = Type.Array(Type.Union([Type.Integer(), Type.Null()]))

export const ModelLayerSummary = Type.Object({
  name: Type.String({ description: 'path of the layer: outer/inner in nested models' }),
  type: Type.String({ description: 'Keras class name' }),
  shape: Type.Union([Shape, Type.Null()], { description: 'output shape; null where it cannot be told' }),
  weights: Type.Integer({ description: 'all numbers the layer stores' }),
  nonzeros: Type.Integer(),
  prunableWeights: Type.Integer(),
  prunable: Type.Boolean(),
  reason: Type.Optional(Type.String({ description: 'why nothing of it is pruned, or why it cannot be run' })),
})

/** What the parsers say about a model file. */
export const ModelSummary = Type.Object({
  format: Type.String(),
  weights: Type.Integer(),
  nonzeros: Type.Integer(),
  prunableWeights: Type.Integer(),
  macs: Type.Union([Type.Integer(), Type.Null()]),
  inputs: Type.Array(Shape),
  outputs: Type.Array(Shape),
  runnable: Type.Boolean({ description: 'can it be evaluated here?' }),
  problem: Type.Optional(Type.String({ description: 'why it cannot be evaluated' })),
  producer: Type.Record(Type.String(), Type.String()),
  layers: Type.Array(ModelLayerSummary),
})

const stored = {
  id: Type.String(),
  name: Type.String(),
  bytes: Type.Integer(),
  sha256: Type.String(),
  createdAt: Type.String({ format: 'date-time' }),
  expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'it is removed then, unless a job that is kept uses it' })),
}

export const Model = Type.Object({ ...stored, ...ModelSummary.properties }, { $id: 'Model' })

export const DatasetSummary = Type.Object({
  format: Type.String(),
  examples: Type.Integer(),
  features: Type.Array(Type.Integer(), { description: 'shape of one example of the first input' }),
  targets: Type.Array(Type.Integer(), { description: 'shape of one target of the first output' }),
  classes: Type.Optional(Type.Integer()),
  classNames: Type.Optional(Type.Array(Type.String(), { description: 'names of the classes, when the file has them and they are 1,000 at most: targets are places in this list' })),
  splits: Type.Record(Type.String(), Type.Integer(), { description: 'examples by split' }),
  inputs: Type.Object({ scale: Type.Number(), offset: Type.Number() }, { description: 'scaling applied before the model: x * scale + offset' }),
})

export const Dataset = Type.Object({ ...stored, ...DatasetSummary.properties }, { $id: 'Dataset' })

export const Artifact = Type.Object({
  name: Type.String(), format: Type.String(), bytes: Type.Integer(), sha256: Type.String(), url: Type.String(),
})

export const JobError = Type.Object({ code: Type.String(), message: Type.String(), details: Type.Optional(Type.Record(Type.String(), Type.Unknown())) })

/** What a job needs of the worker that takes it. */
export const JobNeeds = Type.Object({
  device: Type.Optional(Type.Enum(['cpu', 'gpu'], { description: 'gpu: the job waits for a worker whose TensorFlow has one' })),
  memoryMb: Type.Optional(Type.Integer({ minimum: 1, description: 'memory that the job takes: as asked for, or the least that a model of its size needs' })),
}, { additionalProperties: false })

/** What a job may take. */
export const JobLimits = Type.Object({
  timeSeconds: Type.Optional(Type.Integer({ minimum: 1, description: 'of work on one attempt, all of its starts together; waiting does not count' })),
  memoryMb: Type.Optional(Type.Integer({ minimum: 512, description: 'of the process that does the work' })),
}, { additionalProperties: false })

export const Priority = Type.Integer({ minimum: 0, maximum: HIGHEST_PRIORITY, description: 'jobs of a higher one are taken earlier' })

export const Attempt = Type.Object({
  number: Type.Integer(),
  state: Type.String(),
  worker: Type.Union([Type.String(), Type.Null()]),
  starts: Type.Integer({ description: 'how often a worker began it since its last checkpoint: more than once when one died over it' }),
  startedAt: Type.Union([Type.String(), Type.Null()]),
  finishedAt: Type.Union([Type.String(), Type.Null()]),
  error: Type.Union([JobError, Type.Null()]),
  usedSeconds: Type.Number({ description: 'how long was worked on it, all starts together: what `limits.timeSeconds` counts' }),
  resumedFrom: Type.Union([Type.String(), Type.Null()], { description: 'when the checkpoint was made that it went on from; null: it began at the beginning' }),
})

/** Of a receipt what lists of jobs show. */
export const ReceiptFigures = Type.Object({
  before: Measurement,
  after: Measurement,
  structure: Type.Optional(Type.Object({ channels: StructureRecord.properties.channels }, { description: 'of methods that take channels out' })),
})

const job = {
  id: Type.String(),
  state: Type.Unsafe<JobState>(Type.Union(JOB_STATES.map((state) => Type.Literal(state)))),
  model: Type.String(),
  dataset: Type.Optional(Type.String()),
  evaluationDataset: Type.Optional(Type.String()),
  sweep: Type.Optional(Type.String({ description: 'the sweep it is a point of' })),
  recipe: Type.Unknown({ description: 'the recipe with all defaults filled in' }),
  progress: Progress,
  queue: Type.Enum([...QUEUE_NAMES], { description: 'where it waits to be taken' }),
  priority: Priority,
  needs: JobNeeds,
  limits: JobLimits,
  waitingFor: Type.Optional(Type.String({ description: 'of a queued job: why no worker that runs now can take it' })),
  checkpoint: Type.Optional(Type.Object({ at: Type.String({ format: 'date-time' }), bytes: Type.Integer(), expiresAt: Type.Optional(Type.String({ format: 'date-time' })) }, {
    description: 'the last saved state of a training run: after a crash, a pause or a retry it goes on from there',
  })),
  error: Type.Optional(JobError),
  createdAt: Type.String({ format: 'date-time' }),
  startedAt: Type.Optional(Type.String({ format: 'date-time' })),
  finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
  expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'it is removed then, as the tenant keeps jobs no longer' })),
  artifactsExpireAt: Type.Optional(Type.String({ format: 'date-time', description: 'its artifacts are removed then; the receipt stays' })),
}

export const Job = Type.Object({ ...job, receipt: Type.Optional(Receipt), artifacts: Type.Array(Artifact), attempts: Type.Array(Attempt) }, { $id: 'Job' })

/** A job in a list: receipts have a line for each layer and step, and lists would be mostly those. */
export const JobSummary = Type.Object({ ...job, receipt: Type.Optional(ReceiptFigures) }, { $id: 'JobSummary', description: 'A job without its attempts and artifacts, and of its receipt the figures alone: the rest is in the Job' })

export type ModelSummary = Static<typeof ModelSummary>
export type Model = Static<typeof Model>
export type DatasetSummary = Static<typeof DatasetSummary>
export type Dataset = Static<typeof Dataset>
export type Artifact = Static<typeof Artifact>
export type Attempt = Static<typeof Attempt>
export type JobNeeds = Static<typeof JobNeeds>
export type JobLimits = Static<typeof JobLimits>
export type ReceiptFigures = Static<typeof ReceiptFigures>
export type Job = Static<typeof Job>
export type JobSummary = Static<typeof JobSummary>
