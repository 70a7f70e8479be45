/** What every update of the masks did, for the receipt: kept in checkpoints, and in bounds however often masks change. */
import type { MaskUpdate } from '../receipt.ts'
import type { PrunedPool } from './pool.ts'

export interface UpdateLog {
  readonly updates: readonly MaskUpdate[]
  /** `counts`: int32 [pruned weights, 3] of pruned, spliced and zero elements; `asked`: zeros in all, or null. */
  add (step: number, counts: ArrayLike<number>, asked: number | null): MaskUpdate
  save (): unknown
  load (notes: unknown): void
}

/** More updates than anybody reads or draws: neighbours are put together. */
const MOST = 1000

export function createUpdateLog ({ weights }: Pick<PrunedPool, 'weights'>): UpdateLog {
  let updates: MaskUpdate[] = []
  return {
    get updates () { return updates },
    add (step, counts, asked) {
      const sum = (column: number): number => {
        let total = 0
        for (let at = column; at < counts.length; at += 3) total += counts[at]!
        return total
      }
      const [pruned, spliced] = [sum(0), sum(1)]
      const update: MaskUpdate = { step, asked: asked === null ? null : asked / weights, sparsity: sum(2) / weights, pruned, spliced, net: pruned - spliced }
      updates.push(update)
      if (updates.length > MOST) updates = inPairs(updates)
      return update
    },
    save: () => updates,
    load (notes) { updates = [...notes as MaskUpdate[]] },
  }
}

/** Each two neighbours as one: the later's state, the counts of both. */
export function inPairs (updates: readonly MaskUpdate[]): MaskUpdate[] {
  return updates.flatMap((update, index) => {
    if (index % 2 === 0) return index === updates.length - 1 ? [update] : []
    const before = updates[index - 1]!
    return [{ ...update, pruned: before.pruned + update.pruned, spliced: before.spliced + update.spliced, net: before.net + update.net }]
  })
}
