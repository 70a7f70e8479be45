/** The part of a recipe that says how a model is trained, as a person or a program writes it. */
import { Type, type Static, type TSchema } from 'typebox'
import { LOSS_NAMES, OPTIMIZER_NAMES, SCHEDULE_NAMES, TRAIN_METRIC_NAMES } from './names.ts'

const only = { additionalProperties: false } as const
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const word = <const T extends string>(words: readonly T[], description: string) => Type.Enum([...words], { description, type: 'string' })
const optional = <T extends TSchema>(schema: T) => Type.Optional(schema)

const flag = (description: string) => optional(Type.Boolean({ description }))
const atLeast = (minimum: number, description: string) => optional(Type.Number({ minimum, description }))
const share = (description: string) => optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, description }))
const above = (exclusiveMinimum: number, description: string) => optional(Type.Number({ exclusiveMinimum, description }))

/** A number of steps, or a share of all steps of the run. */
export const steps = Type.Union([
  Type.Integer({ minimum: 0, description: 'steps' }),
  Type.String({ pattern: '^\\d+(\\.\\d+)?%$', description: 'a share of all steps, as "40%"' }),
])

const schedule = <const Name extends typeof SCHEDULE_NAMES[number], P extends Record<string, TSchema>>(type: Name, settings: P) => Type.Object({ type: Type.Literal(type), ...settings }, only)

export const ScheduleInput = Type.Union([
  word(SCHEDULE_NAMES.filter((name) => name === 'constant'), 'a schedule that needs no settings'),
  schedule('constant', {}),
  schedule('exponential', { decaySteps: steps, decayRate: Type.Number({ exclusiveMinimum: 0 }), staircase: flag('fall in steps instead of all the time') }),
  schedule('polynomial', { decaySteps: steps, end: atLeast(0, 'the last learning rate'), power: above(0, 'of the polynomial'), cycle: flag('begin again after decaySteps') }),
  schedule('inverse-time', { decaySteps: steps, decayRate: Type.Number({ minimum: 0 }), staircase: flag('fall in steps instead of all the time') }),
  schedule('piecewise', { boundaries: Type.Array(steps, { maxItems: 64 }), values: Type.Array(Type.Number({ minimum: 0 }), { maxItems: 65 }) }),
  schedule('cosine', {
    decaySteps: steps,
    alpha: atLeast(0, 'the last learning rate as a share of the first'),
    warmupSteps: optional(steps),
    warmupTarget: optional(orNull(Type.Number({ exclusiveMinimum: 0, description: 'the learning rate after the warm-up; null: no warm-up' }))),
  }),
  schedule('cosine-restarts', {
    firstDecaySteps: steps, tMul: atLeast(1, 'each period lasts so many times longer'), mMul: above(0, 'each period begins so many times higher'), alpha: atLeast(0, 'the last learning rate as a share of the first'),
  }),
], { description: 'the learning rate as a function of the step' })

const COMMON = {
  learningRate: above(0, 'of the first step'),
  schedule: optional(ScheduleInput),
  weightDecay: atLeast(0, 'decoupled: w -= w * weightDecay * learning rate in every step'),
  clip: optional(orNull(Type.Object({
    value: above(0, 'each number of a gradient'), norm: above(0, 'the norm of each gradient'), globalNorm: above(0, 'the norm of all gradients together'),
  }, { ...only, description: 'the most that gradients may have; one of value, norm, globalNorm' }))),
}

const optimizer = <const Name extends typeof OPTIMIZER_NAMES[number], P extends Record<string, TSchema>>(type: Name, settings: P) => Type.Object({ type: Type.Literal(type), ...COMMON, ...settings }, only)

const ADAM = {
  beta1: share('decay of the mean of the gradients'), beta2: share('decay of the mean of their squares'), epsilon: above(0, 'against division by zero'), amsgrad: flag('keep the largest mean of squares'),
}

export const OptimizerInput = Type.Union([
  word(OPTIMIZER_NAMES, 'an optimizer with its defaults'),
  optimizer('sgd', { momentum: share('how much of the last step is kept'), nesterov: flag('look ahead') }),
  optimizer('adam', ADAM),
  optimizer('adamw', ADAM),
  optimizer('rmsprop', { rho: share('decay of the mean of squared gradients'), momentum: share('how much of the last step is kept'), epsilon: above(0, 'against division by zero'), centered: flag('divide by the standard deviation') }),
  optimizer('adagrad', { initialAccumulator: atLeast(0, 'first value of the sum of squared gradients'), epsilon: above(0, 'against division by zero') }),
], { description: 'how gradients change weights' })

export const TrainingInput = Type.Object({
  epochs: optional(Type.Integer({ minimum: 1, maximum: 100_000, description: 'passes over the training examples' })),
  batchSize: optional(Type.Integer({ minimum: 1, maximum: 65_536, description: 'examples in one step' })),
  optimizer: optional(OptimizerInput),
  loss: optional(word(LOSS_NAMES, 'what is minimised; auto tells it from the last activation and the targets')),
  metrics: optional(orNull(Type.Array(word(TRAIN_METRIC_NAMES, 'a metric'), { maxItems: TRAIN_METRIC_NAMES.length, description: 'gathered while training; null: those of the task' }))),
  shuffle: flag('a new order for every epoch, drawn by the seed'),
  classWeights: optional(orNull(Type.Unsafe<Record<string, number>>({
    type: 'object', additionalProperties: { type: 'number', minimum: 0, description: 'how much an example of this class counts' }, description: 'by class index: {"0": 1, "1": 5}; classes that are not named count 1',
  }))),
  validation: share('share of the training examples that is kept apart to select (early stopping); 0: none'),
  earlyStopping: optional(orNull(Type.Object({
    monitor: optional(Type.String({ minLength: 1, maxLength: 64, description: 'loss, a metric, or these over the validation examples: val_loss, val_accuracy' })),
    patience: optional(Type.Integer({ minimum: 0, description: 'epochs without a gain that are waited for' })),
    minDelta: atLeast(0, 'a smaller gain is none'),
    restoreBest: flag('give the weights of the best epoch'),
  }, { ...only, description: 'end when nothing is gained any more' }))),
  timeBudget: optional(orNull(Type.Number({ exclusiveMinimum: 0, description: 'seconds after which training ends with what it has; null: no limit' }))),
  checkpointEvery: above(0, 'seconds between checkpoints, from which a run goes on after a crash'),
  keepZeros: flag('weights that are zero stay zero'),
  from: optional(word(['model', 'scratch'], 'begin with the weights of the model, or with fresh ones drawn by its initializers')),
  keep: optional(orNull(word(['best', 'last'], 'the weights of the best epoch over the validation examples that has the target, or the last ones; null: the best where there are validation examples, of methods that prune'))),
  distillation: optional(orNull(Type.Object({
    weight: optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'share of the loss that comes from the given model' })),
    temperature: optional(Type.Number({ minimum: 1, maximum: 100, description: 'above 1 small probabilities of the given model count more' })),
  }, { ...only, description: 'learn from the outputs of the given, unpruned model besides the targets; null: from the targets alone' }))),
}, { ...only, description: 'how the model is trained; {} takes every default' })

export type TrainingInput = Static<typeof TrainingInput>
export type OptimizerInput = Static<typeof OptimizerInput>
export type ScheduleInput = Static<typeof ScheduleInput>
