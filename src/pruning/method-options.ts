/** What a method can be told besides: one schema per method, read by validation, documentation and catalogue. */
import { Type, type TObject, type TSchema } from 'typebox'
import { REDUCTIONS } from './structure/norms.ts'

const only = { additionalProperties: false } as const
const positive = (description: string) => Type.Optional(Type.Number({ exclusiveMinimum: 0, description }))
const share = (description: string) => Type.Optional(Type.Number({ minimum: 0, maximum: 1, description }))
const word = <const T extends string>(words: readonly T[], description: string) => Type.Optional(Type.Enum([...words], { description, type: 'string' }))
const count = (minimum: number, description: string) => Type.Optional(Type.Integer({ minimum, maximum: 1000, description }))
const options = <P extends Record<string, TSchema>>(properties: P) => Type.Object(properties, only)

const strength = positive('of the penalty; without it, adjusted until the target is reached')

/** Of methods that take channels out. */
const CHANNELS = {
  reduce: word(REDUCTIONS, 'how the score of a channel comes of those of the layers that share it'),
  normalize: word(['mean', 'none'], 'what scores are divided by where layers compete: the mean of their layer, or nothing'),
  minChannels: count(1, 'channels that stay in every group at least'),
  roundTo: count(1, 'the channels that stay are a multiple of it'),
}

/** In the order of the documentation. A method that is not named takes no options. */
export const METHOD_OPTIONS = {
  'one-shot': options({ rounds: count(1, 'in which it prunes, with the same share of what is left in each, and scores what is left anew') }),
  surgery: options({
    c: Type.Optional(Type.Number({ minimum: -10, maximum: 100, description: 'weights below mean + c standard deviations of their layer go; without it, what the target asks' })),
    margin: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, description: 'weights go below (1 - margin) and come back above (1 + margin) times the threshold' })),
    gamma: Type.Optional(Type.Number({ minimum: 0, description: 'at step t masks are updated with probability (1 + gamma t)^-power' })),
    power: Type.Optional(Type.Number({ minimum: 0, description: 'see gamma' })),
  }),
  sensitivity: options({
    score: word(['weight-gradient', 'gradient'], '|w dL/dw| or |dL/dw|, averaged over steps'),
    decay: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, description: 'of the average: how much of it is kept from step to step' })),
  }),
  movement: options({
    mode: word(['hard', 'soft'], 'hard keeps the weights with the highest scores; soft those whose score is above 0, while a penalty pulls scores down'),
    rate: positive('learning rate of the scores'),
    strength,
  }),
  l1: options({
    variant: word(['proximal', 'subgradient'], 'soft-thresholding after each step, or |w| in the loss'),
    strength,
  }),
  l0: options({
    strength,
    rate: positive('learning rate of the gates, as a multiple of the optimizer\'s'),
    initial: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'probability that a gate is open at the beginning' })),
  }),
  variational: options({
    strength,
    initial: Type.Optional(Type.Number({ minimum: -20, maximum: 0, description: 'log of the variance of every weight at the beginning' })),
    threshold: Type.Optional(Type.Number({ minimum: 0, maximum: 10, description: 'weights with a log alpha above it are noise and go' })),
  }),
  'group-lasso': options({ strength }),
  slimming: options({ strength }),
  rigl: options({ fraction: share('of the kept weights that are replaced at the first update; falls to 0 by a cosine') }),
  set: options({ fraction: share('of the kept weights that are replaced at each update') }),
  lottery: options({
    rounds: count(1, 'rounds of training and pruning; the epochs are parted among them'),
    rewind: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^\\d+(\\.\\d+)?%$' })], { description: 'step of the first round whose weights every later round begins with, or a share of a round' })),
  }),
  iterative: options({ rounds: count(1, 'rounds of pruning and retraining; the epochs are parted among them') }),
  structured: options(CHANNELS),
  'structured-iterative': options({ ...CHANNELS, rounds: count(1, 'in which channels go; the epochs are parted among them') }),
} as const satisfies Record<string, TObject>

export type MethodWithOptions = keyof typeof METHOD_OPTIONS

const CHANNEL_DEFAULTS = { reduce: 'mean', normalize: 'mean', minChannels: 1, roundTo: 1 } as const

/** What holds where the recipe does not say. Null: adjusted to the target, or not asked. */
export const OPTION_DEFAULTS = {
  'one-shot': { rounds: 1 },
  surgery: { c: null, margin: 0.1, gamma: 0, power: 1 },
  sensitivity: { score: 'weight-gradient', decay: 0.9 },
  movement: { mode: 'hard', rate: 0.01, strength: null },
  l1: { variant: 'proximal', strength: null },
  l0: { strength: null, rate: 10, initial: 0.9 },
  variational: { strength: null, initial: -8, threshold: 3 },
  'group-lasso': { strength: null },
  slimming: { strength: null },
  rigl: { fraction: 0.3 },
  set: { fraction: 0.3 },
  lottery: { rounds: 5, rewind: 0 },
  iterative: { rounds: 5 },
  structured: CHANNEL_DEFAULTS,
  'structured-iterative': { ...CHANNEL_DEFAULTS, rounds: 1 },
} as const satisfies { readonly [Name in MethodWithOptions]: { readonly [Key in keyof typeof METHOD_OPTIONS[Name]['properties']]: unknown } }

/** An option that says how much is pruned where there is no target; with both, the target holds at the end. */
export const TARGET_OPTIONS: Readonly<Partial<Record<string, string>>> = {
  surgery: 'c', l1: 'strength', l0: 'strength', variational: 'strength', 'group-lasso': 'strength', slimming: 'strength',
}

/** Option values of any method, complete. */
export type MethodOptions = Readonly<Record<string, number | string | boolean | null>>

/** Do the options say how much is pruned? */
export function decidesByOption (method: string, options: unknown): boolean {
  const name = TARGET_OPTIONS[method]
  return name !== undefined && typeof options === 'object' && options !== null && typeof (options as Record<string, unknown>)[name] === 'number'
}
