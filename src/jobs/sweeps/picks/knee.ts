/** Rule `knee`: where further savings begin to cost more of the metric than they are worth. */
import { Type, type Static } from 'typebox'
import type { Candidate } from '../candidates.ts'
import { COST_NAMES } from '../costs.ts'
import { paretoSet } from '../pareto.ts'
import { badness, least, shown, type PickRule } from './rule.ts'

const schema = Type.Object({ knee: Type.Enum([...COST_NAMES], { type: 'string', description: 'the cost that is weighed against the metric' }) }, { additionalProperties: false })

/** Of the Pareto set of metric and cost, both scaled to [0, 1], the point that lies highest above the line between its two ends (Das 1999, "On characterizing the knee of the Pareto curve"). */
export const knee = {
  description: 'the point of the Pareto set farthest above the line between its ends, metric and cost scaled alike; {"knee": "bytes"}, or "knee" for short',
  schema,
  pick ({ knee: cost }, candidates, metric) {
    const front = paretoSet(candidates, metric, [cost])
    const costOf = (candidate: Candidate): number => candidate.costs[cost]!
    if (front.length === 0) return { job: null, because: `no point has both a metric and a figure for ${cost}` }
    const cheap = least(front, (candidate) => [costOf(candidate)])
    const good = least(front, (candidate) => [badness(candidate, metric)])
    if (costOf(cheap) === costOf(good)) return { job: cheap.job, because: `no other point has a better ${metric!.name} or less ${cost}` }
    const [width, height] = [costOf(good) - costOf(cheap), badness(cheap, metric) - badness(good, metric)]
    const above = (candidate: Candidate): number => (badness(cheap, metric) - badness(candidate, metric)) / height - (costOf(candidate) - costOf(cheap)) / width
    const best = least(front, (candidate) => [-above(candidate)])
    if (!(above(best) > 0)) return { job: null, because: `the ${front.length} points of the Pareto set of ${metric!.name} and ${cost} have no knee: none lies above the line between its ends; take a rule with a limit` }
    return { job: best.job, because: `the knee of ${front.length} points in ${metric!.name} and ${cost}: ${metric!.name} ${shown(best.metric!)} at ${shown(costOf(best))}, ${shown(above(best))} above the line between the ends` }
  },
} as const satisfies PickRule<Static<typeof schema>>
