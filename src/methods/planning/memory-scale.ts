/** What a model would weigh as a file: it is written into memory, as the recipe has it, and forgotten. */
import type { ByteSource } from '../../models/bytes.ts'
import type { HeldChanges, ModelFile } from '../../models/model.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import { writeAs, type OutputName } from '../exports/export-model.ts'
import type { GzipSize } from '../job-types.ts'
import { createMemoryFile } from './memory-file.ts'

/** How large a file is after gzip. */
export interface WeighFile { (source: ByteSource): Promise<GzipSize> }

export interface Weighed { readonly bytes: number, readonly gzipBytes: number }

export interface MemoryScale {
  /** Of the first file that would be written. `model`: what was made of the given one. */
  both (changes: HeldChanges, model?: ModelFile): Promise<Weighed>
  one (changes: HeldChanges, as: 'file' | 'gzip', model?: ModelFile): Promise<number>
}

export function createScale (given: ModelFile, recipe: Recipe, gzipSize: WeighFile): MemoryScale {
  const format = (recipe.output?.[0] ?? given.format) as OutputName
  const write = async (changes: HeldChanges, model: ModelFile): Promise<ByteSource> => {
    const file = createMemoryFile(given.source.size)
    return file.source(await writeAs(model, changes, format, recipe, file))
  }
  const both = async (changes: HeldChanges, model = given): Promise<Weighed> => {
    const source = await write(changes, model)
    return { bytes: source.size, gzipBytes: (await gzipSize(source)).bytes }
  }
  return { both, one: async (changes, as, model = given) => as === 'file' ? (await write(changes, model)).size : (await both(changes, model)).gzipBytes }
}
