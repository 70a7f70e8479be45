/** The examples of a training job in the form that a trainer takes, opened once for all its trainings. */
import type { StreamedData, TrainingData } from '../../engine/train/data.ts'
import { openTrainingData, type OpenOptions } from '../../engine/train/open-data.ts'
import type { TrainingContext } from '../method.ts'

export interface OpenedExamples {
  readonly data: TrainingData | StreamedData
  /** Examples that select; absent when none are kept apart. */
  readonly validation?: TrainingData | StreamedData
}

/** In memory, or spooled to a file when they would not fit into the session. */
export async function openExamples ({ signal, examples, limits, spool }: TrainingContext): Promise<OpenedExamples> {
  const opening = (prefix: string): OpenOptions => ({ limitBytes: limits.sessionDataBytes, spool: async (name) => await spool(`${prefix}-${name}`), signal })
  const data = await openTrainingData(examples.training, opening('training'))
  if (examples.selection === null) return { data }
  return { data, validation: await openTrainingData(examples.selection, opening('selection')) }
}
