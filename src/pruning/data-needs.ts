/** What in a recipe looks at data before anything is reported. */
import { EXPORTS, isExport, type ModelExport } from '../models/exports/index.ts'
import { CRITERIA, needsData } from './criteria/index.ts'
import { METHOD_RULES, type MethodRules } from './method-rules.ts'
import type { Recipe } from './recipe.ts'
import { searchOf, TARGET_NAMES } from './targets.ts'

type Parts = Pick<Recipe, 'method'> & Partial<Pick<Recipe, 'criterion' | 'scope' | 'batchNorm'>>

/** Why a recipe needs calibration data; undefined when it needs none. */
export function calibratesFor ({ method, criterion, scope, batchNorm }: Parts): string | undefined {
  const { keys, criteria }: MethodRules = METHOD_RULES[method]
  if (!keys.includes('calibration')) return undefined
  const name = criterion ?? criteria?.[0]
  if (name === undefined) return `the method ${method} looks at calibration data`
  if (needsData(CRITERIA[name])) return `the criterion ${name} looks at calibration data`
  if (scope === 'sensitivity') return 'the scope sensitivity looks at calibration data'
  if (batchNorm === 'recalibrate') return '"batchNorm": "recalibrate" looks at calibration data'
  return undefined
}

/** An output that is written by what calibration data show. */
export function calibratedOutput ({ output }: Partial<Pick<Recipe, 'output'>>): string | undefined {
  return output?.find((name) => isExport(name) && (EXPORTS[name] as ModelExport).calibrates === true)
}

/** Does it look into layers, so that running the model as a whole is not enough? A target of accuracy and the scope sensitivity go by figures of the whole. */
export function looksInside (recipe: Parts & Partial<Pick<Recipe, 'training'>>): boolean {
  return recipe.training !== undefined || calibratesFor({ ...recipe, scope: 'global' }) !== undefined
}

/** Why a job cannot run with the data sets it has; undefined when it can. */
export function missingData (recipe: Parts & Pick<Recipe, 'target'> & Partial<Pick<Recipe, 'output'>>, has: { readonly dataset: boolean, readonly evaluationDataset: boolean }): string | undefined {
  const { method, target } = recipe
  if (!has.dataset) {
    if (METHOD_RULES[method].trains) return `the method ${method} needs a data set to train on: name one as "dataset"`
    const why = calibratesFor(recipe)
    if (why !== undefined) return `${why}: name a data set as "dataset"`
    const output = calibratedOutput(recipe)
    if (output !== undefined) return `the output ${output} takes the ranges of its activations from calibration data: name a data set as "dataset"`
    if (searchOf(target) === 'accuracy') return `a target of ${TARGET_NAMES.find((name) => name in target!)} is searched over data: name a data set as "dataset"`
  }
  if (method === 'evaluate' && !has.dataset && !has.evaluationDataset) return 'the method evaluate needs a data set: name one as "dataset"'
  return undefined
}
