/** Which figure of a receipt says how good a model is. */
import type { MainMetric as KnownMetric } from '../../jobs/sweeps/candidates.ts'
import type { Receipt } from '../api/types.ts'

/** In the order in which they are looked for, as sweeps do; of the others less is better. */
const IS_SHARE = { accuracy: true, mse: false, loss: false } as const satisfies Record<KnownMetric['name'], boolean>

export interface MainMetric { readonly name: string, readonly isShare: boolean, readonly before: number | null, readonly after: number | null }

/** Null when nothing was measured. */
export function mainMetric ({ before, after }: Pick<Receipt, 'before' | 'after'>): MainMetric | null {
  const metrics = after.metrics ?? before.metrics
  if (metrics === null) return null
  const [name, isShare] = Object.entries(IS_SHARE).find(([known]) => known in metrics) ?? [Object.keys(metrics)[0], false]
  if (name === undefined) return null
  return { name, isShare, before: before.metrics?.[name] ?? null, after: after.metrics?.[name] ?? null }
}
