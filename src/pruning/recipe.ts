/** The recipe after validation: every default filled in, every mistake named with its path. */
import { EspalierError } from '../errors.ts'
import type { ScopeName } from './allocation/index.ts'
import { CRITERIA, type Criterion, type CriterionName } from './criteria/index.ts'
import { calibratesFor } from './data-needs.ts'
import type { GranularityOptions } from './granularity/index.ts'
import { decidesByOption, OPTION_DEFAULTS, type MethodOptions, type MethodWithOptions } from './method-options.ts'
import { problemsOfMethod } from './method-problems.ts'
import { METHOD_RULES, type MethodName, type MethodRules } from './method-rules.ts'
import { SCHEDULE_OPTIONS, type SparsityScheduleOptions } from './schedules/index.ts'
import { RecipeInput, type OUTPUT_FORMATS, type TASK_NAMES } from './recipe-schema.ts'
import { searchOf, type Target } from './targets.ts'
import type { LOSS_NAMES } from './training/names.ts'
import { completeTraining, type Training } from './training/training.ts'
import { problemsOf, type CheckedSchema } from './validate.ts'

export { RecipeInput } from './recipe-schema.ts'
export { parseRecipeText } from './recipe-text.ts'

/** A recipe after validation, every default filled in. */
export interface Recipe {
  readonly method: MethodName
  readonly criterion?: CriterionName
  /** Where something looks at data. */
  readonly calibration?: { readonly examples: number, readonly batchSize: number, readonly loss: typeof LOSS_NAMES[number] }
  readonly granularity: GranularityOptions
  readonly scope: ScopeName
  readonly target: Target | null
  /** Of methods that prune along one. */
  readonly schedule?: SparsityScheduleOptions
  /** Of methods that take some, complete. */
  readonly options?: MethodOptions
  /** With a target that is tried. `examples`: of methods that do not train. */
  readonly search?: { readonly attempts: number, readonly low: number, readonly high: number, readonly examples?: number }
  /** Of methods that do not train. */
  readonly batchNorm?: 'keep' | 'recalibrate'
  readonly layers: ReadonlyArray<{ readonly match: string, readonly sparsity?: number, readonly threshold?: number, readonly skip?: boolean }>
  /** Of methods that train. */
  readonly training?: Training
  readonly evaluation: false | {
    readonly split: number | null
    readonly batchSize: number
    readonly predictions: number
    readonly latency: boolean
    readonly loss: string
    readonly task: typeof TASK_NAMES[number]
  }
  readonly inputs: { readonly scale: number, readonly offset: number } | null
  readonly output: ReadonlyArray<typeof OUTPUT_FORMATS[number]> | null
  readonly compress: boolean
  readonly optimizerState: 'keep' | 'drop'
  /** Of methods that zero weights. */
  readonly shrink?: boolean
  readonly seed: number
  readonly stages: readonly never[]
}

export const EVALUATION_DEFAULTS = { split: null, batchSize: 256, predictions: 0, latency: true, loss: 'auto', task: 'auto' } as const satisfies Recipe['evaluation']

export const CALIBRATION = { examples: 1024, batchSize: 128, loss: 'auto' } as const

/** Of whole trainings. */
const SEARCH = { attempts: 8, low: 0.5, high: 0.995 } as const

/** Of evaluations, and of files that are written to be weighed. */
const QUICK_SEARCH = { attempts: 10, low: 0, high: 0.999 } as const
const SELECTION = { examples: 5000 } as const

/** Problems beyond this are counted, not listed: nobody reads more at once. */
const MAX_LISTED = 20

/** `input` (JSON values) as a recipe. Throws `invalid-recipe` with `errors: [{path, message}]`, all problems at once. */
export function parseRecipe (input: unknown): Recipe {
  const problems = problemsOf(RecipeInput as unknown as CheckedSchema, input)
  const method = methodOf(input)
  if (method !== undefined) problems.push(...problemsOfMethod(METHOD_RULES[method], method, input as Record<string, unknown>, problems))
  if (problems.length > 0) {
    const listed = problems.slice(0, MAX_LISTED).map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`).join('; ')
    throw new EspalierError('invalid-recipe', `recipe: ${listed}${problems.length > MAX_LISTED ? `; and ${problems.length - MAX_LISTED} more` : ''}`, { errors: problems })
  }
  return withDefaults(input as RecipeInput)
}

function withDefaults (input: RecipeInput): Recipe {
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
    stages: [],
  }
}

function criterionOf ({ criterion }: RecipeInput, { criteria }: MethodRules): Criterion | undefined {
  return criteria === undefined ? undefined : CRITERIA[criterion ?? criteria[0]!]
}

/** Of criteria that prune in many rounds, which only methods with that option take. */
function roundsOf (criterion: Criterion | undefined): { readonly rounds?: number } {
  return criterion?.rounds === undefined ? {} : { rounds: criterion.rounds }
}

function granularityOf (input: RecipeInput, rules: MethodRules): GranularityOptions {
  const [first] = criterionOf(input, rules)?.granularities ?? rules.granularities ?? ['weight']
  return input.granularity ?? (first === 'channel' ? { type: 'channel' } : { type: 'weight' })
}

/** All of n:m, where the recipe says nothing else. */
function targetOf ({ method, target, options }: RecipeInput, { granularities }: MethodRules, granularity: GranularityOptions): Recipe['target'] {
  if (target !== undefined) {
    if (target.bytes !== undefined) return { bytes: target.bytes as number, as: target.as ?? 'gzip' }
    return (target.threshold !== undefined ? { threshold: target.threshold, unit: target.unit ?? 'absolute' } : target) as Target
  }
  return granularities !== undefined && granularity.type === 'n:m' && !decidesByOption(method, options) ? { sparsity: 1 - granularity.n / granularity.m } : null
}

function methodOf (input: unknown): MethodName | undefined {
  const method = typeof input === 'object' && input !== null ? (input as { method?: unknown }).method : undefined
  return typeof method === 'string' && Object.hasOwn(METHOD_RULES, method) ? method as MethodName : undefined
}
