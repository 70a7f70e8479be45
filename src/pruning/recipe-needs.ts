/** What a recipe as a whole asks of data and of the model, its stages included. */
import { calibratedOutput, calibratesFor } from './data-needs.ts'
import { METHOD_RULES } from './method-rules.ts'
import type { Recipe } from './recipe.ts'
import { needsOfStages, trainingIn } from './stages/index.ts'
import { searchOf, TARGET_NAMES } from './targets.ts'

type Parts = Parameters<typeof calibratesFor>[0]

/** What is learned from the data: who trains says how many examples select; who calibrates, how many are looked at. */
export interface Learning extends Pick<Recipe, 'training' | 'search'> {
  /** Examples that are looked at; the most that anything asks for. */
  readonly calibration?: number
}

export function learningOf ({ training, calibration, search, stages }: Recipe): Learning {
  const trained = training ?? trainingIn(stages)
  const parts = stages as ReadonlyArray<{ readonly calibration?: { readonly examples: number } | null, readonly search?: Recipe['search'] }>
  const examples = [calibration, ...parts.map((stage) => stage.calibration)].flatMap((one) => one == null ? [] : [one.examples])
  const searched = search ?? parts.find((stage) => stage.search?.examples !== undefined)?.search
  return { ...(trained && { training: trained }), ...(searched && { search: searched }), ...(examples.length > 0 && { calibration: Math.max(...examples) }) }
}

/** Does it train, look at calibration data, or select by data? */
export function learns (recipe: Pick<Recipe, 'target' | 'output' | 'stages'> & Partial<Pick<Recipe, 'training' | 'calibration'>>): boolean {
  const { trains, calibrates } = needsOfStages(recipe.stages)
  return recipe.training !== undefined || recipe.calibration !== undefined || trains !== undefined || calibrates !== undefined || searchOf(recipe.target) === 'accuracy' || calibratedOutput(recipe) !== undefined
}

/** Does it look into layers, as stages do, so that running the model as a whole is not enough? A target of accuracy and the scope sensitivity go by figures of the whole. */
export function looksInside (recipe: Parts & Partial<Pick<Recipe, 'training' | 'stages'>>): boolean {
  return recipe.training !== undefined || (recipe.stages ?? []).length > 0 || calibratesFor({ ...recipe, scope: 'global' }) !== undefined
}

/** Why a job cannot run with the data sets it has; undefined when it can. */
export function missingData (recipe: Parts & Pick<Recipe, 'target'> & Partial<Pick<Recipe, 'output' | 'stages'>>, has: { readonly dataset: boolean, readonly evaluationDataset: boolean }): string | undefined {
  const { method, target } = recipe
  if (!has.dataset) {
    if (METHOD_RULES[method].trains) return `the method ${method} needs a data set to train on: name one as "dataset"`
    const why = calibratesFor(recipe)
    if (why !== undefined) return `${why}: name a data set as "dataset"`
    const { trains, calibrates } = needsOfStages(recipe.stages ?? [])
    const stage = trains ?? calibrates
    if (stage !== undefined) return `${stage}: name a data set as "dataset"`
    const output = calibratedOutput(recipe)
    if (output !== undefined) return `the output ${output} takes the ranges of its activations from calibration data: name a data set as "dataset"`
    if (searchOf(target) === 'accuracy') return `a target of ${TARGET_NAMES.find((name) => name in target!)} is searched over data: name a data set as "dataset"`
  }
  if (method === 'evaluate' && !has.dataset && !has.evaluationDataset) return 'the method evaluate needs a data set: name one as "dataset"'
  return undefined
}
