/** What is right in a recipe part by part, but not for its method. */
import { PLAIN_SCOPES, SCOPES, type Scope, type ScopeName } from './allocation/index.ts'
import { CRITERIA, type Criterion, type CriterionName } from './criteria/index.ts'
import { calibratesFor } from './data-needs.ts'
import { problemsOfGranularity, type GranularityName } from './granularity/index.ts'
import { decidesByOption, METHOD_OPTIONS, type MethodWithOptions } from './method-options.ts'
import type { MethodName, MethodRules } from './method-rules.ts'
import { RECIPE_PARTS } from './recipe-parts.ts'
import { problemsOfSearch, problemsOfShare, problemsOfTarget } from './target-problems.ts'
import { problemsOfTraining } from './training/training.ts'
import { problemsOf, isObject, type CheckedSchema, type Problem } from './validate.ts'

/** Why methods that take channels out do not take a key that others do. */
const RESHAPED: Readonly<Record<string, string>> = {
  granularity: 'whole channels go, leave it out',
  optimizerState: 'what an optimizer keeps has the shapes that the weights had before, so it is dropped; leave it out',
  training: 'it does not train; train the smaller model with the method fine-tune',
}

/** What is right in itself but not for this method. */
export function problemsOfMethod (rules: MethodRules, method: MethodName, input: Record<string, unknown>, found: readonly Problem[]): Problem[] {
  const misplaced = Object.keys(input).filter((key) => (key === 'stages' || Object.hasOwn(RECIPE_PARTS, key)) && !rules.keys.includes(key))
    .map((key) => ({ path: `/${key}`, message: `is not taken by the method ${method}${rules.reshapes === true && Object.hasOwn(RESHAPED, key) ? `: ${RESHAPED[key]}` : `, which takes ${rules.keys.join(', ')}`}` }))
  const known = [...found, ...misplaced]
  const unlessReported = (path: string, problems: Problem[]) => known.some((problem) => problem.path === path) ? [] : problems
  return [
    ...misplaced,
    ...unlessReported('/target', problemsOfTarget(rules, method, input)),
    ...problemsOfTraining(input.training, '/training').filter(({ path }) => !known.some((problem) => problem.path.startsWith(path))),
    ...unlessReported('/criterion', problemsOfCriterion(rules, method, input)),
    ...unlessReported('/scope', problemsOfScope(rules, method, input)),
    ...unlessReported('/calibration', problemsOfCalibration(rules, method, input)),
    ...unlessReported('/granularity', problemsOfUnits(rules, method, input.granularity)),
    ...unlessReported('/options', problemsOfOptions(method, input)),
    ...unlessReported('/schedule', problemsOfSchedule(input)),
    ...unlessReported('/search', problemsOfSearch(rules, input)),
    ...unlessReported('/layers', Array.isArray(input.layers) ? input.layers.flatMap((rule, index) => problemsOfLayer(rules, method, rule, `/layers/${index}`, { granularity: input.granularity, decides: input.target === undefined && decidesByOption(method, input.options) })) : []),
    ...(input.shrink === true && input.optimizerState === 'keep' ? [{ path: '/shrink', message: 'contradicts "optimizerState": "keep": the state of the optimizer fits the weights as they were; leave one of the two out' }] : []),
    ...(method === 'evaluate' && input.evaluation === false ? [{ path: '/evaluation', message: 'must not be false: the method evaluate would have nothing to do' }] : []),
    ...(method === 'chain' && (!Array.isArray(input.stages) || input.stages.length === 0) ? [{ path: '/stages', message: 'is needed: the method chain does nothing but its stages' }] : []),
  ]
}

function problemsOfUnits ({ granularities = ['weight'] }: MethodRules, method: MethodName, granularity: unknown): Problem[] {
  if (!isObject(granularity)) return []
  if (!granularities.includes(granularity.type as GranularityName)) {
    return [{ path: '/granularity/type', message: `"${String(granularity.type)}" is not taken by the method ${method}, which takes ${granularities.map((name) => `"${name}"`).join(', ')}` }]
  }
  return problemsOfGranularity(granularity, '/granularity')
}

function problemsOfCriterion ({ criteria }: MethodRules, method: MethodName, { criterion = 'magnitude', granularity }: Record<string, unknown>): Problem[] {
  if (criteria === undefined || typeof criterion !== 'string' || !Object.hasOwn(CRITERIA, criterion)) return []
  const name = criterion as CriterionName
  if (!criteria.includes(name)) return [{ path: '/criterion', message: `"${criterion}" is not taken by the method ${method}, which takes ${criteria.map((one) => `"${one}"`).join(', ')}` }]
  const { granularities }: Criterion = CRITERIA[name]
  if (granularities === undefined || !isObject(granularity) || granularities.includes(granularity.type as GranularityName)) return []
  const right = granularities.map((one) => `{"type": "${one}"}`).join(' or ')
  return [{ path: '/criterion', message: `"${criterion}" scores units of their own, not ${JSON.stringify(granularity.type)}: give "granularity": ${right}, or leave it out` }]
}

function problemsOfScope ({ scopes = PLAIN_SCOPES }: MethodRules, method: MethodName, { scope, granularity }: Record<string, unknown>): Problem[] {
  if (typeof scope !== 'string' || !Object.hasOwn(SCOPES, scope)) return []
  const { byOutput }: Scope = SCOPES[scope as ScopeName]
  const type = isObject(granularity) ? granularity.type : 'weight'
  if (byOutput === true && type !== 'weight') return [{ path: '/scope', message: `"${scope}" compares single weights of an output, not granularity ${JSON.stringify(type)}: use scope layer or global` }]
  if (scopes.includes(scope as ScopeName)) return []
  return [{ path: '/scope', message: `"${scope}" is not taken by the method ${method}, which takes ${scopes.map((one) => `"${one}"`).join(', ')}` }]
}

/** Calibration settings where nothing looks at data would do nothing. */
function problemsOfCalibration ({ scopes = [] }: MethodRules, method: MethodName, { calibration, criterion, scope, batchNorm }: Record<string, unknown>): Problem[] {
  const known = criterion === undefined || (typeof criterion === 'string' && Object.hasOwn(CRITERIA, criterion))
  if (calibration === undefined || !known) return []
  const needed = calibratesFor({ method, criterion, scope, batchNorm } as Parameters<typeof calibratesFor>[0])
  return needed !== undefined ? [] : [{ path: '/calibration', message: `is for what looks at data: ${criterion === undefined ? '' : `"${String(criterion)}" does not; `}criteria that do${scopes.includes('sensitivity') ? ', "scope": "sensitivity"' : ''} or "batchNorm": "recalibrate"` }]
}

function problemsOfOptions (method: MethodName, { options }: Record<string, unknown>): Problem[] {
  if (options === undefined || !Object.hasOwn(METHOD_OPTIONS, method)) return []
  const problems = problemsOf(METHOD_OPTIONS[method as MethodWithOptions] as unknown as CheckedSchema, options, '/options')
  return problems.length > 0 || !isObject(options) ? problems : idleOptions(method, options)
}

/** Settings that are right, and would do nothing. */
function idleOptions (method: MethodName, options: Record<string, unknown>): Problem[] {
  const hard = method === 'movement' && options.mode !== 'soft'
  return hard ? ['rate', 'strength'].filter((name) => options[name] !== undefined).map((name) => ({ path: `/options/${name}`, message: 'is for the mode "soft": hard movement only ranks the scores' })) : []
}

function problemsOfSchedule ({ schedule }: Record<string, unknown>): Problem[] {
  if (!isObject(schedule)) return []
  const { type = 'polynomial', power, initial } = schedule
  const problems: Problem[] = []
  if (power !== undefined && type !== 'polynomial') problems.push({ path: '/schedule/power', message: `is for the type "polynomial", not "${String(type)}"` })
  if (initial !== undefined && type === 'constant') problems.push({ path: '/schedule/initial', message: 'is for schedules that begin somewhere else than at the target' })
  return problems
}

function problemsOfLayer (rules: MethodRules, method: MethodName, rule: unknown, path: string, { granularity, decides }: { readonly granularity: unknown, readonly decides: boolean }): Problem[] {
  const own = rules.targets.includes('threshold') ? 'threshold' : 'sparsity'
  if (rules.targets.length === 0 || typeof rule !== 'object' || rule === null) return []
  const other = own === 'sparsity' ? 'threshold' : 'sparsity'
  const problems: Problem[] = []
  if (Object.hasOwn(rule, other)) problems.push({ path: `${path}/${other}`, message: `is not taken by the method ${method}, which takes "${own}"` })
  if (decides && Object.hasOwn(rule, 'sparsity')) problems.push({ path: `${path}/sparsity`, message: 'needs a target beside it: without one the method decides how much is pruned, everywhere' })
  if (rules.everyGroup === true) problems.push(...problemsOfShare(rules, (rule as { sparsity?: unknown }).sparsity, granularity, `${path}/sparsity`))
  if (!['sparsity', 'threshold', 'skip'].some((key) => Object.hasOwn(rule, key))) problems.push({ path, message: `says nothing: give "${own}" or "skip"` })
  if ((rule as { skip?: unknown }).skip === true && Object.hasOwn(rule, own)) {
    problems.push({ path: `${path}/skip`, message: `contradicts "${own}": a skipped layer is not pruned` })
  }
  return problems
}
