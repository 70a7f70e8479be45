/** A point of a training run's figures: what was measured when so many of its steps were done. */
import { Type, type Static } from 'typebox'

/** Letters of a series' name. A name is part of an index' key, and Postgres takes at most 2704 bytes for one. */
export const MAX_SERIES_NAME = 500

/**
 * `values` by the name of their series, which is flat: `loss`, `accuracy`, `val_loss`, `sparsity/conv2d/kernel`. Within an epoch loss and metrics are the
 * means since it began, as in its end.
 */
export const MetricPoint = Type.Object({
  step: Type.Integer({ minimum: 0, description: 'steps of the run that are done' }),
  epoch: Type.Integer({ minimum: 1, description: 'the epoch that the last of these steps belongs to, counted from 1' }),
  values: Type.Record(Type.String(), Type.Number()),
})

export type MetricPoint = Static<typeof MetricPoint>

/** The point with what can be kept of it, which a NaN, an infinite number and a name without or with too many letters cannot; undefined when nothing is left. */
export function keptPoint ({ step, epoch, values }: MetricPoint): MetricPoint | undefined {
  const kept = Object.entries(values).filter(([name, value]) => Number.isFinite(value) && name.length > 0 && name.length <= MAX_SERIES_NAME)
  return kept.length === 0 ? undefined : { step, epoch, values: Object.fromEntries(kept) }
}
