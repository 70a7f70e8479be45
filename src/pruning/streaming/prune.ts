/** Pruning of a pool that is not held: the same counts and the same cuts as in memory, and a cut for each tensor to be made while it is written. */
import { SCOPES, type Scope } from '../allocation/index.ts'
import { rankingsOf, totalsOf, type PrunedTensor, type PruneReport, type PruneTarget } from '../prune.ts'
import type { PlacedCut } from './elements.ts'
import { findStreamedCut, type CutCounts, type FindOptions } from './find-cut.ts'
import { placeOf, placeWithin, tallyOf, type StreamedTensor } from './tensor.ts'

export interface StreamedReport extends PruneReport {
  /** In the order of the pool; null where nothing is cut. */
  readonly cuts: ReadonlyArray<PlacedCut | null>
}

export interface StreamedTarget extends PruneTarget {
  /** Are the weights' own magnitudes ranked? Then the threshold is one of weights. */
  readonly byMagnitude: boolean
}

/**
 * As `pruneByScores`, of single weights in a scope that ranks them by their own scores. Tensors are read, mostly once each, competition by competition.
 * Throws `invalid-model` for what is NaN or infinite.
 */
export async function pruneStreamed (pool: readonly StreamedTensor[], { byMagnitude, ...target }: StreamedTarget, options?: FindOptions): Promise<StreamedReport> {
  const tensors: PrunedTensor[] = new Array(pool.length)
  const cuts: Array<PlacedCut | null> = new Array(pool.length).fill(null)
  let threshold: number | null = null
  let asked = 0
  for (const { members, zeros, asked: share, shared } of rankingsOf(pool, target)) {
    const { cut, counts } = await findStreamedCut(members.map((member) => pool[member]!), zeros, options)
    const magnitude = byMagnitude ? cut?.magnitude ?? null : null
    let ties = cut?.ties ?? 0
    for (const [at, index] of members.entries()) {
      const [tensor, found] = [pool[index]!, counts[at]!]
      const used = Math.min(ties, found.equal)
      ties -= used
      if (cut !== null) cuts[index] = { bits: cut.bits, until: await lastTie(tensor, cut.bits, used, found) }
      const after = cut === null || cut.bits === 0 ? found.zerosBefore : found.less + used
      tensors[index] = { name: tensor.name, layer: tensor.layer, weights: tensor.weights, asked: share, zerosBefore: found.zerosBefore, zeros: after, threshold: magnitude }
    }
    if (shared) threshold ??= magnitude
    asked += zeros
  }
  return { ...totalsOf(tensors), tensors, cuts, asked, threshold }
}

/** The number up to which those equal to the cut go. */
async function lastTie (tensor: StreamedTensor, bits: number, used: number, { equal, places = [] }: CutCounts): Promise<number> {
  if (used === 0) return 0
  if (used === equal) return tensor.weights
  let before = 0
  const place = places.find(({ equal }) => (before += equal) >= used)
  const found = place === undefined ? null : await placeWithin(tensor, place, bits, used - before + place.equal)
  return 1 + (found ?? await placeOf(tensor, bits, used))
}

/** As `pruneThreshold`: |w| <= fround(threshold) goes. One reading. */
export async function pruneStreamedThreshold (pool: ReadonlyArray<StreamedTensor & { readonly threshold: number }>): Promise<StreamedReport> {
  const tensors: PrunedTensor[] = []
  const cuts: PlacedCut[] = []
  for (const tensor of pool) {
    const limit = Math.fround(tensor.threshold)
    const next = new Int32Array(new Float32Array([limit]).buffer)[0]! + 1
    const { zeros, below } = await tallyOf(tensor, { from: next, to: next }, { left: 0, apart: 0 })
    cuts.push({ bits: next, until: 0 })
    tensors.push({ name: tensor.name, layer: tensor.layer, weights: tensor.weights, asked: null, zerosBefore: zeros, zeros: below, threshold: limit })
  }
  const totals = totalsOf(tensors)
  return { ...totals, tensors, cuts, asked: totals.zeros, threshold: null }
}

/** Can weights be ranked in this scope without being held? Not where a weight's score depends on the others of its tensor. */
export function isStreamable (scope: PruneTarget['scope']): boolean {
  const { score }: Scope = SCOPES[scope]
  return score === undefined
}
