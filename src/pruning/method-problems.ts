/** What is right in a recipe part by part, but not for its method. */
import { CRITERIA, needsData, type Criterion, type CriterionName } from './criteria/index.ts'
import { problemsOfGranularity, type GranularityName } from './granularity/index.ts'
import { decidesByOption, METHOD_OPTIONS, TARGET_OPTIONS, type MethodWithOptions } from './method-options.ts'
import type { MethodName, MethodRules } from './method-rules.ts'
import { RecipeInput } from './recipe-schema.ts'
import { problemsOfTraining } from './training/training.ts'
import { problemsOf, type CheckedSchema, type Problem } from './validate.ts'

/** What is right in itself but not for this method. */
export function problemsOfMethod (rules: MethodRules, method: MethodName, input: Record<string, unknown>, found: readonly Problem[]): Problem[] {
  const misplaced = Object.keys(input).filter((key) => Object.hasOwn(RecipeInput.properties, key) && !rules.keys.includes(key))
    .map((key) => ({ path: `/${key}`, message: `is not taken by the method ${method}, which takes ${rules.keys.join(', ')}` }))
  const known = [...found, ...misplaced]
  const unlessReported = (path: string, problems: Problem[]) => known.some((problem) => problem.path === path) ? [] : problems
  return [
    ...misplaced,
    ...unlessReported('/target', problemsOfTarget(rules, method, input)),
    ...problemsOfTraining(input.training, '/training').filter(({ path }) => !known.some((problem) => problem.path.startsWith(path))),
    ...unlessReported('/criterion', problemsOfCriterion(rules, method, input)),
    ...unlessReported('/granularity', problemsOfUnits(rules, method, input.granularity)),
    ...unlessReported('/options', problemsOfOptions(method, input)),
    ...unlessReported('/schedule', problemsOfSchedule(input)),
    ...problemsOfSearch(input),
    ...unlessReported('/layers', Array.isArray(input.layers) ? input.layers.flatMap((rule, index) => problemsOfLayer(rules, method, rule, `/layers/${index}`, { granularity: input.granularity, decides: input.target === undefined && decidesByOption(method, input.options) })) : []),
    ...(method === 'evaluate' && input.evaluation === false ? [{ path: '/evaluation', message: 'must not be false: the method evaluate would have nothing to do' }] : []),
  ]
}

function problemsOfTarget (rules: MethodRules, method: MethodName, input: Record<string, unknown>): Problem[] {
  if (rules.target === null) return []
  const { target, options, granularity } = input
  const instead = TARGET_OPTIONS[method]
  if (target === undefined) {
    if (decidesByOption(method, options) || (rules.granularities !== undefined && isObject(granularity) && granularity.type === 'n:m')) return []
    const other = instead === undefined ? '' : `, or options.${instead}`
    return [{ path: '/target', message: `is needed: the method ${method} takes {"${rules.target}": number}${searches(rules) ? ' or {"maxAccuracyDrop": number}' : ''}${other}` }]
  }
  if (!isObject(target)) return []
  const taken = searches(rules) ? [rules.target, 'maxAccuracyDrop'] : [rules.target]
  const wrong = ['sparsity', 'threshold', 'maxAccuracyDrop'].find((key) => Object.hasOwn(target, key) && !taken.includes(key))
  if (wrong !== undefined) return [{ path: `/target/${wrong}`, message: `is not taken by the method ${method}, which takes ${taken.map((name) => `"${name}"`).join(' or ')}` }]
  const given = taken.filter((key) => Object.hasOwn(target, key))
  if (given.length > 1) return [{ path: '/target', message: `must have one of ${taken.join(', ')}, not both` }]
  if (given.length === 0) return [{ path: `/target/${rules.target}`, message: `is needed by the method ${method}` }]
  return problemsOfShare(rules, target.sparsity, granularity, '/target/sparsity')
}

/** Can it look for the largest sparsity that costs so much accuracy? */
function searches ({ keys }: MethodRules): boolean {
  return keys.includes('search')
}

/** No more can go than n:m takes of every group. */
function problemsOfShare ({ everyGroup }: MethodRules, sparsity: unknown, granularity: unknown, path: string): Problem[] {
  if (typeof sparsity !== 'number' || !isObject(granularity) || granularity.type !== 'n:m') return []
  const [n, m] = [granularity.n, granularity.m]
  if (typeof n !== 'number' || typeof m !== 'number' || sparsity === 1 - n / m) return []
  if (everyGroup === true) return [{ path, message: `is ${sparsity}, but ${n}:${m} makes ${1 - n / m} zero: leave it out` }]
  if (sparsity < 1 - n / m) return []
  return [{ path, message: `is ${sparsity}, but ${n}:${m} makes ${1 - n / m} zero at most` }]
}

function problemsOfUnits ({ granularities = ['weight'] }: MethodRules, method: MethodName, granularity: unknown): Problem[] {
  if (!isObject(granularity)) return []
  if (!granularities.includes(granularity.type as GranularityName)) {
    return [{ path: '/granularity/type', message: `"${String(granularity.type)}" is not taken by the method ${method}, which takes ${granularities.map((name) => `"${name}"`).join(', ')}` }]
  }
  return problemsOfGranularity(granularity, '/granularity')
}

function problemsOfCriterion ({ criteria }: MethodRules, method: MethodName, { criterion = 'magnitude', calibration, granularity }: Record<string, unknown>): Problem[] {
  if (criteria === undefined || typeof criterion !== 'string' || !Object.hasOwn(CRITERIA, criterion)) return []
  const name = criterion as CriterionName
  if (!criteria.includes(name)) return [{ path: '/criterion', message: `"${criterion}" is not taken by the method ${method}, which takes ${criteria.map((one) => `"${one}"`).join(', ')}` }]
  const found: Criterion = CRITERIA[name]
  const { granularities } = found
  const problems: Problem[] = []
  if (calibration !== undefined && !needsData(found)) problems.push({ path: '/calibration', message: `is for criteria that look at data; "${criterion}" does not` })
  if (granularities !== undefined && isObject(granularity) && !granularities.includes(granularity.type as GranularityName)) {
    const right = granularities.map((one) => `{"type": "${one}"}`).join(' or ')
    problems.push({ path: '/criterion', message: `"${criterion}" scores units of their own, not ${JSON.stringify(granularity.type)}: give "granularity": ${right}, or leave it out` })
  }
  return problems
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

/** A search needs something to choose by. */
function problemsOfSearch ({ target, search, training }: Record<string, unknown>): Problem[] {
  const searches = isObject(target) && Object.hasOwn(target, 'maxAccuracyDrop')
  if (!searches) return search === undefined ? [] : [{ path: '/search', message: 'is for a target of maxAccuracyDrop' }]
  const problems: Problem[] = []
  if (isObject(training) && training.validation === 0) problems.push({ path: '/training/validation', message: 'is 0, but a target of maxAccuracyDrop is searched over validation examples: keep some apart' })
  const { low = 0, high = 1 } = isObject(search) ? search : {}
  if (typeof low === 'number' && typeof high === 'number' && low >= high) problems.push({ path: '/search/high', message: `must be above "low", ${low}` })
  return problems
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function problemsOfLayer (rules: MethodRules, method: MethodName, rule: unknown, path: string, { granularity, decides }: { readonly granularity: unknown, readonly decides: boolean }): Problem[] {
  if (rules.target === null || typeof rule !== 'object' || rule === null) return []
  const other = rules.target === 'sparsity' ? 'threshold' : 'sparsity'
  const problems: Problem[] = []
  if (Object.hasOwn(rule, other)) problems.push({ path: `${path}/${other}`, message: `is not taken by the method ${method}, which takes "${rules.target}"` })
  if (decides && Object.hasOwn(rule, 'sparsity')) problems.push({ path: `${path}/sparsity`, message: 'needs a target beside it: without one the method decides how much is pruned, everywhere' })
  if (rules.everyGroup === true) problems.push(...problemsOfShare(rules, (rule as { sparsity?: unknown }).sparsity, granularity, `${path}/sparsity`))
  if (!['sparsity', 'threshold', 'skip'].some((key) => Object.hasOwn(rule, key))) problems.push({ path, message: `says nothing: give "${rules.target}" or "skip"` })
  if ((rule as { skip?: unknown }).skip === true && Object.hasOwn(rule, rules.target)) {
    problems.push({ path: `${path}/skip`, message: `contradicts "${rules.target}": a skipped layer is not pruned` })
  }
  return problems
}
