/** What every update of the masks did, for the receipt: kept in checkpoints, and in bounds however often masks change. */
import type { MaskUpdate } from '../receipt.ts'
import type { PrunedPool } from './pool.ts'

export interface UpdateLog {
  readonly updates: readonly MaskUpdate[]
  /** Figures of the masks for the time series, with the counts since they were last taken; null when no update was made since, or less than a second ago. */
  takeFigures (): Record<string, number> | null
  /** `counts`: int32 [pruned weights, 3] of pruned, spliced and zero elements; `asked`: zeros in all, or null. */
  add (step: number, counts: ArrayLike<number>, asked: number | null): MaskUpdate
  save (): unknown
  load (notes: unknown): void
}

/** Milliseconds between figures. */
const FIGURES_EVERY = 1000

/** More updates than anybody reads or draws: neighbours are put together. */
const MOST = 1000

export function createUpdateLog ({ tensors, weights }: Pick<PrunedPool, 'tensors' | 'weights'>, now: () => number = () => performance.now()): UpdateLog {
  const sizes = tensors.map(({ name, weights: size }) => ({ name, size }))
  let updates: MaskUpdate[] = []
  let [takenAt, pruned, spliced, asked] = [-Infinity, 0, 0, NaN]
  let zeros: number[] | null = null
  return {
    get updates () { return updates },
    takeFigures () {
      if (zeros === null || now() - takenAt < FIGURES_EVERY) return null
      const own = zeros
      const figures = {
        sparsity: own.reduce((sum, one) => sum + one, 0) / weights,
        ...(Number.isFinite(asked) && { asked }),
        pruned,
        spliced,
        ...Object.fromEntries(sizes.map(({ name, size }, index) => [`sparsity/${name}`, own[index]! / size])),
      };
      [takenAt, pruned, spliced, zeros] = [now(), 0, 0, null]
      return figures
    },
    add (step, counts, zerosAsked) {
      const sum = (column: number): number => {
        let total = 0
        for (let at = column; at < counts.length; at += 3) total += counts[at]!
        return total
      }
      const [gone, back] = [sum(0), sum(1)]
      const share = zerosAsked === null ? null : zerosAsked / weights
      const update: MaskUpdate = { step, asked: share, sparsity: sum(2) / weights, pruned: gone, spliced: back, net: gone - back }
      pruned += gone
      spliced += back
      asked = share ?? NaN
      zeros = sizes.map((_, index) => counts[3 * index + 2]!)
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
