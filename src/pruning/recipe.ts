/** The recipe after validation: every default filled in, every mistake named with its path. */
import { EspalierError } from '../errors.ts'
import type { ScopeName } from './allocation/index.ts'
import type { CriterionName } from './criteria/index.ts'
import { METHOD_RULES, type MethodName, type MethodRules } from './method-rules.ts'
import { RecipeInput, type OUTPUT_FORMATS, type TASK_NAMES } from './recipe-schema.ts'
import { completeTraining, problemsOfTraining, type Training } from './training/training.ts'
import { problemsOf, type CheckedSchema, type Problem } from './validate.ts'

export { RecipeInput } from './recipe-schema.ts'
export { parseRecipeText } from './recipe-text.ts'

/** A recipe after validation, every default filled in. */
export interface Recipe {
  readonly method: MethodName
  readonly criterion?: CriterionName
  readonly granularity: { readonly type: 'weight' }
  readonly scope: ScopeName
  readonly target: { readonly sparsity: number } | { readonly threshold: number } | null
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
  readonly seed: number
  readonly stages: readonly never[]
}

export const EVALUATION_DEFAULTS = { split: null, batchSize: 256, predictions: 0, latency: true, loss: 'auto', task: 'auto' } as const satisfies Recipe['evaluation']

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
  return {
    method: input.method,
    ...(METHOD_RULES[input.method].target !== null && { criterion: input.criterion ?? 'magnitude' }),
    granularity: { type: 'weight' },
    scope: input.scope ?? 'global',
    target: (input.target ?? null) as Recipe['target'],
    layers: input.layers ?? [],
    ...(METHOD_RULES[input.method].trains && { training: completeTraining(input.training ?? {}) }),
    evaluation: evaluation === false ? false : { ...EVALUATION_DEFAULTS, ...(evaluation === true ? {} : evaluation) },
    inputs: inputs === null ? null : { scale: inputs.scale ?? 1, offset: inputs.offset ?? 0 },
    output: input.output === undefined || input.output === null || input.output.length === 0 ? null : [...new Set(input.output)],
    compress: input.compress ?? true,
    optimizerState: input.optimizerState ?? 'drop',
    seed: input.seed ?? 1,
    stages: [],
  }
}

function methodOf (input: unknown): MethodName | undefined {
  const method = typeof input === 'object' && input !== null ? (input as { method?: unknown }).method : undefined
  return typeof method === 'string' && Object.hasOwn(METHOD_RULES, method) ? method as MethodName : undefined
}

/** What is right in itself but not for this method. */
function problemsOfMethod (rules: MethodRules, method: MethodName, input: Record<string, unknown>, found: readonly Problem[]): Problem[] {
  const misplaced = Object.keys(input).filter((key) => Object.hasOwn(RecipeInput.properties, key) && !rules.keys.includes(key))
    .map((key) => ({ path: `/${key}`, message: `is not taken by the method ${method}, which takes ${rules.keys.join(', ')}` }))
  const known = [...found, ...misplaced]
  const unlessReported = (path: string, problems: Problem[]) => known.some((problem) => problem.path === path) ? [] : problems
  return [
    ...misplaced,
    ...unlessReported('/target', problemsOfTarget(rules, method, input.target)),
    ...problemsOfTraining(input.training, '/training').filter(({ path }) => !known.some((problem) => problem.path.startsWith(path))),
    ...unlessReported('/layers', Array.isArray(input.layers) ? input.layers.flatMap((rule, index) => problemsOfLayer(rules, method, rule, `/layers/${index}`)) : []),
    ...(method === 'evaluate' && input.evaluation === false ? [{ path: '/evaluation', message: 'must not be false: the method evaluate would have nothing to do' }] : []),
  ]
}

function problemsOfTarget (rules: MethodRules, method: MethodName, target: unknown): Problem[] {
  if (rules.target === null) return []
  if (target === undefined) return [{ path: '/target', message: `is needed: the method ${method} takes {"${rules.target}": number}` }]
  if (typeof target !== 'object' || target === null) return []
  const other = rules.target === 'sparsity' ? 'threshold' : 'sparsity'
  if (Object.hasOwn(target, other)) return [{ path: `/target/${other}`, message: `is not taken by the method ${method}, which takes "${rules.target}"` }]
  return Object.hasOwn(target, rules.target) ? [] : [{ path: `/target/${rules.target}`, message: `is needed by the method ${method}` }]
}

function problemsOfLayer (rules: MethodRules, method: MethodName, rule: unknown, path: string): Problem[] {
  if (rules.target === null || typeof rule !== 'object' || rule === null) return []
  const other = rules.target === 'sparsity' ? 'threshold' : 'sparsity'
  const problems: Problem[] = []
  if (Object.hasOwn(rule, other)) problems.push({ path: `${path}/${other}`, message: `is not taken by the method ${method}, which takes "${rules.target}"` })
  if (!['sparsity', 'threshold', 'skip'].some((key) => Object.hasOwn(rule, key))) problems.push({ path, message: `says nothing: give "${rules.target}" or "skip"` })
  if ((rule as { skip?: unknown }).skip === true && Object.hasOwn(rule, rules.target)) {
    problems.push({ path: `${path}/skip`, message: `contradicts "${rules.target}": a skipped layer is not pruned` })
  }
  return problems
}
