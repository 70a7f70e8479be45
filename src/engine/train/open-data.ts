/** Training data from a split of a data set: in memory when it fits, else once through a file whose rows are read as they are needed. */
import type { ExampleArray, Split } from '../../datasets/dataset.ts'
import { readRows } from '../../datasets/rows.ts'
import { EspalierError } from '../../errors.ts'
import { sizeOf } from '../../models/tensor.ts'
import type { ExampleRows, ExampleValues, StreamedData, TrainingData } from './data.ts'

/** A file to write and read in pieces, gone after the run. */
export interface SpoolFile {
  write (offset: number, bytes: Uint8Array): Promise<void>
  read (offset: number, length: number): Promise<Uint8Array>
}

export interface OpenOptions {
  /** Of all features and targets as float32. */
  readonly limitBytes: number
  /** Makes a file for what does not fit. */
  readonly spool: (name: string) => Promise<SpoolFile>
  readonly signal?: AbortSignal
}

const FLOAT_BYTES = 4

/** Bytes that are read and written at once. */
const PIECE_BYTES = 1 << 24

/** The examples of `split`, in its shapes. Throws what reading throws, and the signal's reason. */
export async function openTrainingData (split: Split, options: OpenOptions): Promise<TrainingData | StreamedData> {
  const { examples, features, targets } = split
  const bytes = [...features, ...targets].reduce((sum, { shape }) => sum + FLOAT_BYTES * examples * sizeOf(shape), 0)
  if (bytes <= options.limitBytes) {
    const all = async (array: ExampleArray): Promise<ExampleValues> => ({ shape: array.shape, type: array.type, values: await array.read(0, examples) })
    return { examples, features: await Promise.all(features.map(all)), targets: await Promise.all(targets.map(all)) }
  }
  const spooled: ExampleRows[] = []
  for (const [index, array] of [...features, ...targets].entries()) spooled.push(await throughFile(array, examples, `examples-${index}.f32`, options))
  return { examples, features: spooled.slice(0, features.length), targets: spooled.slice(features.length) }
}

/** Read once from front to back, as compressed files must be. */
async function throughFile (array: ExampleArray, examples: number, name: string, { spool, signal }: OpenOptions): Promise<ExampleRows> {
  const { shape, type } = array
  const rowBytes = FLOAT_BYTES * sizeOf(shape)
  const file = await spool(name)
  const rows = Math.max(1, Math.floor(PIECE_BYTES / rowBytes))
  for (let from = 0; from < examples; from += rows) {
    signal?.throwIfAborted()
    const values = await array.read(from, Math.min(examples, from + rows))
    await file.write(from * rowBytes, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  const written: ExampleArray = {
    shape,
    type: 'float32',
    async read (from, to) {
      const bytes = await file.read(from * rowBytes, (to - from) * rowBytes)
      if (bytes.length !== (to - from) * rowBytes) throw new EspalierError('internal', `${name} ends within the rows ${from} to ${to}`)
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / FLOAT_BYTES)
    },
  }
  return { shape, type, readRows: async (wanted) => await readRows(written, wanted) }
}
