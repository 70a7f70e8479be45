/** Answers what a job would do, from stored files and a recipe; nothing is stored and nothing is queued. */
import { EspalierError } from '../../errors.ts'
import type { Plan } from '../../methods/planning/plan.ts'
import type { ByteSource } from '../../models/bytes.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import type { Blobs, TenantCatalog } from '../ports.ts'
import { filesOf } from './submit-job.ts'

export interface PlanModel {
  (source: ByteSource, recipe: Recipe, has: { readonly dataset: boolean, readonly evaluationDataset: boolean }): Promise<Plan>
}

export interface PlanSubmission { readonly model: string, readonly dataset?: string | null, readonly evaluationDataset?: string | null, readonly recipe: Recipe }

/** @throws `not-found` for a missing file, and what reading the model throws */
export async function planJob ({ catalog, blobs, planModel }: { catalog: TenantCatalog, blobs: Blobs, planModel: PlanModel }, submission: PlanSubmission): Promise<Plan> {
  const { model, dataset, evaluationDataset } = await filesOf(catalog, submission)
  const source = await blobs.open(model.sha256)
  try {
    return await planModel(source, submission.recipe, { dataset: dataset !== null, evaluationDataset: evaluationDataset !== null })
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error
    throw new EspalierError(error.code, `${model.name}: ${error.message}`, error.details, { cause: error })
  } finally {
    await source.close()
  }
}
