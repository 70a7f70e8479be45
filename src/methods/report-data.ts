/** The examples a receipt reports on: which they are, and in the form the model takes. */
import type { InputScaling, Split } from '../datasets/dataset.ts'
import { adaptToModel, chooseReport, chooseScaling, readDataset, scaleFeatures } from '../datasets/index.ts'
import { EspalierError } from '../errors.ts'
import type { ModelFile } from '../models/model.ts'
import type { Recipe } from '../pruning/recipe.ts'
import type { JobInput } from './job-types.ts'

export interface Report {
  readonly evaluation: Exclude<Recipe['evaluation'], false>
  /** Scaled, in the shapes of the model's inputs. */
  readonly split: Split
  /** Which examples these are. */
  readonly name: string
  readonly inputs: InputScaling & { readonly source: string }
  readonly mayBeTraining: boolean
  readonly notes: readonly string[]
}

/**
 * Null when the job has no data set or its recipe measures nothing. Throws `shape-mismatch` when data and model do not fit, `unsupported-layer` when
 * the model cannot be run, `invalid-request` when the method needs data and there is none.
 */
export async function openReport ({ recipe, dataset, evaluationDataset }: JobInput, model: ModelFile): Promise<Report | null> {
  const { evaluation } = recipe
  const [reported, own] = evaluationDataset === null ? [dataset, false] : [evaluationDataset, true]
  if (evaluation === false) return null
  if (reported === null) {
    if (recipe.method === 'evaluate') throw new EspalierError('invalid-request', 'the method evaluate needs a data set: name one as "dataset"')
    return null
  }
  const { graph, problem } = model.architecture
  if (graph === undefined) {
    throw new EspalierError('unsupported-layer', `the model cannot be evaluated here: ${problem ?? 'it has no layer graph'}; with "evaluation": false its weights can still be pruned`)
  }
  const file = await readDataset(reported.source)
  const choice = chooseReport(file, own ? file : null, evaluation.split, recipe.seed)
  const { scale, offset, source, onlyImages } = chooseScaling(choice.split, reported.inputs, recipe.inputs, model.architecture)
  const { split, notes } = await adaptToModel(scaleFeatures(choice.split, { scale, offset, onlyImages }), graph)
  return { evaluation, split, name: choice.name, inputs: { scale, offset, source }, mayBeTraining: choice.mayBeTraining, notes }
}
