/** The files of an attempt: inputs brought to where a runner can read them, outputs taken into the blob store. */
import { createWriteStream } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { EspalierError } from '../../errors.ts'
import type { Dataset } from '../resources.ts'
import type { BytesMoved } from './bytes-moved.ts'
import type { ArtifactRow, Blobs, DatasetFileInput, InputFile, JobRow, RunResult, TenantCatalog } from '../ports.ts'

/** A store that lost part of an upload (a restart of Postgres) asks for it again. */
const PUT_TRIES = 3

interface Stored { readonly sha256: string, readonly bytes: number, readonly name: string, readonly format: string }

/** In place when the store is on this machine, else downloaded into `folder`; the download's hash is checked. */
export async function bring (blobs: Blobs, file: Stored, folder: string, as: string, signal: AbortSignal, moved?: BytesMoved): Promise<InputFile> {
  const { sha256, bytes, name, format } = file
  let place = await blobs.localPath(sha256)
  if (place === undefined) {
    place = path.join(folder, as)
    await pipeline(moved?.count(blobs.stream(sha256)) ?? blobs.stream(sha256), createWriteStream(place, { flags: 'wx' }), { signal })
  } else moved?.add(bytes)
  return { path: place, sha256, bytes, name, format }
}

async function datasetOf (catalog: TenantCatalog, id: string | null): Promise<Dataset | null> {
  if (id === null) return null
  const dataset = await catalog.dataset(id)
  if (dataset === null) throw new EspalierError('not-found', `the data set ${id} was deleted before the job could run`, { id })
  return dataset
}

/** The input files of a job. @throws `not-found` when one is gone */
export async function bringInputs (catalog: TenantCatalog, blobs: Blobs, job: JobRow, folder: string, signal: AbortSignal, moved: BytesMoved): Promise<{ model: InputFile, dataset: DatasetFileInput | null, evaluationDataset: DatasetFileInput | null }> {
  const model = await catalog.model(job.modelId)
  if (model === null) throw new EspalierError('not-found', `the model ${job.modelId} was deleted before the job could run`, { id: job.modelId })
  const [dataset, evaluation] = [await datasetOf(catalog, job.datasetId), await datasetOf(catalog, job.evaluationDatasetId)]
  moved.begin('fetching', model.bytes + (dataset?.bytes ?? 0) + (evaluation?.bytes ?? 0))
  const bringDataset = async (file: Dataset | null, as: string): Promise<DatasetFileInput | null> =>
    file && { ...await bring(blobs, file, folder, as, signal, moved), inputs: file.inputs }
  return {
    model: await bring(blobs, model, folder, 'model', signal, moved),
    dataset: await bringDataset(dataset, 'dataset'),
    evaluationDataset: await bringDataset(evaluation, 'evaluation-dataset'),
  }
}

async function take (blobs: Blobs, place: string, known: { sha256: string, bytes: number }): Promise<{ sha256: string, bytes: number }> {
  for (let left = PUT_TRIES; ; left--) {
    try {
      return await blobs.take(place, known)
    } catch (thrown) {
      if (left <= 1 || EspalierError.from(thrown).code !== 'unavailable') throw thrown
    }
  }
}

/** Stores what a runner wrote. @throws `verification-failed` when a file is not what the runner said it wrote */
export async function storeOutputs (blobs: Blobs, outputs: RunResult['outputs'], folder: string, signal: AbortSignal, moved?: BytesMoved): Promise<ArtifactRow[]> {
  if (outputs.length > 0) moved?.begin('storing', outputs.reduce((sum, { bytes }) => sum + bytes, 0))
  const artifacts: ArtifactRow[] = []
  for (const { name, format, bytes, sha256 } of outputs) {
    signal.throwIfAborted()
    if (name === '' || name === '..' || path.basename(name) !== name) throw new EspalierError('internal', `an output is named ${JSON.stringify(name)}; it must be a plain file name`, { name })
    const stored = await take(blobs, path.join(folder, name), { sha256, bytes })
    if (stored.sha256 !== sha256 || stored.bytes !== bytes) {
      throw new EspalierError('verification-failed', `the output ${name} has ${stored.bytes} bytes with sha256 ${stored.sha256}; ${bytes} bytes with ${sha256} were written`, { name })
    }
    moved?.add(bytes)
    artifacts.push({ name, format, bytes, sha256 })
  }
  return artifacts
}
