/** What a job's exports need to know of its activations. */
import type { Ranges } from '../../models/exports/index.ts'
import type { ModelFile } from '../../models/model.ts'
import { calibratedOutput } from '../../pruning/data-needs.ts'
import type { LearningExamples } from '../job-data.ts'
import type { JobInput } from '../job-types.ts'
import type { MethodResult } from '../method.ts'
import { exportGraph } from './graph.ts'
import { NO_RANGES, observeRanges } from './ranges.ts'

/** Over the calibration or training examples, none of which is reported; nothing is computed where no output asks for ranges. */
export async function rangesFor ({ recipe, engine, signal }: JobInput, model: ModelFile, result: MethodResult, learning: LearningExamples | null): Promise<Ranges> {
  if (calibratedOutput(recipe) === undefined || learning === null) return NO_RANGES
  if (result.ranges !== undefined) return result.ranges
  await engine()
  return await observeRanges(await exportGraph(model, result.streamed?.changes ?? result.changes), learning.training, signal)
}
