/** What a job's exports need to know of its activations. */
import type { Ranges } from '../../models/exports/index.ts'
import type { LearningExamples } from '../job-data.ts'
import type { JobInput } from '../job-types.ts'
import type { Exporting } from './export-model.ts'
import { observeRanges } from './ranges.ts'

/** Over the calibration or training examples, none of which is reported. */
export async function rangesFor ({ engine, signal }: JobInput, exporting: Exporting, learning: LearningExamples): Promise<Ranges> {
  await engine()
  return await observeRanges(await exporting.graph(), learning.training, signal)
}
