/** Which examples a receipt reports: those that select nothing. */
import type { DatasetFile, ExampleArray, Split } from './dataset.ts'
import { sizeOf } from '../models/tensor.ts'
import { sampleOf } from './sample.ts'

export interface ReportChoice {
  readonly split: Split
  /** For the receipt: which examples these are. */
  readonly name: string
  /** The data may have been used to train the model: a warning for the receipt. */
  readonly mayBeTraining: boolean
}

/** Numbers that are read at once to pick single rows out of them. */
const VALUES_AT_ONCE = 1 << 22

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
  const rows = sampleOf(whole.examples, Math.max(1, Math.round(share * whole.examples)), seed)
  return { split: rowsOf(whole, rows), name: `${rows.length} of ${whole.examples} examples, drawn by seed ${seed}`, mayBeTraining }
}

/** The split with just these rows, which must ascend. */
export function rowsOf (split: Split, rows: Uint32Array): Split {
  const pick = (array: ExampleArray): ExampleArray => ({ ...array, read: async (from, to) => await readRows(array, rows.subarray(from, to)) })
  return { examples: rows.length, features: split.features.map(pick), targets: split.targets.map(pick) }
}

async function readRows (array: ExampleArray, rows: Uint32Array): Promise<Float32Array> {
  const size = sizeOf(array.shape)
  const result = new Float32Array(rows.length * size)
  const most = Math.max(1, Math.floor(VALUES_AT_ONCE / size))
  for (let first = 0; first < rows.length;) {
    const from = rows[first]!
    let end = first + 1
    while (end < rows.length && rows[end]! - from < most) end++
    const values = await array.read(from, rows[end - 1]! + 1)
    for (; first < end; first++) {
      const at = (rows[first]! - from) * size
      result.set(values.subarray(at, at + size), first * size)
    }
  }
  return result
}
