/** From a received file to what is in it, and to its row. */
import { EspalierError } from '../../errors.ts'
import type { InputScaling } from '../../datasets/dataset.ts'
import type { Blobs } from '../../jobs/ports.ts'
import type { DatasetSummary, ModelSummary } from '../../jobs/resources.ts'
import type { ByteSource } from '../../models/bytes.ts'
import type { Dependencies } from '../dependencies.ts'
import type { ReceivedFile } from './receive.ts'

/** Reads the file of a model. Throws `invalid-model`, `unsupported-format` or `limit-exceeded`. */
export async function readModelFile ({ blobs, summarizeModel }: Dependencies, file: ReceivedFile): Promise<ModelSummary> {
  return await reading(blobs, file, async (source) => await summarizeModel(source))
}

export async function readDatasetFile ({ blobs, summarizeDataset }: Dependencies, file: ReceivedFile, inputs?: InputScaling): Promise<DatasetSummary> {
  return await reading(blobs, file, async (source) => await summarizeDataset(source, inputs))
}

async function reading<T> (blobs: Blobs, file: ReceivedFile, read: (source: ByteSource) => Promise<T>): Promise<T> {
  const source = await blobs.open(file.sha256)
  try {
    return await read(source)
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error
    throw new EspalierError(error.code, `${file.name}: ${error.message}`, error.details, { cause: error })
  } finally {
    await source.close()
  }
}
