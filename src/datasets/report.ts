/** Which examples a receipt reports: those that select nothing. */
import { EspalierError } from '../errors.ts'
import type { DatasetFile, ExampleArray, Split } from './dataset.ts'
import { readRows } from './rows.ts'
import { sampleOf } from './sample.ts'

export interface ReportChoice {
  readonly split: Split
  /** For the receipt: which examples these are. */
  readonly name: string
  /** The data may have been used to train the model: a warning for the receipt. */
  readonly mayBeTraining: boolean
}

export interface TrainingChoice {
  readonly training: Split
  /** Kept apart from the training examples, to select; null when none are. */
  readonly selection: Split | null
  /** For the receipt: which examples these are. */
  readonly name: string
}

/**
 * The examples to report. An evaluation data set of its own comes first; a test part comes before all; else `share` of the examples, drawn by
 * `seed`, or all of them.
 */
export function chooseReport (dataset: DatasetFile, evaluationDataset: DatasetFile | null, share: number | null, seed: number): ReportChoice {
  if (evaluationDataset !== null) {
    const { test, all, train } = evaluationDataset.splits
    const split = (test ?? all ?? train)!
    return { split, name: `${split.examples} examples of the evaluation data set${test !== undefined && train !== undefined ? ' (its test part)' : ''}`, mayBeTraining: false }
  }
  const { test, all, train } = dataset.splits
  if (test !== undefined) return { split: test, name: `the test part, ${test.examples} examples`, mayBeTraining: false }
  const whole = (all ?? train)!
  const mayBeTraining = true
  if (share === null) return { split: whole, name: `all ${whole.examples} examples`, mayBeTraining }
  const rows = reportedRows(whole.examples, share, seed)
  return { split: rowsOf(whole, rows), name: `${rows.length} of ${whole.examples} examples, drawn by seed ${seed}`, mayBeTraining }
}

/** Another draw than the one of the reported examples. */
const SELECTION = 0x5EED

/** Of a data set without a test part, unless the recipe says how many are reported. */
export const HELD_OUT = 0.2

/**
 * The examples to train on: the train part, else all that `chooseReport` with the same arguments does not report. `validation`: the share of them that
 * is kept apart. Throws `invalid-dataset` when there is nothing to train on.
 */
export function chooseTraining (dataset: DatasetFile, evaluationDataset: DatasetFile | null, share: number | null, seed: number, validation: number): TrainingChoice {
  const { train, all, test } = dataset.splits
  const whole = train ?? all
  if (whole === undefined) throw new EspalierError('invalid-dataset', 'the data set holds a test part alone: there is nothing to train on; give the training examples as "dataset" and these as "evaluationDataset"')
  const reported = evaluationDataset !== null || test !== undefined || share === null ? new Uint32Array() : reportedRows(whole.examples, share, seed)
  const rest = complement(whole.examples, reported)
  const selected = validation === 0 ? new Uint32Array() : sampleOf(rest.length, Math.max(1, Math.round(validation * rest.length)), (seed ^ SELECTION) >>> 0).map((at) => rest[at]!)
  const trained = complement(whole.examples, Uint32Array.from([...reported, ...selected]).sort())
  if (trained.length === 0) throw new EspalierError('invalid-dataset', `of ${whole.examples} examples none is left to train on: ${reported.length} are reported and ${selected.length} select`)
  const kept = [...reported.length > 0 ? [`${reported.length} are reported`] : [], ...selected.length > 0 ? [`${selected.length} select`] : []]
  const part = train === undefined ? '' : ' of the train part'
  return {
    training: trained.length === whole.examples ? whole : rowsOf(whole, trained),
    selection: selected.length === 0 ? null : rowsOf(whole, selected),
    name: kept.length === 0 ? `all ${whole.examples} examples${part}` : `${trained.length} of ${whole.examples} examples${part}; ${kept.join(', ')}`,
  }
}

/** Another draw than those of the reported and of the selecting examples. */
const CALIBRATION = 0xCA11B

/** So many of what could be trained on, drawn by the seed; all where there are no more. */
export function chooseCalibration ({ training, name }: TrainingChoice, examples: number, seed: number): { readonly split: Split, readonly name: string } {
  if (examples >= training.examples) return { split: training, name }
  return { split: rowsOf(training, sampleOf(training.examples, examples, (seed ^ CALIBRATION) >>> 0)), name: `${examples} of ${name}, drawn by seed ${seed}` }
}

function reportedRows (examples: number, share: number, seed: number): Uint32Array {
  return sampleOf(examples, Math.max(1, Math.round(share * examples)), seed)
}

/** The numbers below `total` that are not among `rows`, which ascend. */
function complement (total: number, rows: Uint32Array): Uint32Array {
  const rest = new Uint32Array(total - rows.length)
  for (let row = 0, at = 0, next = 0; row < total; row++) {
    if (rows[next] === row) next++
    else rest[at++] = row
  }
  return rest
}

/** The split with just these rows, which must ascend. */
export function rowsOf (split: Split, rows: Uint32Array): Split {
  const pick = (array: ExampleArray): ExampleArray => ({ ...array, read: async (from, to) => await readRows(array, rows.subarray(from, to)) })
  return { examples: rows.length, features: split.features.map(pick), targets: split.targets.map(pick) }
}
