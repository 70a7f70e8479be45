/** What the figures by which models are judged mean, and which of a receipt says how good a model is. */
import type { MainMetric as KnownMetric } from '../../jobs/sweeps/candidates.ts'
import type { TRAIN_METRIC_NAMES } from '../../pruning/training/names.ts'
import type { Receipt } from '../api/types.ts'
import { figure, percent } from './numbers.ts'

/** `isShare`: of examples, or of something else that is whole at 1; it reads as percent. */
export interface MetricKind { readonly better: 'higher' | 'lower', readonly isShare: boolean }

const SHARE = { better: 'higher', isShare: true } as const
const SCORE = { better: 'higher', isShare: false } as const
const ERROR = { better: 'lower', isShare: false } as const

const KINDS = {
  accuracy: SHARE, top5: SHARE, exactMatch: SHARE, precision: SHARE, recall: SHARE, auc: SHARE, meanIoU: SHARE, cosineSimilarity: SCORE, r2: SCORE, mse: ERROR, rmse: ERROR, mae: ERROR, loss: ERROR,
} as const satisfies Record<typeof TRAIN_METRIC_NAMES[number] | 'loss', MetricKind>

/** In the order in which they are looked for, as sweeps do. */
const MAIN = ['accuracy', 'mse', 'loss'] as const satisfies ReadonlyArray<KnownMetric['name']>

export interface MainMetric { readonly name: string, readonly isShare: boolean, readonly before: number | null, readonly after: number | null }

/** Undefined of a name that the engine does not have. */
export function kindOf (name: string): MetricKind | undefined {
  return Object.hasOwn(KINDS, name) ? KINDS[name as keyof typeof KINDS] : undefined
}

export function isShare (name: string): boolean {
  return kindOf(name)?.isShare === true
}

export function metricText (name: string, value: number | null | undefined): string {
  return isShare(name) ? percent(value, 2) : figure(value)
}

/** Null when nothing was measured. */
export function mainMetric ({ before, after }: Pick<Receipt, 'before' | 'after'>): MainMetric | null {
  const metrics = after.metrics ?? before.metrics
  if (metrics === null) return null
  const name = MAIN.find((known) => known in metrics) ?? Object.keys(metrics)[0]
  if (name === undefined) return null
  return { name, isShare: isShare(name), before: before.metrics?.[name] ?? null, after: after.metrics?.[name] ?? null }
}
