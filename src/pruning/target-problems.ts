/** What is wrong with a target for its method, and with the search for it. */
import { decidesByOption, TARGET_OPTIONS } from './method-options.ts'
import { METHOD_NAMES, METHOD_RULES, type MethodName, type MethodRules } from './method-rules.ts'
import { TARGET_NAMES, TARGETS, type TargetKind, type TargetName } from './targets.ts'
import { isObject, type Problem } from './validate.ts'

export function problemsOfTarget (rules: MethodRules, method: MethodName, input: Record<string, unknown>): Problem[] {
  const { targets } = rules
  if (targets.length === 0) return []
  const { target, options, granularity } = input
  const instead = TARGET_OPTIONS[method]
  if (target === undefined) {
    if (decidesByOption(method, options) || (rules.granularities !== undefined && isObject(granularity) && granularity.type === 'n:m')) return []
    const other = instead === undefined ? '' : `, or options.${instead}`
    return [{ path: '/target', message: `is needed: the method ${method} takes ${formsOf(targets).join(' or ')}${other}` }]
  }
  if (!isObject(target)) return []
  const given = TARGET_NAMES.filter((key) => Object.hasOwn(target, key))
  const wrong = given.find((key) => !targets.includes(key))
  if (wrong !== undefined) return [{ path: `/target/${wrong}`, message: `is not taken by the method ${method}, which takes ${targets.map((name) => `"${name}"`).join(' or ')}${otherwise(targets, wrong)}` }]
  if (given.length > 1) return [{ path: '/target', message: `must have one of ${targets.join(', ')}, not ${given.join(' and ')}` }]
  if (given.length === 0) return [{ path: `/target/${targets[0]}`, message: `is needed by the method ${method}${targets.length > 1 ? `, or one of ${targets.slice(1).join(', ')}` : ''}` }]
  const broken = given.find((key) => (key === 'params' || key === 'macs') && typeof target[key] === 'number' && target[key] > 1 && !Number.isInteger(target[key]))
  if (broken !== undefined) return [{ path: `/target/${broken}`, message: `is ${String(target[broken])}: give a whole number, or a share below 1` }]
  const beside = Object.entries({ as: 'bytes', unit: 'threshold' }).flatMap(([key, owner]) => Object.hasOwn(target, key) && given[0] !== owner ? [{ path: `/target/${key}`, message: `goes with "${owner}", not with "${given[0]}"` }] : [])
  return [...beside, ...problemsOfShare(rules, target.sparsity, granularity, '/target/sparsity')]
}

/** What to do about a target that the method does not take. */
function otherwise (targets: readonly TargetName[], wrong: TargetName): string {
  if (wrong === 'sparsity' && targets.includes('channels')) return '; a share of the channels is {"channels": 0.5}'
  const takers = METHOD_NAMES.filter((name) => (METHOD_RULES[name] as MethodRules).targets.includes(wrong))
  return takers.every((name) => (METHOD_RULES[name] as MethodRules).reshapes === true) ? `; it is for methods that take channels out: ${takers.join(', ')}` : ''
}

function formsOf (targets: readonly TargetName[]): string[] {
  return targets.map((name) => `{"${name}": number}`)
}

/** No more can go than n:m takes of every group. */
export function problemsOfShare ({ everyGroup }: MethodRules, sparsity: unknown, granularity: unknown, path: string): Problem[] {
  if (typeof sparsity !== 'number' || !isObject(granularity) || granularity.type !== 'n:m') return []
  const [n, m] = [granularity.n, granularity.m]
  if (typeof n !== 'number' || typeof m !== 'number' || sparsity === 1 - n / m) return []
  if (everyGroup === true) return [{ path, message: `is ${sparsity}, but ${n}:${m} makes ${1 - n / m} zero: leave it out` }]
  if (sparsity < 1 - n / m) return []
  return [{ path, message: `is ${sparsity}, but ${n}:${m} makes ${1 - n / m} zero at most` }]
}

/** A search needs something to choose by, and something to look for. */
export function problemsOfSearch ({ trains, everyGroup }: MethodRules, { target, search, training, granularity }: Record<string, unknown>): Problem[] {
  const name = isObject(target) ? TARGET_NAMES.find((key) => Object.hasOwn(target, key)) : undefined
  const kind = name === undefined ? undefined : (TARGETS[name] as TargetKind).search
  const problems: Problem[] = []
  if (kind !== undefined && everyGroup === true && isObject(granularity) && granularity.type === 'n:m') problems.push({ path: `/target/${name}`, message: 'is not searched for with n:m, which leaves n of every group and has one sparsity: leave the target out' })
  if (kind === undefined) return search === undefined ? [] : [{ path: '/search', message: 'is for a target that is searched for: maxAccuracyDrop, minAccuracy, bytes, latency or latencyMs' }]
  if (kind === 'size' && name !== 'bytes' && search !== undefined) problems.push({ path: '/search', message: `is not needed for "${name}", which is counted, not tried` })
  if (trains && isObject(training) && training.validation === 0) problems.push({ path: '/training/validation', message: `is 0, but a target of ${name} is searched over validation examples: keep some apart` })
  if (!isObject(search)) return problems
  if (trains && search.examples !== undefined) problems.push({ path: '/search/examples', message: 'is for methods that do not train: training.validation says how many select' })
  if (kind !== 'accuracy' && search.examples !== undefined) problems.push({ path: '/search/examples', message: `is for targets of accuracy: "${name}" needs none` })
  const { low = 0, high = 1 } = search
  if (typeof low === 'number' && typeof high === 'number' && low >= high) problems.push({ path: '/search/high', message: `must be above "low", ${low}` })
  return problems
}
