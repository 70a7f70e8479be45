/** The parts of a recipe as a person or a program writes them, one by one. */
import { Type, type TSchema } from 'typebox'
import { EXPORTS, type ExportName } from '../models/exports/index.ts'
import { ROUNDED, type RoundedName } from '../models/exports/rounded.ts'
import type { FormatName } from '../models/formats/index.ts'
import { SCOPE_NAMES } from './allocation/index.ts'
import { CRITERION_NAMES } from './criteria/index.ts'
import { GranularityInput } from './granularity/index.ts'
import { METHOD_NAMES } from './method-rules.ts'
import type { MethodOptions } from './method-options.ts'
import { SPARSITY_SCHEDULE_NAMES } from './schedules/index.ts'
import { SIZE_FORMS, sparsity, TARGETS, threshold, THRESHOLD_UNITS } from './targets.ts'
import { LOSS_NAMES } from './training/names.ts'
import { steps, TrainingInput } from './training/schema.ts'

const FORMATS = ['keras', 'keras-h5', 'tfjs-layers', 'tfjs-graph', 'safetensors', 'safetensors-shards', 'onnx', 'savedmodel'] as const satisfies readonly FormatName[]

/** What a pruned model can be written as: formats that are read here too, also with rounded weights, and exports. */
export const OUTPUT_FORMATS = [...FORMATS, ...Object.keys(ROUNDED) as RoundedName[], ...Object.keys(EXPORTS) as ExportName[]] as const

export const TASK_NAMES = ['auto', 'classification', 'binary', 'multi-label', 'regression', 'segmentation'] as const

/** More entries than any model has layers worth telling apart; each is compared with every weight. */
const MAX_LAYER_RULES = 256

/** Predictions are held in memory and written as JSON. */
const MAX_PREDICTIONS = 10_000

function oneOf<const T extends string> (words: readonly T[], description: string) {
  return Type.Enum([...words], { description, type: 'string' })
}

const only = { additionalProperties: false } as const
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

export const LayerRule = Type.Object({
  match: Type.String({
    minLength: 1,
    maxLength: 256,
    description: 'path of a layer ("conv2d", "encoder/dense") or of a weight ("conv2d/kernel"); * within a part, ** over parts',
  }),
  sparsity: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, description: 'share of its weights that become zero, or of its channels that go, in [0, 1)' })),
  threshold: Type.Optional(threshold),
  skip: Type.Optional(Type.Boolean({ description: 'true leaves it alone; false opts in weights that are left alone by default, such as "*/bias"' })),
}, only)

export const EvaluationOptions = Type.Object({
  split: Type.Optional(orNull(Type.Number({
    exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'share of the examples that is reported, drawn by the seed; null: the test part, else all',
  }))),
  batchSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536, description: 'examples in one forward pass' })),
  predictions: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_PREDICTIONS, description: 'how many of the first outputs are written to predictions.json' })),
  latency: Type.Optional(Type.Boolean({ description: 'measure the time of one forward pass' })),
  loss: Type.Optional(Type.Literal('auto')),
  task: Type.Optional(oneOf(TASK_NAMES, 'what the outputs mean; auto tells it from shapes and the last activation')),
}, only)

export const TargetInput = Type.Object({
  sparsity: Type.Optional(TARGETS.sparsity.schema),
  threshold: Type.Optional(TARGETS.threshold.schema),
  unit: Type.Optional(oneOf(THRESHOLD_UNITS, 'of the threshold: absolute, or standard deviations of the weights of each tensor')),
  channels: Type.Optional(TARGETS.channels.schema),
  params: Type.Optional(TARGETS.params.schema),
  macs: Type.Optional(TARGETS.macs.schema),
  peakMemory: Type.Optional(TARGETS.peakMemory.schema),
  bytes: Type.Optional(TARGETS.bytes.schema),
  as: Type.Optional(oneOf(SIZE_FORMS, 'what the bytes are counted of: the file after gzip, the file as it is written, or a bitmap with the float32 values that are not zero')),
  latency: Type.Optional(TARGETS.latency.schema),
  latencyMs: Type.Optional(TARGETS.latencyMs.schema),
  maxAccuracyDrop: Type.Optional(TARGETS.maxAccuracyDrop.schema),
  minAccuracy: Type.Optional(TARGETS.minAccuracy.schema),
}, { ...only, description: 'what is asked' })

export const SparsityScheduleInput = Type.Object({
  type: Type.Optional(oneOf(SPARSITY_SCHEDULE_NAMES, 'how sparsity grows')),
  begin: Type.Optional(steps),
  end: Type.Optional(steps),
  every: Type.Optional(orNull(Type.Integer({ minimum: 1, description: 'steps between updates of masks; null: so that there are about 25' }))),
  initial: Type.Optional(sparsity),
  power: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 100, description: 'of the polynomial; 3 is the cubic schedule' })),
}, { ...only, description: 'sparsity as a function of the step, for methods that prune while they train' })

export const SearchInput = Type.Object({
  attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 64, description: 'tries at most: trainings, or evaluations of methods that do not train' })),
  low: Type.Optional(sparsity),
  high: Type.Optional(sparsity),
  examples: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'how many select, drawn by the seed; none of them is reported. For methods that do not train' })),
}, { ...only, description: 'how the sparsity is looked for, with a target of accuracy or of bytes' })

export const CalibrationInput = Type.Object({
  examples: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'how many are looked at, drawn by the seed; none of them is reported' })),
  batchSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536, description: 'examples in one pass' })),
  loss: Type.Optional(oneOf(LOSS_NAMES, 'whose derivative is taken; auto tells it from the last activation and the targets')),
}, { ...only, description: 'the data that a criterion, the scope sensitivity or the recalibration of batch normalisation looks at' })

/** What may stand in a recipe besides its stages. */
export const RECIPE_PARTS = {
  method: oneOf(METHOD_NAMES, 'the procedure'),
  criterion: Type.Optional(oneOf(CRITERION_NAMES, 'how much a weight matters')),
  calibration: Type.Optional(CalibrationInput),
  granularity: Type.Optional(GranularityInput),
  scope: Type.Optional(oneOf(SCOPE_NAMES, 'which weights compete')),
  target: Type.Optional(TargetInput),
  batchNorm: Type.Optional(oneOf(['keep', 'recalibrate'], 'what becomes of the moving statistics of batch normalisation: recalibrate takes them anew from the pruned model over calibration data, behind the training where it trains')),
  schedule: Type.Optional(SparsityScheduleInput),
  options: Type.Optional(Type.Unsafe<MethodOptions>({ type: 'object', additionalProperties: {}, description: 'what the method can be told besides; see each method' })),
  search: Type.Optional(SearchInput),
  layers: Type.Optional(Type.Array(LayerRule, { maxItems: MAX_LAYER_RULES, description: 'exceptions; the last entry that matches holds' })),
  training: Type.Optional(TrainingInput),
  evaluation: Type.Optional(Type.Union([Type.Boolean(), EvaluationOptions], { description: 'what is measured; false measures nothing' })),
  inputs: Type.Optional(orNull(Type.Object({
    scale: Type.Optional(Type.Number()), offset: Type.Optional(Type.Number()),
  }, { ...only, description: 'features become value * scale + offset; null: as the data set says' }))),
  output: Type.Optional(orNull(Type.Array(oneOf(OUTPUT_FORMATS, 'format of a written model'), {
    maxItems: OUTPUT_FORMATS.length, description: 'null: the format of the given model',
  }))),
  compress: Type.Optional(Type.Boolean({ description: 'store pruned tensors compressed, so that the file really shrinks' })),
  shrink: Type.Optional(Type.Boolean({ description: 'take channels out that died whole: the model computes the same, smaller and faster' })),
  optimizerState: Type.Optional(oneOf(['keep', 'drop'], 'what becomes of the state of a saved optimizer')),
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffffffff, description: 'of everything that is drawn at random' })),
}
