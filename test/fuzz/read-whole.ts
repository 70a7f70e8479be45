/** Reading of a whole file, as an upload and a job do it together: everything in it is looked at once. */
import { EspalierError, ERROR_CODES, type ErrorCode } from '../../src/errors.ts'
import type { Split } from '../../src/datasets/dataset.ts'
import { readDataset, summarizeDataset } from '../../src/datasets/index.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readHdf5, type Hdf5Dataset, type Hdf5Group } from '../../src/models/formats/hdf5/index.ts'
import { readModel, writeModel } from '../../src/models/formats/index.ts'
import { summarizeModel } from '../../src/models/summary.ts'
import { openZip } from '../../src/models/zip.ts'
import { parseRecipe, parseRecipeText } from '../../src/pruning/recipe.ts'

export type ReadWhole = (bytes: Uint8Array) => Promise<void>

/** How a file ended: read, or refused with this code. */
export type Outcome = 'read' | ErrorCode

/** Runs the reader. What is no EspalierError is thrown on, and so is `internal`: nobody thought of that case. */
export async function outcomeOf (read: ReadWhole, bytes: Uint8Array): Promise<{ outcome: Outcome, text: string, error?: EspalierError }> {
  try {
    await read(bytes)
    return { outcome: 'read', text: '' }
  } catch (error) {
    if (!(error instanceof EspalierError) || error.code === 'internal' || !Object.hasOwn(ERROR_CODES, error.code)) throw error
    return { outcome: error.code, text: error.message, error }
  }
}

/** Summary of all weights, and the file written as it is. */
export async function readWholeModel (bytes: Uint8Array): Promise<void> {
  const model = await readModel(bytesInMemory(bytes))
  await summarizeModel(model)
  await writeModel(model, new Map(), model.format, { compress: false, optimizerState: 'keep' }, { write: async () => {} })
}

/** Numbers of a batch, but at least one example. */
const BATCH_VALUES = 2 ** 20

export async function readWholeDataset (bytes: Uint8Array): Promise<void> {
  const file = await readDataset(bytesInMemory(bytes))
  summarizeDataset(file)
  for (const { examples, features, targets } of Object.values(file.splits) as Split[]) {
    const values = [...features, ...targets].reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0)
    const step = Math.max(1, Math.floor(BATCH_VALUES / values))
    for (let from = 0; from < examples; from += step) {
      for (const array of [...features, ...targets]) await array.read(from, Math.min(examples, from + step))
    }
  }
}

export async function readWholeHdf5 (bytes: Uint8Array): Promise<void> {
  const visit = async (node: Hdf5Group | Hdf5Dataset): Promise<void> => {
    for (const { value } of node.attributes.values()) void value
    if (node.kind === 'group') for (const child of node.children.values()) await visit(child)
    else if (node.datatype.kind === 'variable-string' || node.datatype.kind === 'string') await node.strings()
    else for await (const piece of node.chunks()) void piece
  }
  await visit(await readHdf5(bytesInMemory(bytes)))
}

export async function readWholeZip (bytes: Uint8Array): Promise<void> {
  for (const entry of await openZip(bytesInMemory(bytes))) {
    await entry.source()
    for await (const piece of entry.stream()) void piece
  }
}

export async function readWholeRecipe (bytes: Uint8Array): Promise<void> {
  parseRecipe(parseRecipeText(new TextDecoder().decode(bytes)))
}
