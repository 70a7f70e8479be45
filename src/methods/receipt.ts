/** The receipt: the proof that goes with every result. One schema for the database, the API and its documentation. */
import { Type, type Static, type TObject } from 'typebox'
import { STAGES } from '../pruning/stages/index.ts'

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

/** Not Type.Tuple: its array-valued `items` is not JSON Schema 2020-12, which OpenAPI 3.1 uses. */
const Interval = Type.Unsafe<[number, number]>({ type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 })

export const Latency = Type.Object({
  p50: Type.Number({ description: 'median, milliseconds' }),
  p95: Type.Number({ description: '95th percentile, milliseconds' }),
  batch: Type.Integer({ description: 'examples in one run' }),
  runs: Type.Integer(),
}, { description: 'Time of one forward pass; before and after are measured in turn in the same process' })

/** Loss and metrics on the report data. Null fields come with `notMeasured`. */
export const Measurement = Type.Object({
  metrics: Nullable(Type.Record(Type.String(), Type.Number(), { description: 'loss, accuracy, ... by name' })),
  weights: Type.Integer({ description: 'all trainable parameters; fewer where channels were taken out' }),
  nonzeros: Type.Integer({ description: 'trainable parameters that are not zero' }),
  prunableWeights: Type.Integer({ description: 'the pool: prunable kernels in scope, those that there are' }),
  sparsity: Type.Number({ description: 'zeros / prunable weights' }),
  compression: Type.Number({ description: 'trainable parameters of the given model / those that are not zero' }),
  macs: Nullable(Type.Integer({ description: 'multiply-accumulates for one example, dense' })),
  effectiveMacs: Nullable(Type.Integer({ description: 'the same, not counting multiplications by a zero weight' })),
  bytes: Type.Integer({ description: 'size of the file' }),
  gzipBytes: Type.Integer({ description: 'size of the file after gzip' }),
  gzipEstimated: Type.Boolean({ description: 'true when gzipBytes was estimated from samples' }),
  sparseBytes: Type.Integer({ description: 'weights as bitmap plus nonzero float32 values' }),
  latencyMs: Nullable(Latency),
})

export const ReceiptLayer = Type.Object({
  name: Type.String(),
  type: Type.String(),
  weights: Type.Integer({ description: 'prunable weights of the given model' }),
  nonzeros: Type.Integer({ description: 'of these, those that are there and not zero' }),
  asked: Nullable(Type.Number({ description: 'sparsity, or share of channels, asked of this layer; null when layers share one budget' })),
  achieved: Type.Number({ description: 'zeros / prunable weights; weights that are no more count as zeros' }),
  kept: Type.Integer({ description: 'weights the method kept' }),
  skipped: Type.Optional(Type.String({ description: 'why the layer was left alone' })),
})

const RunTimes = { p50: Type.Number({ description: 'median, milliseconds' }), p95: Type.Number(), runs: Type.Integer() }

export const EdgeRecord = Type.Object({
  bytes: Type.Integer({ description: 'size of the file' }),
  gzipBytes: Type.Integer(),
  peakActivationBytes: Type.Integer({ description: 'the most that values take at once while an operation runs, for one example, in their own types; without weights' }),
  arenaBytes: Nullable(Type.Integer({ description: 'one block that holds them, by a greedy planner as TFLite Micro has it; without scratch memory of kernels' })),
  macs: Nullable(Type.Integer({ description: 'multiply-accumulates for one example, dense' })),
  runtime: Nullable(Type.String({ description: 'what times and accuracy are of; null: nothing was run' })),
  latencyMs: Nullable(Type.Object({
    threads1: Type.Object(RunTimes, { description: 'on one thread' }),
    threadsN: Nullable(Type.Object({ ...RunTimes, threads: Type.Integer() }, { description: 'on all that the worker may take; null where the runtime has one' })),
  }, { description: 'one example, on the worker that did the job' })),
  accuracy: Nullable(Type.Object({
    examples: Type.Integer({ description: 'the first ones of the report data' }),
    top1: Nullable(Type.Number({ description: 'share of right answers of the file in its runtime' })),
    modelTop1: Nullable(Type.Number({ description: 'of the model, on the same examples' })),
    agreement: Nullable(Type.Number({ description: 'share of answers that are those of the model' })),
  })),
  notMeasured: Type.Optional(Type.String({ description: 'why the runtime did not run it' })),
}, { description: 'what an export comes to on a device' })

export const ReceiptOutput = Type.Object({
  name: Type.String(),
  format: Type.String(),
  bytes: Type.Integer(),
  sha256: Type.String(),
  verified: Type.Boolean(),
  verification: Type.String({ description: 'how it was verified' }),
  maxDifference: Nullable(Type.Number({ description: 'largest difference of a prediction from the pruned model: of the written file, read back and run; where its runtime does not run an export, of the float32 operations that it was written from' })),
  edge: Type.Optional(EdgeRecord),
})

export const Evaluation = Type.Object({
  examples: Type.Integer(),
  task: Type.String(),
  split: Type.String({ description: 'which examples were reported' }),
  interval95: Nullable(Type.Object({
    before: Interval,
    after: Interval,
  }, { description: 'Wilson 95 % interval of the accuracy' })),
  inputs: Type.Object({ scale: Type.Number(), offset: Type.Number(), source: Type.String() }),
})

export const Provenance = Type.Object({
  recipe: Type.Unknown({ description: 'the recipe with all defaults filled in' }),
  seed: Type.Integer(),
  model: Type.Object({ sha256: Type.String(), format: Type.String(), producer: Type.Record(Type.String(), Type.String()) }),
  dataset: Nullable(Type.Object({ sha256: Type.String(), format: Type.String() })),
  evaluationDataset: Nullable(Type.Object({ sha256: Type.String(), format: Type.String() })),
  versions: Type.Record(Type.String(), Type.String()),
  engine: Type.Record(Type.String(), Type.Unknown(), { description: 'device, TensorFlow build, threads' }),
  optimizerState: Type.Union([Type.Literal('kept'), Type.Literal('dropped'), Type.Literal('none')]),
})

const Figures = {
  loss: Type.Number(),
  metrics: Type.Record(Type.String(), Type.Number()),
}

export const CalibrationRecord = Type.Object({
  data: Type.String({ description: 'which examples were looked at' }),
  examples: Type.Integer(),
  observed: Type.String({ description: 'what of them' }),
  seconds: Type.Number(),
}, { description: 'what a criterion that looks at data went by' })

export const TrainingRecord = Type.Object({
  data: Type.String({ description: 'which examples trained' }),
  examples: Type.Integer(),
  validationExamples: Type.Integer({ description: 'examples that selected; none of them is reported' }),
  held: Type.Union([Type.Literal('session'), Type.Literal('streamed')], { description: 'the examples lay in the session, or were fed batch by batch' }),
  steps: Type.Integer(),
  epochs: Type.Array(Type.Object({ epoch: Type.Integer({ description: 'counted from 1' }), ...Figures, validation: Type.Optional(Type.Object(Figures)) })),
  stoppedBy: Type.Union([Type.Literal('epochs'), Type.Literal('early-stopping'), Type.Literal('time-budget')]),
  restoredEpoch: Nullable(Type.Integer({ description: 'the epoch whose weights were taken, counted from 1; null: the last ones' })),
  resumedAtStep: Nullable(Type.Integer({ description: 'the step at which it went on from a checkpoint; null: it ran without a break' })),
  losses: Type.Array(Type.String(), { description: 'what was minimised, by output' }),
  trainedWeights: Type.Integer({ description: 'parameters that gradients changed' }),
  keptZeros: Type.Integer({ description: 'weights that were zero and stayed so' }),
  seconds: Type.Number({ description: 'of the steps that ran since the last start' }),
  stepsPerSecond: Type.Number(),
}, { description: 'how the model was trained' })

export const MaskUpdate = Type.Object({
  step: Type.Integer({ description: 'before this step, counted from 0' }),
  asked: Nullable(Type.Number({ description: 'sparsity asked by the schedule; null where the method decides' })),
  sparsity: Type.Number({ description: 'share of the pruned weights that the masks leave out' }),
  pruned: Type.Integer({ description: 'weights that went' }),
  spliced: Type.Integer({ description: 'weights that came back' }),
  net: Type.Integer({ description: 'pruned - spliced' }),
}, { description: 'one update of the masks; of very many, neighbours are put together' })

export const SearchRecord = Type.Object({
  metric: Type.String({ description: 'accuracy, or the size that is asked for' }),
  goal: Type.Union([Type.Literal('largest'), Type.Literal('least')], { description: 'the largest sparsity (share of channels, where these are taken out) that keeps the metric, or the least that brings it down' }),
  examples: Nullable(Type.Integer({ description: 'that selected; none of them is reported. Null where the metric needs none' })),
  baseline: Type.Number({ description: 'of the given model' }),
  allowed: Type.Number({ description: 'what a sparsity must come to' }),
  curve: Type.Array(Type.Object({ sparsity: Type.Number(), value: Type.Number({ description: 'of the metric' }), held: Type.Boolean() }), { description: 'everything that was tried, by sparsity' }),
  chosen: Nullable(Type.Number({ description: 'the sparsity that was taken' })),
}, { description: 'how the sparsity for a target was found' })

export const SensitivityRecord = Type.Object({
  layer: Type.String(),
  points: Type.Array(Type.Object({ sparsity: Type.Number({ description: 'of this layer alone' }), loss: Type.Number() }), { description: 'loss over the calibration data, from the layer as it was on' }),
}, { description: 'what pruning one layer alone does' })

export const BatchNormRecord = Type.Object({
  layers: Type.Integer({ description: 'layers whose moving statistics were taken anew' }),
  examples: Type.Integer({ description: 'over which' }),
})

export const ChannelGroupRecord = Type.Object({
  name: Type.String({ description: 'the first layer that makes the channels' }),
  makers: Type.Array(Type.String(), { description: 'all layers that make them together' }),
  layers: Type.Array(Type.String(), { description: 'layers whose weights know of them' }),
  before: Type.Integer({ description: 'channels along the axis of the first maker' }),
  after: Type.Integer(),
  kept: Type.Optional(Type.Array(Type.String(), { description: 'why some or all of them had to stay' })),
})

export const StructureRecord = Type.Object({
  channels: Type.Object({ before: Type.Integer(), removable: Type.Integer({ description: 'that might go' }), after: Type.Integer() }, { description: 'of all groups' }),
  groups: Type.Array(ChannelGroupRecord),
}, { description: 'channels that were taken out, by what goes together' })

const Times = Type.Object({ p50: Type.Number(), p95: Type.Number() }, { description: 'milliseconds' })

export const SpeedRecord = Type.Object({
  batches: Type.Array(Type.Object({ batch: Type.Integer({ description: 'examples in a pass' }), before: Times, after: Times, runs: Type.Integer() })),
  layers: Type.Array(Type.Object({ layer: Type.String(), before: Times, after: Times, ratio: Type.Number({ description: 'median of after / before, round by round' }), batch: Type.Integer(), runs: Type.Integer() }), { description: 'layers whose weights became smaller, each by itself; those with the most multiplications first' }),
  leftOut: Type.Integer({ description: 'layers for which no time was left' }),
}, { description: 'forward passes of the given model and of the smaller one, in turn in one process, on inputs that are made up' })

const BeforeAfter = Type.Object({ before: Type.Integer(), after: Type.Integer() })

/** What every stage tells. */
const STAGE_COMMON = {
  seconds: Type.Number(),
  weights: Type.Unsafe<Static<typeof BeforeAfter>>({ ...BeforeAfter, description: 'prunable weights of the model before the stage and behind it' }),
  zeros: Type.Unsafe<Static<typeof BeforeAfter>>({ ...BeforeAfter, description: 'of these, that are zero; those from before were found to be zero behind it' }),
  calibration: Type.Optional(CalibrationRecord),
  training: Type.Optional(TrainingRecord),
  updates: Type.Optional(Type.Array(MaskUpdate)),
  search: Type.Optional(SearchRecord),
  batchNorm: Type.Optional(BatchNormRecord),
}

const stageRecords = Object.entries<{ readonly record: TObject }>(STAGES).map(([stage, { record }]) => Type.Object({ stage: Type.Literal(stage), ...STAGE_COMMON, ...record.properties }))

export type StageRecord = { readonly stage: string } & Static<TObject<typeof STAGE_COMMON>> & Readonly<Record<string, unknown>>

export const Receipt = Type.Object({
  before: Measurement,
  after: Measurement,
  notMeasured: Type.Optional(Type.String({ description: 'why metrics and latency are null' })),
  evaluation: Nullable(Evaluation),
  calibration: Type.Optional(CalibrationRecord),
  training: Type.Optional(TrainingRecord),
  updates: Type.Optional(Type.Array(MaskUpdate, { description: 'of methods that prune while they train' })),
  search: Type.Optional(SearchRecord),
  sensitivity: Type.Optional(Type.Array(SensitivityRecord, { description: 'of the scope sensitivity, by layer' })),
  batchNorm: Type.Optional(BatchNormRecord),
  structure: Type.Optional(StructureRecord),
  speed: Type.Optional(SpeedRecord),
  stages: Type.Optional(Type.Unsafe<StageRecord[]>(Type.Array(Type.Union(stageRecords), { description: 'what each stage behind the method did, in their order' }))),
  threshold: Nullable(Type.Number({ description: 'the largest magnitude that was zeroed by a global ranking' })),
  layers: Type.Array(ReceiptLayer),
  outputs: Type.Array(ReceiptOutput),
  provenance: Provenance,
  warnings: Type.Array(Type.String()),
  timings: Type.Record(Type.String(), Type.Number(), { description: 'seconds by phase' }),
})

export type Receipt = Static<typeof Receipt>
export type Measurement = Static<typeof Measurement>
export type ReceiptLayer = Static<typeof ReceiptLayer>
export type CalibrationRecord = Static<typeof CalibrationRecord>
export type TrainingRecord = Static<typeof TrainingRecord>
export type MaskUpdate = Static<typeof MaskUpdate>
export type SpeedRecord = Static<typeof SpeedRecord>
export type StructureRecord = Static<typeof StructureRecord>
export type SensitivityRecord = Static<typeof SensitivityRecord>
export type BatchNormRecord = Static<typeof BatchNormRecord>
export type SearchRecord = Static<typeof SearchRecord>
export type EdgeRecord = Static<typeof EdgeRecord>
export type ReceiptOutput = Static<typeof ReceiptOutput>
