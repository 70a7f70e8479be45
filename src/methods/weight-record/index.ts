/** Keeps a record of a job's weights beside the models that it writes. */
import type { ModelFile, TensorChanges } from '../../models/model.ts'
import type { JobInput, OutputRecord } from '../job-types.ts'
import type { MethodResult } from '../method.ts'
import { recordHeld } from './held.ts'
import { watchStreamed } from './streamed.ts'
import { recordedTensors } from './tensors.ts'
import { createRecordWriter } from './writer.ts'

export interface WeightRecorder {
  /** What the first output is to be written with. */
  readonly changes: TensorChanges
  /** When it was written. */
  finish (): Promise<OutputRecord>
  discard (): Promise<void>
}

export async function openWeightRecorder ({ recipe, folder, signal }: Pick<JobInput, 'recipe' | 'folder' | 'signal'>, model: ModelFile, result: MethodResult): Promise<WeightRecorder> {
  const tensors = recordedTensors(model, result, recipe)
  const writer = await createRecordWriter(folder)
  const watched = result.streamed === undefined ? undefined : watchStreamed(tensors, result.streamed, writer, signal)
  // While the models are written: compressing and storing leave this thread idle.
  const held = watched === undefined ? recordHeld(tensors, result, writer, signal) : undefined
  held?.catch(() => {}) // told at the end
  return {
    changes: watched?.changes ?? result.changes,
    async finish () {
      await (held ?? watched?.finish())
      return await writer.finish(tensors.length)
    },
    async discard () {
      await held?.catch(() => {})
      await writer.discard()
    },
  }
}
