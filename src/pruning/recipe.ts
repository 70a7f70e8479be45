/** The recipe after validation: every default filled in, every mistake named with its path. */
import { EspalierError } from '../errors.ts'
import type { ScopeName } from './allocation/index.ts'
import { completeParts } from './complete.ts'
import type { CriterionName } from './criteria/index.ts'
import type { GranularityOptions } from './granularity/index.ts'
import type { MethodOptions } from './method-options.ts'
import { problemsOfMethod } from './method-problems.ts'
import { METHOD_RULES, type MethodName } from './method-rules.ts'
import type { OUTPUT_FORMATS, TASK_NAMES } from './recipe-parts.ts'
import { RecipeInput } from './recipe-schema.ts'
import type { SparsityScheduleOptions } from './schedules/index.ts'
import type { StageSettings } from './stages/index.ts'
import { completeStages, problemsOfStages } from './stages/read.ts'
import type { Target } from './targets.ts'
import type { LOSS_NAMES } from './training/names.ts'
import type { Training } from './training/training.ts'
import { isObject, problemsOf, type CheckedSchema } from './validate.ts'

export { CALIBRATION, EVALUATION_DEFAULTS } from './complete.ts'
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
  /** Behind the method, in their order. */
  readonly stages: readonly StageSettings[]
}

/** Problems beyond this are counted, not listed: nobody reads more at once. */
const MAX_LISTED = 20

/** `input` (JSON values) as a recipe. Throws `invalid-recipe` with `errors: [{path, message}]`, all problems at once. */
export function parseRecipe (input: unknown): Recipe {
  const problems = problemsOf(RecipeInput as unknown as CheckedSchema, input)
  const method = methodOf(input)
  if (method !== undefined) problems.push(...problemsOfMethod(METHOD_RULES[method], method, input as Record<string, unknown>, problems))
  if (isObject(input)) problems.push(...problemsOfStages(input.stages, problems))
  if (problems.length > 0) {
    const listed = problems.slice(0, MAX_LISTED).map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`).join('; ')
    throw new EspalierError('invalid-recipe', `recipe: ${listed}${problems.length > MAX_LISTED ? `; and ${problems.length - MAX_LISTED} more` : ''}`, { errors: problems })
  }
  const { stages = [], ...parts } = input as RecipeInput
  return { ...completeParts(parts), stages: completeStages(stages) }
}

function methodOf (input: unknown): MethodName | undefined {
  const method = typeof input === 'object' && input !== null ? (input as { method?: unknown }).method : undefined
  return typeof method === 'string' && Object.hasOwn(METHOD_RULES, method) ? method as MethodName : undefined
}
