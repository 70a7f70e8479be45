/** Data set files of every format: one table, one line each, and the reader that tells them apart. */
import { EspalierError } from '../errors.ts'
import type { ByteSource } from '../models/bytes.ts'
import { looksLikeZip, openZip } from '../models/zip.ts'
import type { DatasetFile } from './dataset.ts'
import { csv } from './formats/csv.ts'
import { HEAD_BYTES, type DatasetContent, type DatasetFormat } from './formats/format.ts'
import { idx } from './formats/idx.ts'
import { images } from './formats/images.ts'
import { npy } from './formats/npy.ts'
import { npz } from './formats/npz.ts'
import { parquet } from './formats/parquet.ts'

/** In the order in which they are tried; a file is of the first one that recognises it. */
export const DATASET_FORMATS = { npz, npy, images, idx, parquet, csv } as const satisfies Record<string, DatasetFormat>

export type DatasetFormatName = keyof typeof DATASET_FORMATS

export { adaptToModel, type Adapted } from './adapt.ts'
export { chooseCalibration, chooseReport, chooseTraining, HELD_OUT, type ReportChoice, type TrainingChoice } from './report.ts'
export { chooseScaling, defaultScaling, scaleFeatures, type ChosenScaling } from './scaling.ts'
export { summarizeDataset } from './summary.ts'

/** What archive tools of desktops add besides. */
const LITTER = /(^|\/)(__MACOSX|\.DS_Store|Thumbs\.db)(\/|$)/

/** A data set of images is a zip with a file for each, of which there are more than in a zip of weights. */
const MAX_ENTRIES = 1_000_000

/**
 * Reads what a file holds: shapes and classes, and features where they are looked at only then. The source must stay open while the splits are read.
 * Throws `invalid-dataset` when it is malformed, `unsupported-format` when it is of no known format, `limit-exceeded` past the limits.
 */
export async function readDataset (source: ByteSource): Promise<DatasetFile> {
  try {
    const content = await open(source)
    return await DATASET_FORMATS[recognise(content)].read(content)
  } catch (thrown) {
    const error = EspalierError.from(thrown)
    // Readers of bytes speak of models; here it is a data set that ends too early.
    throw error.code === 'invalid-model' ? new EspalierError('invalid-dataset', error.message, error.details, { cause: error }) : error
  }
}

/** The format of a file by its content. Throws as `readDataset` does. */
export async function sniffDataset (source: ByteSource): Promise<DatasetFormatName> {
  return recognise(await open(source))
}

async function open (source: ByteSource): Promise<DatasetContent> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size))
  if (!looksLikeZip(head)) return { source, head }
  const entries = await openZip(source, { code: 'invalid-dataset', limits: { entries: MAX_ENTRIES } })
  return { source, head, entries: entries.filter(({ name }) => !LITTER.test(name)) }
}

function recognise (content: DatasetContent): DatasetFormatName {
  const format = (Object.keys(DATASET_FORMATS) as DatasetFormatName[]).find((one) => DATASET_FORMATS[one].recognises(content))
  if (format !== undefined) return format
  const { head, entries } = content
  throw unsupported(entries === undefined ? `the file is ${guess(head)}` : `the zip holds ${entries.slice(0, 10).map(({ name }) => name).join(', ') || 'nothing'}`)
}

function unsupported (found: string): EspalierError {
  return new EspalierError('unsupported-format', `${found}; data sets are ${Object.values(DATASET_FORMATS).map(({ description }) => description).join('; or ')}`)
}

function guess (head: Uint8Array): string {
  const starts = (...bytes: number[]) => bytes.every((byte, index) => head[index] === byte)
  if (head.length === 0) return 'empty'
  if (starts(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)) return 'one .npy array, features without targets; numpy.savez puts x and y into one .npz, or x.npy and y.npy go into one zip'
  if (starts(0x1f, 0x8b)) return 'one gzip file; images and labels go into one zip'
  if (starts(0x89, 0x48, 0x44, 0x46)) return 'HDF5'
  if (starts(0x50, 0x41, 0x52, 0x45)) return 'encrypted Parquet'
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) return 'UTF-16 text; a table is read as UTF-8'
  return 'nothing that is known here'
}
