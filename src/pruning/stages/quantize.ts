/** The stage `quantize`: weights on a grid, ranges of activations for outputs in int8, and training that knows of both. */
import { Type, type Static } from 'typebox'
import { CALIBRATION } from '../complete.ts'
import { TrainingInput } from '../training/schema.ts'
import { completeTraining, type Training } from '../training/training.ts'
import type { Problem } from '../validate.ts'
import type { StageRules } from './stage.ts'
import { problemsOfStageTraining } from './training-problems.ts'

const only = { additionalProperties: false } as const
const oneOf = <const T extends string>(words: readonly T[], description: string) => Type.Enum([...words], { type: 'string', description })

const LayerSkips = Type.Array(Type.Object({ match: Type.String({ minLength: 1, maxLength: 256 }), skip: Type.Boolean() }, only), { maxItems: 256, description: 'which weights are left as they are; the last entry that matches holds' })

const settings = Type.Object({
  weights: Type.Optional(oneOf(['int8', 'int4', 'float16', 'bfloat16'], 'the type whose values weights get; files hold them in their own')),
  group: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 65_536 }), Type.Null()], { description: 'int4: so many weights of an output channel share a scale; null: all of them' })),
  activations: Type.Optional(Type.Union([oneOf(['min-max', 'percentile', 'entropy'], 'how the ranges of activations are told, for outputs in int8'), Type.Null()])),
  percentile: Type.Optional(Type.Number({ exclusiveMinimum: 50, maximum: 100, description: 'so many percent of the magnitudes of an activation are within its range' })),
  calibration: Type.Optional(Type.Object({ examples: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })), batchSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536 })) }, only)),
  training: Type.Optional(TrainingInput),
  layers: Type.Optional(LayerSkips),
}, only)

type Given = Static<typeof settings>

export interface QuantizeSettings {
  readonly weights: 'int8' | 'int4' | 'float16' | 'bfloat16'
  readonly group: number | null
  readonly activations: 'min-max' | 'percentile' | 'entropy' | null
  readonly percentile: number
  readonly calibration: { readonly examples: number, readonly batchSize: number } | null
  readonly training: Training | null
  readonly layers: ReadonlyArray<{ readonly match: string, readonly skip: boolean }>
}

const GROUP = 32
const PERCENTILE = 99.99

const LayerRecord = Type.Object({
  layer: Type.String(),
  role: Type.String(),
  axis: Type.Union([Type.Array(Type.Integer()), Type.Null()], { description: 'axes whose places have scales of their own; empty: one scale for all; null: no scales' }),
  scales: Type.Integer(),
  meanSquaredError: Type.Number(),
  signalToNoiseDb: Type.Union([Type.Number(), Type.Null()], { description: 'null: nothing was rounded' }),
  zerosBefore: Type.Integer(),
  zerosAfter: Type.Integer(),
})

export const quantize = {
  description: 'puts weights on a grid of int8 or int4, or rounds them to float16 or bfloat16; takes ranges of activations for int8 outputs; trains with both where it is told to',
  settings,
  complete ({ weights = 'int8', group, activations = null, percentile = PERCENTILE, calibration, training, layers = [] }: Given): QuantizeSettings {
    return {
      weights,
      group: weights === 'int4' ? group === undefined ? GROUP : group : null,
      activations,
      percentile,
      calibration: activations === null ? null : { examples: CALIBRATION.examples, batchSize: CALIBRATION.batchSize, ...calibration },
      training: training === undefined ? null : completeTraining(training),
      layers,
    }
  },
  problems ({ weights = 'int8', group, activations = null, percentile, calibration, training }, path) {
    const wrong = (key: string, message: string, when: boolean): Problem[] => when ? [{ path: `${path}/${key}`, message }] : []
    return [
      ...wrong('group', 'is taken with "weights": "int4" alone', group != null && weights !== 'int4'),
      ...wrong('percentile', 'is taken with "activations": "percentile" alone', percentile !== undefined && activations !== 'percentile'),
      ...wrong('calibration', 'is taken with "activations" alone: nothing else looks at data', calibration !== undefined && activations === null),
      ...wrong('training', `is taken with "weights" of int8 or int4: ${String(weights)} needs none`, training !== undefined && weights !== 'int8' && weights !== 'int4'),
      ...problemsOfStageTraining(training, path),
    ]
  },
  needs: ({ training, activations }) => ({
    ...(training !== null && { trains: 'the stage quantize trains' }),
    ...(activations !== null && { calibrates: 'the stage quantize takes ranges of activations from calibration data' }),
  }),
  makes: () => ['grid'],
  // Rounding takes weights that share a value and a scale to one value again; training does not.
  breaks: ({ training }) => training === null ? ['grid'] : ['grid', 'clusters'],
  record: Type.Object({
    weights: Type.String(),
    activations: Type.Union([Type.String(), Type.Null()]),
    layers: Type.Array(LayerRecord),
    skipped: Type.Array(Type.Object({ name: Type.String(), reason: Type.String() })),
    ranges: Type.Optional(Type.Record(Type.String(), Type.Array(Type.Number()), { description: 'least and largest value by name of the activation, of the first ones' })),
    simulated: Type.Optional(Type.Object({
      examples: Type.Integer(),
      agreement: Type.Union([Type.Number(), Type.Null()], { description: 'share of examples whose largest output is the same with activations in int8; null without classes' }),
      meanSquaredError: Type.Number(),
    }, { description: 'activations in int8, computed in float32, against the same weights with float32 activations' })),
    files: Type.String({ description: 'what files hold, and what the figures are of' }),
  }),
} as const satisfies StageRules<QuantizeSettings>
