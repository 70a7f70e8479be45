/** Erdos-Renyi kernel: layers with many weights for their sizes are pruned more. */
import { membersByLayer, zerosFor, type Competitor, type Scope } from './scope.ts'

/** The density of layer l is proportional to (sum of its sizes) / (product of its sizes), at most 1. */
export const erk: Scope = {
  description: 'a ranking in each layer; densities proportional to the sum of a kernel\'s sizes over their product',
  isGlobal: false,
  allocate (pool, sparsity) {
    const groups = membersByLayer(pool).map((members) => ({ members, weights: total(pool, members), share: shareOf(pool, members) }))
    const all = groups.reduce((sum, { weights }) => sum + weights, 0)
    const kept = keptOf(groups, all - zerosFor(sparsity, all))
    return groups.map(({ members, weights }, index) => ({ members, zeros: weights - kept[index]! }))
  },
}

/** Mean over a layer's tensors, by their sizes. Source: Evci et al., Rigging the Lottery, 2020, section 3.1. */
function shareOf (pool: readonly Competitor[], members: readonly number[]): number {
  const parts = members.map((index) => {
    const { weights, shape = [weights] } = pool[index]!
    return shape.reduce((sum, size) => sum + size, 0)
  })
  return parts.reduce((sum, part) => sum + part, 0) / total(pool, members)
}

interface Group { readonly weights: number, readonly share: number }

/** Weights kept by each group, `budget` in all: proportional to share times weights, full groups taken out first, rests to the largest remainders. */
function keptOf (groups: readonly Group[], budget: number): number[] {
  const full = new Set<number>()
  for (;;) {
    const free = groups.map((_, index) => index).filter((index) => !full.has(index))
    const left = budget - groups.reduce((sum, { weights }, index) => sum + (full.has(index) ? weights : 0), 0)
    const raw = free.reduce((sum, index) => sum + groups[index]!.share * groups[index]!.weights, 0)
    const scale = raw === 0 ? 0 : Math.max(0, left) / raw
    const over = free.filter((index) => groups[index]!.share * scale > 1)
    if (over.length === 0) return rounded(groups.map(({ weights, share }, index) => full.has(index) ? weights : share * scale * weights), budget)
    for (const index of over) full.add(index)
  }
}

function rounded (exact: readonly number[], budget: number): number[] {
  const whole = exact.map(Math.floor)
  const order = exact.map((value, index) => ({ index, rest: value - whole[index]! })).sort((a, b) => b.rest - a.rest || a.index - b.index)
  let left = budget - whole.reduce((sum, value) => sum + value, 0)
  for (const { index, rest } of order) {
    if (left <= 0) break
    if (rest === 0) continue
    whole[index]!++
    left--
  }
  return whole
}

function total (pool: readonly Competitor[], members: readonly number[]): number {
  return members.reduce((sum, index) => sum + pool[index]!.weights, 0)
}
