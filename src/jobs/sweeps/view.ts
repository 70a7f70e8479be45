/** A sweep as the API shows it: its row, and what its jobs have come to. */
import type { Measurement } from '../../methods/receipt.ts'
import { metricOf, type MainMetric } from './candidates.ts'
import { valuesOfPoint } from './points.ts'
import type { PointRow, SweepAsked, SweepRow } from './ports.ts'
import type { PointFigures, Sweep, SweepPoint, SweepSummary } from './resource.ts'
import { resultOf, type SweepResult } from './result.ts'
import { progressOf } from './states.ts'

/** As lists show it, without points. */
export function summaryOf (row: SweepRow): SweepSummary {
  return shared(row, row.result)
}

/** With its points, by place. While it has not ended the Pareto sets are of what has succeeded so far, and nothing is picked yet. */
export function sweepView (row: SweepRow, points: readonly PointRow[]): Sweep {
  const result = row.result ?? resultOf(points, null)
  return {
    ...shared(row, result),
    request: row.request as Sweep['request'],
    points: points.map((point) => pointView(point, row.request, result.metric)),
  }
}

function shared (row: SweepRow, result: SweepResult | null): SweepSummary {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    model: row.modelId,
    ...(row.datasetId !== null && { dataset: row.datasetId }),
    ...(row.evaluationDatasetId !== null && { evaluationDataset: row.evaluationDatasetId }),
    counts: { ...row.counts },
    progress: progressOf(row.counts),
    metric: result?.metric ?? null,
    pareto: result === null ? null : { ...result.pareto },
    picked: result?.picked ?? null,
    createdAt: row.createdAt.toISOString(),
    ...(row.finishedAt !== null && { finishedAt: row.finishedAt.toISOString() }),
  }
}

function pointView ({ job, place, state, before, after, error }: PointRow, request: SweepAsked, metric: MainMetric | null): SweepPoint {
  return {
    job, place, state, values: valuesOfPoint(request, place), before: figuresOf(before, metric), after: figuresOf(after, metric),
    ...(error !== null && { error: { ...error, ...(error.details !== undefined && { details: { ...error.details } }) } as NonNullable<SweepPoint['error']> }),
  }
}

function figuresOf (measured: Measurement | null, metric: MainMetric | null): PointFigures | null {
  if (measured === null) return null
  const { bytes, gzipBytes, nonzeros, weights, macs, latencyMs } = measured
  return { metric: metric === null ? null : metricOf(measured, metric.name), loss: metricOf(measured, 'loss'), bytes, gzipBytes, nonzeros, weights, macs, latencyMs: latencyMs?.p50 ?? null }
}
