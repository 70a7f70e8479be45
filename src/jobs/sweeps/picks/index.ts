/** The table of rules by which the best point of a sweep is picked: one line each. */
import { Type, type Static, type TSchema } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import { isObject, problemsOf, unknownKey, type CheckedSchema } from '../../../pruning/validate.ts'
import type { Candidate, MainMetric } from '../candidates.ts'
import { best } from './best.ts'
import { knee } from './knee.ts'
import type { Picked, PickRule } from './rule.ts'
import { smallest } from './smallest.ts'

/** A rule is told by its key. */
export const PICKS = { knee, smallest, best } as const satisfies Record<string, PickRule<never>>

export type PickName = keyof typeof PICKS
export const PICK_NAMES = Object.keys(PICKS) as PickName[]

/** A rule as it is stored: complete. */
export type Pick = Static<typeof PICKS[PickName]['schema']>

/** As it is written, for the documentation. */
export const PickInput = Type.Unsafe<unknown>({
  ...Type.Union([Type.Literal('knee'), ...PICK_NAMES.map((name): TSchema => PICKS[name].schema)]),
  description: `the rule by which the best point is picked. ${PICK_NAMES.map((name) => `${name}: ${PICKS[name].description}`).join('. ')}`,
})

/** @throws `invalid-request` with `errors: [{path, message}]` */
export function parsePick (value: unknown): Pick {
  const written = value === 'knee' ? { knee: 'bytes' } : value
  if (!isObject(written)) throw invalid([{ path: '/pick', message: `must be "knee" or an object with one of the keys ${PICK_NAMES.join(', ')}` }])
  const name = PICK_NAMES.find((known) => Object.hasOwn(written, known))
  if (name === undefined) {
    const [key] = Object.keys(written)
    throw invalid([{ path: '/pick', message: key === undefined ? `needs one of the keys ${PICK_NAMES.join(', ')}` : `has none of the keys ${PICK_NAMES.join(', ')}; ${unknownKey(key, PICK_NAMES)}` }])
  }
  const problems = problemsOf(PICKS[name].schema as unknown as CheckedSchema, written, '/pick')
  if (problems.length > 0) throw invalid(problems)
  const rule: PickRule<never> = PICKS[name]
  const problem = rule.problem?.(written as never)
  if (problem !== undefined) throw invalid([{ path: '/pick', message: problem }])
  return written as Pick
}

/** Applies a rule to the points that have succeeded. */
export function pick (rule: Pick, candidates: readonly Candidate[], metric: MainMetric | null): Picked {
  if (candidates.length === 0) return { job: null, because: 'no point has succeeded' }
  const name = PICK_NAMES.find((known) => Object.hasOwn(rule, known))!
  return (PICKS[name] as PickRule<never>).pick(rule as never, candidates, metric)
}

function invalid (errors: ReadonlyArray<{ path: string, message: string }>): EspalierError {
  return new EspalierError('invalid-request', errors.map(({ path, message }) => `${path} ${message}`).join('; '), { errors })
}
