/** Fills the defaults of a recipe's parts in, by its method. */
import type { Static, TObject } from 'typebox'
import { CRITERIA, type Criterion } from './criteria/index.ts'
import { calibratesFor } from './data-needs.ts'
import type { GranularityOptions } from './granularity/index.ts'
import { decidesByOption, OPTION_DEFAULTS, type MethodWithOptions } from './method-options.ts'
import { METHOD_RULES, type MethodRules } from './method-rules.ts'
import type { Recipe } from './recipe.ts'
import type { RECIPE_PARTS } from './recipe-parts.ts'
import { SCHEDULE_OPTIONS, type SparsityScheduleOptions } from './schedules/index.ts'
import { searchOf, type Target } from './targets.ts'
import { completeTraining } from './training/training.ts'

export type RecipePartsInput = Static<TObject<typeof RECIPE_PARTS>>

export const EVALUATION_DEFAULTS = { split: null, batchSize: 256, predictions: 0, latency: true, loss: 'auto', task: 'auto' } as const satisfies Recipe['evaluation']

export const CALIBRATION = { examples: 1024, batchSize: 128, loss: 'auto' } as const

/** Of whole trainings. */
const SEARCH = { attempts: 8, low: 0.5, high: 0.995 } as const

/** Of evaluations, and of files that are written to be weighed. */
const QUICK_SEARCH = { attempts: 10, low: 0, high: 0.999 } as const
const SELECTION = { examples: 5000 } as const

/** Every default filled in, of parts that fit the schema and the method. */
export function completeParts (input: RecipePartsInput): Omit<Recipe, 'stages'> {
  const { evaluation = true, inputs = null } = input
  const rules: MethodRules = METHOD_RULES[input.method]
  const granularity = granularityOf(input, rules)
  const target = targetOf(input, rules, granularity)
  const search = searchOf(target)
  const tried = search === 'accuracy' || search === 'latency' || (target !== null && 'bytes' in target && target.as !== 'sparse')
  return {
    method: input.method,
    ...(rules.criteria !== undefined && { criterion: input.criterion ?? rules.criteria[0]! }),
    ...(calibratesFor(input as Parameters<typeof calibratesFor>[0]) !== undefined && { calibration: { ...CALIBRATION, ...input.calibration } }),
    granularity,
    scope: input.scope ?? criterionOf(input, rules)?.scope ?? rules.defaults?.scope ?? 'global',
    target,
    ...(rules.keys.includes('schedule') && { schedule: { ...SCHEDULE_OPTIONS, ...rules.defaults?.schedule, ...input.schedule } as SparsityScheduleOptions }),
    ...(rules.keys.includes('options') && { options: { ...OPTION_DEFAULTS[input.method as MethodWithOptions], ...roundsOf(criterionOf(input, rules)), ...input.options } }),
    ...(tried && { search: { ...(rules.trains ? SEARCH : QUICK_SEARCH), ...(!rules.trains && search === 'accuracy' && SELECTION), ...input.search } }),
    ...(rules.keys.includes('batchNorm') && { batchNorm: input.batchNorm ?? 'keep' }),
    layers: input.layers ?? [],
    ...(METHOD_RULES[input.method].trains && { training: completeTraining(input.training ?? {}, search === 'accuracy') }),
    evaluation: evaluation === false ? false : { ...EVALUATION_DEFAULTS, ...(evaluation === true ? {} : evaluation) },
    inputs: inputs === null ? null : { scale: inputs.scale ?? 1, offset: inputs.offset ?? 0 },
    output: input.output === undefined || input.output === null || input.output.length === 0 ? null : [...new Set(input.output)],
    compress: input.compress ?? true,
    optimizerState: input.optimizerState ?? 'drop',
    ...(rules.keys.includes('shrink') && { shrink: input.shrink ?? false }),
    seed: input.seed ?? 1,
  }
}

function criterionOf ({ criterion }: RecipePartsInput, { criteria }: MethodRules): Criterion | undefined {
  return criteria === undefined ? undefined : CRITERIA[criterion ?? criteria[0]!]
}

/** Of criteria that prune in many rounds, which only methods with that option take. */
function roundsOf (criterion: Criterion | undefined): { readonly rounds?: number } {
  return criterion?.rounds === undefined ? {} : { rounds: criterion.rounds }
}

function granularityOf (input: RecipePartsInput, rules: MethodRules): GranularityOptions {
  const [first] = criterionOf(input, rules)?.granularities ?? rules.granularities ?? ['weight']
  return input.granularity ?? (first === 'channel' ? { type: 'channel' } : { type: 'weight' })
}

/** All of n:m, where the recipe says nothing else. */
function targetOf ({ method, target, options }: RecipePartsInput, { granularities }: MethodRules, granularity: GranularityOptions): Recipe['target'] {
  if (target !== undefined) {
    if (target.bytes !== undefined) return { bytes: target.bytes as number, as: target.as ?? 'gzip' }
    return (target.threshold !== undefined ? { threshold: target.threshold, unit: target.unit ?? 'absolute' } : target) as Target
  }
  return granularities !== undefined && granularity.type === 'n:m' && !decidesByOption(method, options) ? { sparsity: 1 - granularity.n / granularity.m } : null
}
