/** Data set files of every format: one table, one line each, and the reader that tells them apart. */
import { EspalierError } from '../errors.ts'
import type { ByteSource } from '../models/bytes.ts'
import { looksLikeZip, openZip, type ZipEntry } from '../models/zip.ts'
import type { DatasetFile } from './dataset.ts'
import type { DatasetFormat } from './formats/format.ts'
import { idx } from './formats/idx.ts'
import { npz } from './formats/npz.ts'

export const DATASET_FORMATS = { npz, idx } as const satisfies Record<string, DatasetFormat>

export type DatasetFormatName = keyof typeof DATASET_FORMATS

export { adaptToModel, type Adapted } from './adapt.ts'
export { chooseCalibration, chooseReport, chooseTraining, HELD_OUT, type ReportChoice, type TrainingChoice } from './report.ts'
export { chooseScaling, defaultScaling, scaleFeatures, type ChosenScaling } from './scaling.ts'
export { summarizeDataset } from './summary.ts'

/** What archive tools of desktops add besides. */
const LITTER = /(^|\/)(__MACOSX|\.DS_Store|Thumbs\.db)(\/|$)/

/**
 * Reads what a file holds: headers and class indices, no features. The source must stay open while the splits are read. Throws `invalid-dataset`
 * when it is malformed, `unsupported-format` when it is of no known format, `limit-exceeded` past the limits.
 */
export async function readDataset (source: ByteSource): Promise<DatasetFile> {
  try {
    const entries = await entriesOf(source)
    const format = recognise(entries)
    return await DATASET_FORMATS[format].read(entries)
  } catch (thrown) {
    const error = EspalierError.from(thrown)
    // Readers of bytes speak of models; here it is a data set that ends too early.
    throw error.code === 'invalid-model' ? new EspalierError('invalid-dataset', error.message, error.details, { cause: error }) : error
  }
}

/** The format of a file by its content. Throws as `readDataset` does. */
export async function sniffDataset (source: ByteSource): Promise<DatasetFormatName> {
  return recognise(await entriesOf(source))
}

async function entriesOf (source: ByteSource): Promise<ZipEntry[]> {
  const head = await source.read(0, Math.min(8, source.size))
  if (!looksLikeZip(head)) throw unsupported(`the file is ${guess(head)}`)
  const entries = await openZip(source, { code: 'invalid-dataset' })
  return entries.filter(({ name }) => !LITTER.test(name))
}

function recognise (entries: readonly ZipEntry[]): DatasetFormatName {
  const names = entries.map(({ name }) => name)
  const format = (Object.keys(DATASET_FORMATS) as DatasetFormatName[]).find((one) => DATASET_FORMATS[one].recognises(names))
  if (format === undefined) throw unsupported(`the zip holds ${names.slice(0, 10).join(', ') || 'nothing'}`)
  return format
}

function unsupported (found: string): EspalierError {
  return new EspalierError('unsupported-format', `${found}; data sets are ${Object.values(DATASET_FORMATS).map(({ description }) => description).join('; or ')}`)
}

function guess (head: Uint8Array): string {
  const starts = (...bytes: number[]) => bytes.every((byte, index) => head[index] === byte)
  if (head.length === 0) return 'empty'
  if (starts(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)) return 'one .npy array; numpy.savez puts x and y into one .npz'
  if (starts(0x1f, 0x8b)) return 'one gzip file; images and labels go into one zip'
  if (starts(0x89, 0x48, 0x44, 0x46)) return 'HDF5'
  if (starts(0x50, 0x41, 0x52, 0x31)) return 'Parquet'
  return 'no zip'
}
