/** Pruning of a pool of tensors to exact counts: who competes with whom, where each ranking is cut, what became of each tensor. */
import { SCOPES, type Competitor, type LayerCurve, type Scope, type ScopeName } from './allocation/index.ts'
import { CRITERIA, type Criterion, type CriterionName } from './criteria/index.ts'
import { cutOf, type Contender } from './cut.ts'
import type { Grouping } from './granularity/index.ts'
import { assertFinite } from './select.ts'

/** A tensor that may be pruned. `values` is changed in place. */
export interface PoolTensor {
  /** `layer/role`, for reports and messages. */
  readonly name: string
  readonly layer: string
  /** For scopes that look at it; without one: a vector. */
  readonly shape?: readonly number[]
  readonly values: Float32Array
  /** A sparsity of its own: its layer is pinned to it and leaves the competition. */
  readonly sparsity?: number
  /** What goes together; absent or null: every weight on its own. */
  readonly grouping?: Grouping | null
  /** Element -> output, for scopes that ask for it. */
  readonly outputOf?: Int32Array
}

export interface PrunedTensor {
  readonly name: string
  readonly layer: string
  readonly weights: number
  /** The sparsity asked of this tensor's layer; null where layers share one budget. */
  readonly asked: number | null
  readonly zerosBefore: number
  readonly zeros: number
  /** The largest magnitude that was zeroed in its competition; null when nothing was asked of it. */
  readonly threshold: number | null
}

export interface PruneReport {
  /** In the order of the pool. */
  readonly tensors: readonly PrunedTensor[]
  /** Zeros asked in all: the sum over the competitions, each as near to its share as whole units come. */
  readonly asked: number
  readonly zeros: number
  readonly weights: number
  /** Weights that were not zero before. */
  readonly changed: number
  /** The magnitude at which the ranking over all layers was cut; null without such a ranking. */
  readonly threshold: number | null
}

export interface PruneTarget {
  /** Share of the weights that become zero, in [0, 1). */
  readonly sparsity: number
  readonly scope: ScopeName
  /** Of scopes that scan. */
  readonly curves?: readonly LayerCurve[]
}

/** One ranking: its members by their index in the pool. */
export interface Ranking { readonly members: readonly number[], readonly zeros: number, readonly asked: number | null, readonly shared: boolean }

/** Scores of the weights of a pool, tensor by tensor, and what the score of a unit of them is. */
export interface PoolScores { readonly scores: readonly Float32Array[], readonly units?: Criterion['units'] }

/** Zeroes the weights of least magnitude (or another criterion's score that needs no data) in place, as `pruneByScores` does. */
export function pruneMagnitude (pool: readonly PoolTensor[], { criterion = 'magnitude', ...target }: PruneTarget & { readonly criterion?: CriterionName }): PruneReport {
  const { score, units } = CRITERIA[criterion] as Criterion
  return pruneByScores(pool, { scores: pool.map(({ values, grouping = null }, place) => score(values, { observed: {}, seed: 0, place, grouping })), ...(units && { units }) }, target)
}

/**
 * Zeroes the weights of least score in place. In every competition of N weights exactly floor(sparsity * N + 0.5) are zero afterwards (more only when
 * more were zero before; as many as whole units give, where units are larger than weights); equal ones go in the order of the pool and of their
 * position. Throws `invalid-model` for weights or scores that are NaN or infinite, before anything is changed.
 */
export function pruneByScores (pool: readonly PoolTensor[], { scores, units }: PoolScores, target: PruneTarget): PruneReport {
  for (const [index, { name, values }] of pool.entries()) {
    if (scores[index] === values) continue
    assertFinite(name, values)
    assertFinite(name, scores[index]!, 'scores')
  }
  const rankings = rankingsOf(pool.map(({ layer, sparsity, values, shape = [values.length] }) => ({ layer, weights: values.length, shape, sparsity })), target)
  const { score: weigh, isGlobal } = SCOPES[target.scope] as Scope
  const cuts = rankings.map(({ members, zeros }) => {
    const pinned = members.some((index) => pool[index]!.sparsity !== undefined)
    const contenders = members.map((index) => contenderOf(pool[index]!, scores[index]!))
    return cutOf(contenders, zeros, { units, ...((!pinned || !isGlobal) && weigh && { weigh }) })
  })
  const tensors: PrunedTensor[] = new Array(pool.length)
  for (const [number, { members, asked }] of rankings.entries()) {
    const { apply, threshold } = cuts[number]!
    for (const [at, counts] of apply().entries()) {
      const { name, layer, values } = pool[members[at]!]!
      tensors[members[at]!] = { name, layer, weights: values.length, asked, ...counts, threshold }
    }
  }
  const shared = rankings.findIndex((ranking) => ranking.shared)
  return { ...totalsOf(tensors), tensors, asked: cuts.reduce((sum, { zeros }) => sum + zeros, 0), threshold: cuts[shared]?.threshold ?? null }
}

function contenderOf ({ name, values, grouping = null, outputOf }: PoolTensor, scores: Float32Array): Contender {
  return outputOf === undefined ? { name, values, grouping, scores } : { name, values, grouping, scores, outputOf }
}

/** Sums over tensors: weights, zeros, and how many became zero. */
export function totalsOf (tensors: readonly PrunedTensor[]): { weights: number, zeros: number, changed: number } {
  return tensors.reduce((sum, { weights, zeros, zerosBefore }) => ({
    weights: sum.weights + weights, zeros: sum.zeros + zeros, changed: sum.changed + zeros - zerosBefore,
  }), { weights: 0, zeros: 0, changed: 0 })
}

/** Pinned tensors rank within their layer (those of one layer with the same sparsity together); the scope shares out the rest. */
export function rankingsOf (sizes: ReadonlyArray<Competitor & { readonly sparsity?: number | undefined }>, { sparsity, scope, curves }: PruneTarget): Ranking[] {
  const pinned = new Map<number, number[]>()
  const free: number[] = []
  for (const [index, tensor] of sizes.entries()) {
    if (tensor.sparsity === undefined) free.push(index)
    else pinned.set(tensor.sparsity, [...pinned.get(tensor.sparsity) ?? [], index])
  }
  const within = (indices: readonly number[], name: ScopeName, share: number) => indices.length === 0
    ? []
    : SCOPES[name].allocate(indices.map((index) => sizes[index]!), share, curves).map(({ members, zeros }) => ({ members: members.map((member) => indices[member]!), zeros }))
  const { isGlobal, score } = SCOPES[scope] as Scope
  return [
    ...within(free, scope, sparsity).map((one) => ({ ...one, asked: isGlobal ? null : askedOf(one, sizes, sparsity), shared: isGlobal && score === undefined })),
    ...[...pinned].flatMap(([share, indices]) => within(indices, 'layer', share).map((one) => ({ ...one, asked: share, shared: false }))),
  ]
}

/** The share that is asked of one competition, where the scope shares zeros out unevenly. */
function askedOf ({ members, zeros }: { readonly members: readonly number[], readonly zeros: number }, sizes: ReadonlyArray<{ readonly weights: number }>, sparsity: number): number {
  const weights = members.reduce((sum, index) => sum + sizes[index]!.weights, 0)
  return Math.abs(zeros - sparsity * weights) <= 0.5 ? sparsity : zeros / weights
}
