/** Takes a job: a row first, then the queue's entry. */
import { EspalierError } from '../../errors.ts'
import { missingData } from '../../pruning/recipe-needs.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import { checkAsked, DEFAULT_MAXIMA, type JobMaxima } from '../limits.ts'
import { placeOf } from '../needs.ts'
import type { JobRow, Queue, TenantCatalog } from '../ports.ts'
import type { Dataset, JobLimits, JobNeeds, Model } from '../resources.ts'
import type { TraceContext } from '../tracing.ts'
import { enqueue } from './enqueue.ts'

export interface JobFiles { readonly model: Model, readonly dataset: Dataset | null, readonly evaluationDataset: Dataset | null }

export interface Submission {
  /** Ids of uploaded files. */
  readonly model: string
  readonly dataset?: string | null
  readonly evaluationDataset?: string | null
  readonly priority?: number
  readonly needs?: JobNeeds
  readonly limits?: JobLimits
  /** A valid recipe, or what makes one knowing the files; it throws `invalid-recipe`. */
  readonly recipe: Recipe | ((files: JobFiles) => Recipe | Promise<Recipe>)
  /** Of whoever submits: what is done for the job belongs to the same trace. */
  readonly traceContext?: TraceContext | undefined
}

async function datasetOf (catalog: TenantCatalog, field: string, id: string | null | undefined): Promise<Dataset | null> {
  if (id === null || id === undefined) return null
  const dataset = await catalog.dataset(id)
  if (dataset === null) throw new EspalierError('not-found', `${field}: there is no data set ${id}; upload it first`, { field, id })
  return dataset
}

/** @throws `not-found` for a file that is not there, naming the field */
export async function filesOf (catalog: TenantCatalog, { model: id, dataset, evaluationDataset }: Pick<Submission, 'model' | 'dataset' | 'evaluationDataset'>): Promise<JobFiles> {
  const model = await catalog.model(id)
  if (model === null) throw new EspalierError('not-found', `model: there is no model ${id}; upload it first`, { field: 'model', id })
  return { model, dataset: await datasetOf(catalog, 'dataset', dataset), evaluationDataset: await datasetOf(catalog, 'evaluationDataset', evaluationDataset) }
}

/**
 * Creates a job and puts it into the queue. When the queue does not answer the job stays queued all the same and `reconcile` adds it later.
 * @throws `not-found` for a missing file, `invalid-request` when the method needs data and there is none or more is asked for than `maxima` allow, `unavailable` when the Catalog does not answer, and what `recipe` throws
 */
export async function submitJob ({ catalog, queue, maxima = DEFAULT_MAXIMA }: { catalog: TenantCatalog, queue: Queue, maxima?: JobMaxima }, submission: Submission): Promise<JobRow> {
  const { priority = 0, needs: asked = {}, limits = {} } = submission
  checkAsked(asked, limits, maxima)
  const { model, dataset, evaluationDataset } = await filesOf(catalog, submission)
  const recipe = typeof submission.recipe === 'function' ? await submission.recipe({ model, dataset, evaluationDataset }) : submission.recipe
  const missing = missingData(recipe, { dataset: dataset !== null, evaluationDataset: evaluationDataset !== null })
  if (missing !== undefined) throw new EspalierError('invalid-request', missing, { field: 'dataset' })
  const files = { modelId: model.id, datasetId: dataset?.id ?? null, evaluationDatasetId: evaluationDataset?.id ?? null }
  const job = await catalog.createJob({ ...files, recipe, ...placeOf(recipe, { model, dataset, evaluationDataset }, maxima.largeMb, asked), priority, limits, traceContext: submission.traceContext })
  await enqueue(queue, job)
  return job
}
