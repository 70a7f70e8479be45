/** Pruning of a pool of tensors to exact counts: who competes with whom, where each ranking is cut, what became of each tensor. */
import { SCOPES, type Scope, type ScopeName } from './allocation/index.ts'
import { CRITERIA, type CriterionName } from './criteria/index.ts'
import { applyCut, assertFinite, findCut } from './select.ts'

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
  /** Zeros asked in all: the sum over the competitions. */
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
  readonly criterion?: CriterionName
}

/** One ranking: its members by their index in the pool. */
interface Ranking { readonly members: readonly number[], readonly zeros: number, readonly asked: number | null, readonly shared: boolean }

/**
 * Zeroes the least magnitudes in place. In every competition of N weights exactly floor(sparsity * N + 0.5) are zero afterwards (more only when
 * more were zero before); weights that are zero already count first, equal ones go in the order of the pool and of their position. Throws
 * `invalid-model` for NaN or infinite weights, before anything is changed.
 */
export function pruneMagnitude (pool: readonly PoolTensor[], target: PruneTarget): PruneReport {
  const score = CRITERIA[target.criterion ?? 'magnitude'].score
  const { score: weigh } = SCOPES[target.scope] as Scope
  const scores = pool.map(({ name, values, sparsity }) => {
    const own = score(values)
    if (weigh === undefined || sparsity !== undefined) return own
    assertFinite(name, own)
    return weigh(own)
  })
  const rankings = rankingsOf(pool, target)
  const cuts = rankings.map(({ members, zeros }) => findCut(members.map((index) => ({ name: pool[index]!.name, scores: scores[index]! })), zeros))
  const tensors: PrunedTensor[] = new Array(pool.length)
  for (const [number, { members, asked }] of rankings.entries()) {
    const cut = cuts[number]!
    let ties = cut?.ties ?? 0
    for (const index of members) {
      const { name, layer, values } = pool[index]!
      const applied = applyCut(values, scores[index]!, cut, ties)
      ties -= applied.ties
      tensors[index] = { name, layer, weights: values.length, asked, zerosBefore: applied.zerosBefore, zeros: applied.zeros, threshold: weigh !== undefined && pool[index]!.sparsity === undefined ? null : cut?.magnitude ?? null }
    }
  }
  const shared = rankings.findIndex((ranking) => ranking.shared)
  return { ...totalsOf(tensors), tensors, asked: rankings.reduce((sum, { zeros }) => sum + zeros, 0), threshold: cuts[shared]?.magnitude ?? null }
}

/** Sums over tensors: weights, zeros, and how many became zero. */
export function totalsOf (tensors: readonly PrunedTensor[]): { weights: number, zeros: number, changed: number } {
  return tensors.reduce((sum, { weights, zeros, zerosBefore }) => ({
    weights: sum.weights + weights, zeros: sum.zeros + zeros, changed: sum.changed + zeros - zerosBefore,
  }), { weights: 0, zeros: 0, changed: 0 })
}

/** Pinned tensors rank within their layer (those of one layer with the same sparsity together); the scope shares out the rest. */
function rankingsOf (pool: readonly PoolTensor[], { sparsity, scope }: PruneTarget): Ranking[] {
  const sizes = pool.map(({ layer, values, shape = [values.length] }) => ({ layer, weights: values.length, shape }))
  const pinned = new Map<number, number[]>()
  const free: number[] = []
  for (const [index, tensor] of pool.entries()) {
    if (tensor.sparsity === undefined) free.push(index)
    else pinned.set(tensor.sparsity, [...pinned.get(tensor.sparsity) ?? [], index])
  }
  const within = (indices: readonly number[], name: ScopeName, share: number) => indices.length === 0
    ? []
    : SCOPES[name].allocate(indices.map((index) => sizes[index]!), share).map(({ members, zeros }) => ({ members: members.map((member) => indices[member]!), zeros }))
  const { isGlobal, score } = SCOPES[scope] as Scope
  return [
    ...within(free, scope, sparsity).map((one) => ({ ...one, asked: isGlobal ? null : sparsity, shared: isGlobal && score === undefined })),
    ...[...pinned].flatMap(([share, indices]) => within(indices, 'layer', share).map((one) => ({ ...one, asked: share, shared: false }))),
  ]
}
