/** What is told about a data set when it is uploaded. */
import type { DatasetFile, InputScaling, Split } from './dataset.ts'
import { defaultScaling } from './scaling.ts'

export interface Summary {
  format: string
  examples: number
  /** Shapes of one example, of the first input and the first output. */
  features: number[]
  targets: number[]
  classes?: number
  classNames?: string[]
  splits: Record<string, number>
  inputs: { scale: number, offset: number }
}

/** Lists of data sets are answered twenty at a time; more names than this are left out of them. */
const MAX_NAMES = 1000

/** The facts of a file; `inputs` overrides the scaling that its features suggest. */
export function summarizeDataset (file: DatasetFile, inputs?: InputScaling): Summary {
  const splits = Object.entries(file.splits) as Array<[string, Split]>
  const first = splits[0]![1]
  const scaling = inputs ?? defaultScaling(first)
  return {
    format: file.format,
    examples: splits.reduce((sum, [, { examples }]) => sum + examples, 0),
    features: [...first.features[0]!.shape],
    targets: [...first.targets[0]!.shape],
    ...(file.classes !== undefined && { classes: file.classes }),
    ...(file.classNames !== undefined && file.classNames.length <= MAX_NAMES && { classNames: [...file.classNames] }),
    splits: Object.fromEntries(splits.map(([name, { examples }]) => [name, examples])),
    inputs: { scale: scaling.scale, offset: scaling.offset },
  }
}
