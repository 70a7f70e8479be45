/** What a reader of a receipt ought to know before trusting or using the figures. */
import type { ModelFile } from '../models/model.ts'
import type { Recipe } from '../pruning/recipe.ts'
import type { Method, MethodResult } from './method.ts'
import type { Report } from './job-data.ts'

/** Zeros of single weights in dense kernels save no time; said when the model is dense afterwards. */
const DENSE_ZEROS = 'the zeros lie scattered in dense kernels: files and sparse encodings become smaller, but the device multiplies by them all the same, so latency does not change'

/** Whole channels that are zero are still computed. */
const ZERO_CHANNELS = 'channels that went are zero, but still in the kernels: files and sparse encodings become smaller, the device computes them all the same'

/** What zeros of this granularity do not do. */
export function zeroWarning ({ granularity }: Pick<Recipe, 'granularity'>): string {
  return granularity.type === 'channel' ? ZERO_CHANNELS : DENSE_ZEROS
}

export function warningsFor (facts: { recipe: Recipe, model: ModelFile, method: Method, report: Report | null, result: MethodResult, notRun?: string }): string[] {
  const { recipe, model, method, report, result, notRun } = facts
  const warnings = [...(report?.notes ?? []), ...(result.notes ?? [])]
  if (report?.mayBeTraining === true) {
    warnings.push(`the metrics are over ${report.name}, which may be data the model was trained on; name held-out data as evaluationDataset, or use a data set with a test part`)
  }
  if (!method.writesModel) return warnings
  if (result.model === undefined) warnings.push(zeroWarning(recipe))
  if (model.hasOptimizerState && recipe.optimizerState === 'drop' && model.keepsOptimizerState !== true) {
    const why = result.model === undefined ? 'so training goes on with a fresh optimizer; "optimizerState": "keep" keeps it' : 'as it has the shapes that the weights had before: training goes on with a fresh optimizer'
    warnings.push(`the optimizer state was dropped, ${why}`)
  }
  if (notRun !== undefined) {
    warnings.push(`the model cannot be run here (${notRun}): weights were pruned and compared, predictions were not`)
  }
  return warnings
}
