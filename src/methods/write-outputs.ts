/** Writes a job's model files and reads each back before it counts as an output. */
import { randomUUID } from 'node:crypto'
import { MODEL_FORMATS, writeModel, type FormatName, type ModelFormat } from '../models/formats/index.ts'
import type { HeldChanges, ModelFile, TensorChanges } from '../models/model.ts'
import type { ReceiptOutput } from './receipt.ts'
import type { Recipe } from '../pruning/recipe.ts'
import type { GzipSize, JobInput, OutputRecord } from './job-types.ts'
import { verifyOutput, type Expected } from './verify.ts'

export interface WrittenModel { readonly output: ReceiptOutput, readonly artifact: OutputRecord, readonly gzip: GzipSize }

/** The formats asked for; without a wish the model's own. */
export function outputFormats (recipe: Recipe, model: ModelFile): FormatName[] {
  return recipe.output === null ? [model.format] : recipe.output as FormatName[]
}

/** Writes one file and makes it visible only when it is complete. */
export async function writeOutput (format: FormatName, model: ModelFile, changes: TensorChanges, { recipe, folder }: JobInput): Promise<OutputRecord> {
  const { extension, extensionOf }: ModelFormat = MODEL_FORMATS[format]
  const name = `model${model.format === format && extensionOf !== undefined ? extensionOf(model) : extension}`
  const file = await folder.create(name)
  try {
    await writeModel(model, changes, format, { compress: recipe.compress, optimizerState: recipe.optimizerState }, file)
    return { name, format, ...await file.finish() }
  } catch (error) {
    await file.discard()
    throw error
  }
}

/** Reads a written file back; throws `verification-failed` when it is not what was to be written. */
export async function checkOutput (artifact: OutputRecord, expected: Expected, { folder, gzipSize }: JobInput): Promise<WrittenModel> {
  const source = await folder.open(artifact.name)
  try {
    const [verification, gzip] = await Promise.all([verifyOutput(artifact.name, source, expected), gzipSize(source, artifact.sha256)])
    return { output: { ...artifact, ...verification }, artifact, gzip }
  } finally {
    await source.close()
  }
}

/** How many bytes the first output would have with some changes: written to a file that is gone after the job, and compressed. */
export function weigher (input: JobInput, given: ModelFile): (changes: HeldChanges, as: 'file' | 'gzip', model?: ModelFile) => Promise<number> {
  const [format] = outputFormats(input.recipe, given)
  const { compress, optimizerState } = input.recipe
  let tries = 0
  return async (changes, as, model = given) => {
    const file = await input.spool(`weighed-${tries++}`)
    const size = await writeModel(model, changes, format!, { compress, optimizerState }, file)
    if (as === 'file') return size
    // Sizes are remembered by content; this one has no name yet.
    const { bytes } = await input.gzipSize({ size, read: async (offset, length) => await file.read(offset, length) }, randomUUID())
    return bytes
  }
}
