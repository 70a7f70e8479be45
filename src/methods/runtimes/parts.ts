/** Models as the files that a library opens by itself, which all runtimes but that of layer graphs go by. */
import { EspalierError } from '../../errors.ts'
import type { Signature } from '../../models/architecture/types.ts'
import { MODEL_FORMATS, type ModelFormat, type ModelParts } from '../../models/formats/index.ts'
import type { ModelFile, HeldChanges } from '../../models/model.ts'
import type { JobLimits } from '../job-types.ts'

const UNCHANGED: HeldChanges = new Map()

export async function partsOf (model: ModelFile, changes: HeldChanges = UNCHANGED): Promise<ModelParts> {
  const { parts }: ModelFormat = MODEL_FORMATS[model.format]
  if (parts === undefined) throw new EspalierError('internal', `a ${model.format} model has no files that a library opens`)
  return await parts(model, changes)
}

/** Why a model of this size is not run, if it is not. */
export async function sizeRefusal (model: ModelFile, { modelBytes = Infinity }: JobLimits): Promise<string | undefined> {
  const bytes = (await partsOf(model)).files.reduce((sum, file) => sum + file.bytes, 0)
  return bytes > modelBytes ? `the model has ${bytes} bytes, models of at most ${modelBytes} are run, as up to three of them are in memory at once` : undefined
}

/** Throws `unsupported-layer` when the model cannot be run. */
export function signatureOf ({ architecture: { signature, problem } }: ModelFile): Signature {
  if (signature === undefined) throw new EspalierError('unsupported-layer', `the model cannot be run here: ${problem ?? 'it does not say what it takes'}`)
  return signature
}
