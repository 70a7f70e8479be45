/** Rule `best`: the best metric among points that cost little enough. */
import { Type, type Static } from 'typebox'
import type { Candidate } from '../candidates.ts'
import { COST_NAMES, COSTS, type CostName } from '../costs.ts'
import { badness, least, shown, type PickRule } from './rule.ts'

const most = (name: CostName) => Type.Optional(Type.Number({ minimum: 0, description: `${COSTS[name].description}, at most` }))

const limits = {
  bytes: most('bytes'), gzipBytes: most('gzipBytes'), nonzeros: most('nonzeros'), weights: most('weights'), macs: most('macs'), latency: most('latency'),
} as const satisfies Record<CostName, unknown>

const schema = Type.Object({
  best: Type.Enum(['accuracy', 'metric'], { type: 'string', description: 'accuracy, or whatever metric the sweep is compared by' }),
  within: Type.Object(limits, { additionalProperties: false, description: 'what a point may cost' }),
}, { additionalProperties: false })

export const best = {
  description: 'the point with the best accuracy (or metric of the task) among those that cost at most so much; {"best": "accuracy", "within": {"bytes": 500000}}',
  schema,
  problem: ({ within }) => Object.keys(within).length === 0 ? `/within needs a limit: one of ${COST_NAMES.join(', ')}` : undefined,
  pick ({ best: wanted, within }, candidates, metric) {
    if (metric === null || (wanted === 'accuracy' && metric.name !== 'accuracy')) return { job: null, because: `no ${wanted} was measured${metric === null ? '' : `, only ${metric.name}`}` }
    const asked = Object.entries(within) as Array<[CostName, number]>
    const measured = candidates.filter((candidate) => candidate.metric !== null && asked.every(([name]) => candidate.costs[name] !== null))
    const names = asked.map(([name]) => name).join(' and ')
    if (measured.length === 0) return { job: null, because: `no point has both ${metric.name} and a figure for ${names}` }
    const limit = asked.map(([name, most]) => `${name} of at most ${shown(most)}`).join(' and ')
    const good = measured.filter((candidate) => asked.every(([name, most]) => candidate.costs[name]! <= most))
    if (good.length === 0) {
      // How often the limit it is, where it is farthest from it.
      const excess = (candidate: Candidate): number => Math.max(...asked.map(([name, most]) => candidate.costs[name]! / most))
      const near = least(measured, (candidate) => [excess(candidate)])
      return { job: null, because: `there is no point with ${limit}; ${near.job} comes nearest with ${asked.map(([name]) => `${name} ${shown(near.costs[name]!)}`).join(' and ')}` }
    }
    const chosen = least(good, (candidate) => [badness(candidate, metric), ...asked.map(([name]) => candidate.costs[name]!)])
    return { job: chosen.job, because: `the best ${metric.name}, ${shown(chosen.metric!)}, of ${good.length} points with ${limit}: ${asked.map(([name]) => `${name} ${shown(chosen.costs[name]!)}`).join(' and ')}` }
  },
} as const satisfies PickRule<Static<typeof schema>>
