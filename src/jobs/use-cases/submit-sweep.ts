/** Takes a sweep: everything is checked, then all rows are made at once, then the queue's entries. */
import { DEFAULT_MAXIMA, type JobMaxima } from '../limits.ts'
import { placeOf } from '../needs.ts'
import type { NewJob, Queue, TenantCatalog } from '../ports.ts'
import { entryOf } from '../queues.ts'
import { needData, planPoints } from '../sweeps/points.ts'
import type { SweepAsked, SweepRow } from '../sweeps/ports.ts'
import { unlessAway } from './enqueue.ts'
import { filesOf } from './submit-job.ts'

export interface SweepSubmission {
  /** Ids of uploaded files. */
  readonly model: string
  readonly dataset?: string | null
  readonly evaluationDataset?: string | null
  readonly name?: string | null
  /** As it was written; the rule is valid. */
  readonly request: SweepAsked
}

/**
 * When the queue does not answer the jobs stay queued all the same and `reconcile` adds them later.
 * @throws what `planPoints` and `needData` throw, `not-found` for a missing file, `unavailable` when the Catalog does not answer; then nothing was made
 */
export async function submitSweep ({ catalog, queue, maxima = DEFAULT_MAXIMA }: { catalog: TenantCatalog, queue: Queue, maxima?: JobMaxima }, submission: SweepSubmission): Promise<SweepRow> {
  const points = planPoints(submission.request)
  const { model, dataset, evaluationDataset } = await filesOf(catalog, submission)
  needData(points, { dataset: dataset !== null, evaluationDataset: evaluationDataset !== null })
  const files = { modelId: model.id, datasetId: dataset?.id ?? null, evaluationDatasetId: evaluationDataset?.id ?? null }
  const { sweep, jobs } = await catalog.createSweep({ name: submission.name ?? null, request: submission.request, jobs: points.map(({ recipe }): NewJob => ({ ...files, recipe, ...placeOf(recipe, { model, dataset, evaluationDataset }, maxima.largeMb) })) })
  await unlessAway(queue.addSweep(sweep.id, jobs.map(entryOf)))
  return sweep
}
