/** Rule `smallest`: the least cost among points that are accurate enough. */
import { Type, type Static } from 'typebox'
import type { Candidate } from '../candidates.ts'
import { COST_NAMES } from '../costs.ts'
import { badness, least, shown, type PickRule } from './rule.ts'

const share = (description: string) => Type.Optional(Type.Number({ minimum: 0, maximum: 1, description }))

const schema = Type.Object({
  smallest: Type.Enum([...COST_NAMES], { type: 'string', description: 'the cost that is to be small' }),
  maxAccuracyDrop: share('how far the accuracy may fall below the given model\'s, absolute'),
  minAccuracy: share('what the accuracy must come to'),
}, { additionalProperties: false })

/** Sums of shares such as 0.9 - 0.89 miss the limit by less than this. */
const ROUNDING = 1e-12

export const smallest = {
  description: 'the point of least cost among those whose accuracy is good enough; {"smallest": "bytes", "maxAccuracyDrop": 0.01} or {"smallest": "macs", "minAccuracy": 0.9}',
  schema,
  problem: ({ maxAccuracyDrop, minAccuracy }) => maxAccuracyDrop === undefined && minAccuracy === undefined ? 'needs "maxAccuracyDrop" or "minAccuracy": the smallest of all is seldom wanted' : undefined,
  pick ({ smallest: cost, maxAccuracyDrop = Infinity, minAccuracy = -Infinity }, candidates, metric) {
    if (metric?.name !== 'accuracy') return { job: null, because: `no accuracy was measured${metric === null ? '' : `, only ${metric.name}`}` }
    const measured = candidates.filter((candidate) => candidate.metric !== null && candidate.costs[cost] !== null && (maxAccuracyDrop === Infinity || candidate.before !== null))
    if (measured.length === 0) return { job: null, because: `no point has both an accuracy and a figure for ${cost}` }
    const dropOf = ({ before, metric: after }: Candidate): number => (before ?? 0) - after!
    const missBy = (candidate: Candidate): number => Math.max(dropOf(candidate) - maxAccuracyDrop, minAccuracy - candidate.metric!)
    const limits = [maxAccuracyDrop === Infinity ? [] : [`falls by at most ${shown(maxAccuracyDrop)}`], minAccuracy === -Infinity ? [] : [`is at least ${shown(minAccuracy)}`]].flat().join(' and ')
    const good = measured.filter((candidate) => missBy(candidate) <= ROUNDING)
    if (good.length === 0) {
      const near = least(measured, (candidate) => [missBy(candidate)])
      return { job: null, because: `there is no point whose accuracy ${limits}; ${near.job} comes nearest with ${shown(near.metric!)}${near.before === null ? '' : ` of ${shown(near.before)}`}` }
    }
    const best = least(good, (candidate) => [candidate.costs[cost]!, badness(candidate, metric)])
    return { job: best.job, because: `the least ${cost}, ${shown(best.costs[cost]!)}, of ${good.length} points whose accuracy ${limits}: ${shown(best.metric!)}${best.before === null ? '' : ` of ${shown(best.before)}`}` }
  },
} as const satisfies PickRule<Static<typeof schema>>
