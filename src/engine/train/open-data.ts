/** Training data from a split of a data set: in memory when it fits, else read batch by batch. */
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
  /** Makes a file for what does not fit and cannot be read in any order. */
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
  const streamed: ExampleRows[] = []
  for (const [index, array] of [...features, ...targets].entries()) {
    const source = array.forward === true ? await throughFile(array, examples, `examples-${index}.f32`, options) : array
    streamed.push({ shape: array.shape, type: array.type, readRows: async (rows) => await readRows(source, rows) })
  }
  return { examples, features: streamed.slice(0, features.length), targets: streamed.slice(features.length) }
}

/** The array once through a file of float32, from front to back. */
async function throughFile (array: ExampleArray, examples: number, name: string, { spool, signal }: OpenOptions): Promise<ExampleArray> {
  const rowBytes = FLOAT_BYTES * sizeOf(array.shape)
  const file = await spool(name)
  const rows = Math.max(1, Math.floor(PIECE_BYTES / rowBytes))
  for (let from = 0; from < examples; from += rows) {
    signal?.throwIfAborted()
    const values = await array.read(from, Math.min(examples, from + rows))
    await file.write(from * rowBytes, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return {
    shape: array.shape,
    type: 'float32',
    async read (from, to) {
      const bytes = await file.read(from * rowBytes, (to - from) * rowBytes)
      if (bytes.length !== (to - from) * rowBytes) throw new EspalierError('internal', `${name} ends within the rows ${from} to ${to}`)
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / FLOAT_BYTES)
    },
  }
}
