/** Writes a job's model files and reads each back before it counts as an output. */
import { randomUUID } from 'node:crypto'
import { EXPORTS, isExport, NO_RANGES } from '../models/exports/index.ts'
import { isRounded, ROUNDED } from '../models/exports/rounded.ts'
import { MODEL_FORMATS, type ModelFormat } from '../models/formats/index.ts'
import type { HeldChanges, ModelFile, TensorChanges } from '../models/model.ts'
import type { ReceiptOutput } from './receipt.ts'
import type { Recipe } from '../pruning/recipe.ts'
import { writeAs, type Exporting, type OutputName } from './exports/export-model.ts'
import { edgeOf } from './exports/edge-of.ts'
import { fileOpener } from './exports/run-file.ts'
import { verifyExport } from './exports/verify.ts'
import { verifyRounded } from './exports/verify-rounded.ts'
import type { GzipSize, JobInput, OutputRecord } from './job-types.ts'
import type { OpenFile } from './output-folder.ts'
import { verifyOutput, type Expected, type Verification } from './verify.ts'

export interface WrittenModel { readonly output: ReceiptOutput, readonly artifact: OutputRecord, readonly gzip: GzipSize }

/** The formats asked for; without a wish the model's own. */
export function outputFormats (recipe: Recipe, model: ModelFile): OutputName[] {
  return recipe.output === null ? [model.format] : recipe.output as OutputName[]
}

/** Writes one file and makes it visible only when it is complete. */
export async function writeOutput (format: OutputName, model: ModelFile, changes: TensorChanges, { recipe, folder }: JobInput, exporting?: Exporting): Promise<OutputRecord> {
  const name = `model${extensionFor(format, model)}`
  const file = await folder.create(name)
  try {
    await writeAs(model, changes, format, { compress: recipe.compress, optimizerState: recipe.optimizerState }, file, exporting)
    return { name, format, ...await file.finish() }
  } catch (error) {
    await file.discard()
    throw error
  }
}

/** Reads a written file back; throws `verification-failed` when it is not what was to be written. */
export async function checkOutput (artifact: OutputRecord, expected: Expected, input: JobInput, exporting: Exporting): Promise<WrittenModel> {
  const { folder, gzipSize } = input
  const source = await folder.open(artifact.name)
  try {
    const [verification, gzip] = await Promise.all([verify(artifact, source, expected, exporting, input), gzipSize(source, artifact.sha256)])
    const edge = isExport(artifact.format) ? await edgeOf(artifact.format, source, gzip, expected, exporting, input) : undefined
    return { output: { ...artifact, ...verification, ...edge && { edge } }, artifact, gzip }
  } finally {
    await source.close()
  }
}

async function verify ({ name, format }: OutputRecord, source: OpenFile, expected: Expected, { graph, ranges = NO_RANGES }: Exporting, input: JobInput): Promise<Verification> {
  if (isRounded(format)) return await verifyRounded(name, format, source, expected)
  if (!isExport(format)) return await verifyOutput(name, source, expected)
  return await verifyExport({ name, format, source, graph: await graph(), ranges, openFile: fileOpener(input, format, source) }, expected)
}

function extensionFor (format: OutputName, model: ModelFile): string {
  if (isExport(format)) return EXPORTS[format].extension
  if (isRounded(format)) return ROUNDED[format].extension
  const { extension, extensionOf }: ModelFormat = MODEL_FORMATS[format]
  return model.format === format && extensionOf !== undefined ? extensionOf(model) : extension
}

/** How many bytes the first output would have with some changes: written to a file that is gone after the job, and compressed. */
export function weigher (input: JobInput, given: ModelFile): (changes: HeldChanges, as: 'file' | 'gzip', model?: ModelFile) => Promise<number> {
  const [format] = outputFormats(input.recipe, given)
  const { compress, optimizerState } = input.recipe
  let tries = 0
  return async (changes, as, model = given) => {
    const file = await input.spool(`weighed-${tries++}`)
    const size = await writeAs(model, changes, format!, { compress, optimizerState }, file)
    if (as === 'file') return size
    // Sizes are remembered by content; this one has no name yet.
    const { bytes } = await input.gzipSize({ size, read: async (offset, length) => await file.read(offset, length) }, randomUUID())
    return bytes
  }
}
