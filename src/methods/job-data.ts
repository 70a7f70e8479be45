/** The examples of a job: those that train and select, and those that the receipt reports, in the form the model takes. */
import type { DatasetFile, InputScaling, Split } from '../datasets/dataset.ts'
import { adaptToModel, chooseCalibration, chooseReport, chooseScaling, chooseTraining, HELD_OUT, readDataset, scaleFeatures } from '../datasets/index.ts'
import { EspalierError } from '../errors.ts'
import type { ModelFile } from '../models/model.ts'
import type { LayerGraph, Signature } from '../models/architecture/types.ts'
import { isFloat } from '../models/formats/file-tensor.ts'
import { MODEL_FORMATS, type ModelFormat } from '../models/formats/index.ts'
import { calibratedOutput, calibratesFor } from '../pruning/data-needs.ts'
import { CALIBRATION, type Recipe } from '../pruning/recipe.ts'
import { learningOf, learns, looksInside, missingData } from '../pruning/recipe-needs.ts'
import type { JobDataset, JobInput } from './job-types.ts'

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

/** Examples to train on or to calibrate by. Scaled, in the shapes of the model's inputs; none of them is reported. */
export interface LearningExamples {
  readonly training: Split
  readonly selection: Split | null
  /** Which examples these are. */
  readonly name: string
}

/** `report` is null when nothing is measured, `learning` when the method learns nothing from data. */
export interface JobData { readonly report: Report | null, readonly learning: LearningExamples | null }

/**
 * Throws `shape-mismatch` when data and model do not fit, `unsupported-layer` when the model cannot be run, `invalid-request` when the method needs data
 * and there is none, `invalid-dataset` when nothing is left to train on.
 */
export async function openData ({ recipe, dataset, evaluationDataset }: JobInput, model: ModelFile): Promise<JobData> {
  const { evaluation } = recipe
  const reported = evaluation === false ? null : evaluationDataset ?? dataset
  const missing = missingData(recipe, { dataset: dataset !== null, evaluationDataset: evaluationDataset !== null })
  if (missing !== undefined) throw new EspalierError('invalid-request', missing)
  if (reported === null && !learns(recipe)) return { report: null, learning: null }
  const shapes = shapesOf(model, recipe)
  const own = dataset === null ? null : await readDataset(dataset.source)
  const other = evaluationDataset === null ? null : await readDataset(evaluationDataset.source)
  const share = shareOf(recipe, own, other)
  const prepare = preparation(model, shapes, recipe)
  return {
    report: evaluation === false || reported === null ? null : { evaluation, ...await openReport(own, other, share, reported, recipe, prepare) },
    learning: !learns(recipe) || own === null ? null : await openLearning(own, other, share, dataset!, recipe, prepare),
  }
}

/** The layer graph, which is needed to look into layers; to evaluate, what another library needs will do. */
function shapesOf (model: ModelFile, recipe: Recipe): ModelShapes {
  const problem = whyNotRun(model, recipe)
  if (problem !== undefined) throw problem
  return model.architecture.graph ?? model.architecture.signature!
}

/** What a job fails with that has to run the model, where it cannot be run. */
export function whyNotRun ({ architecture: { graph, signature, problem }, format }: ModelFile, recipe: Recipe): EspalierError | undefined {
  if (graph !== undefined || (signature !== undefined && !looksInside(recipe))) return undefined
  const { called }: ModelFormat = MODEL_FORMATS[format]
  const why = problem ?? (signature === undefined ? 'it has no layer graph' : `it is ${called ?? `a ${format} model`}, which can be evaluated, but has no layer graph that gradients or inputs of layers are taken of`)
  const { method, training } = recipe
  if (training === undefined && learns(recipe)) return new EspalierError('unsupported-layer', `the model cannot be run here: ${why}; ${calibratesFor(recipe) ?? (calibratedOutput(recipe) === undefined ? 'a target of accuracy is searched over data' : `the output ${calibratedOutput(recipe)} is calibrated by running it`)}`)
  return new EspalierError('unsupported-layer', training === undefined
    ? `the model cannot be evaluated here: ${why}; with "evaluation": false its weights can still be pruned`
    : `the model cannot be trained here: ${why}; the method ${method} needs to run it`)
}

/** Examples that are reported must not be learned from: of a file without a test part some are held out. */
function shareOf (recipe: Recipe, own: DatasetFile | null, other: DatasetFile | null): number | null {
  const { evaluation } = recipe
  if (evaluation === false) return null
  const learnsFromAll = learns(recipe) && other === null && own?.splits.test === undefined
  return evaluation.split ?? (learnsFromAll ? HELD_OUT : null)
}

type ModelShapes = Pick<LayerGraph, 'inputShapes' | 'outputShapes'> & Partial<Pick<Signature, 'inputTypes' | 'channelsFirst'>>

type Prepare = (split: Split, dataset: JobDataset) => Promise<{ split: Split, inputs: Report['inputs'], notes: readonly string[] }>

function preparation (model: ModelFile, shapes: ModelShapes, recipe: Recipe): Prepare {
  const whole = (shapes.inputTypes ?? []).map((type) => !isFloat(type))
  return async (chosen, dataset) => {
    const { scale, offset, source, onlyImages } = chooseScaling(chosen, dataset.inputs, recipe.inputs, model.architecture)
    const scaled = scaleFeatures(chosen, { scale, offset, onlyImages })
    // A model that takes whole numbers takes them as they are, unless the recipe says otherwise.
    const kept = recipe.inputs === null ? scaled.features.map((array, index) => whole[index] === true ? chosen.features[index]! : array) : scaled.features
    const { split, notes } = await adaptToModel({ ...scaled, features: kept }, shapes)
    const unscaled = kept.length > 0 && kept.every((array, index) => array === chosen.features[index])
    return { split, inputs: unscaled && (scale !== 1 || offset !== 0) ? { scale: 1, offset: 0, source: 'none, the model takes whole numbers' } : { scale, offset, source }, notes }
  }
}

async function openReport (
  own: DatasetFile | null, other: DatasetFile | null, share: number | null, reported: JobDataset, { seed }: Recipe, prepare: Prepare
): Promise<Omit<Report, 'evaluation'>> {
  const choice = chooseReport((other ?? own)!, other, share, seed)
  return { ...await prepare(choice.split, reported), name: choice.name, mayBeTraining: choice.mayBeTraining }
}

async function openLearning (
  own: DatasetFile, other: DatasetFile | null, share: number | null, dataset: JobDataset, recipe: Recipe, prepare: Prepare
): Promise<LearningExamples> {
  const { seed, evaluation } = recipe
  const { training, calibration, search } = learningOf(recipe)
  const apart = calibration === undefined || search?.examples === undefined ? 0 : selectionShare(own, share, search.examples)
  const choice = chooseTraining(own, evaluation === false ? null : other, share, seed, training?.validation ?? apart)
  const prepared = async (split: Split): Promise<Split> => (await prepare(split, dataset)).split
  if (training !== undefined) return { training: await prepared(choice.training), selection: choice.selection && await prepared(choice.selection), name: choice.name }
  const selection = search?.examples === undefined ? null : choice.selection ?? chooseCalibration(choice, search.examples, seed).split
  const { split, name } = chooseCalibration(choice, calibration ?? (calibratedOutput(recipe) === undefined ? 1 : CALIBRATION.examples), seed)
  return { training: await prepared(split), selection: selection && await prepared(selection), name }
}

/** Where some examples calibrate and others select, at most half of them select. */
function selectionShare ({ splits: { train, all } }: DatasetFile, reported: number | null, examples: number): number {
  const left = train?.examples ?? (all?.examples ?? 0) * (1 - (reported ?? 0))
  return left === 0 ? 0 : Math.min(0.5, examples / left)
}
