/** The examples of the benchmark of structured pruning: Fashion-MNIST, or parts of it, as idx files in a folder and in a zip. */
import { createWriteStream } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { writeZip } from '../../src/models/zip-write.ts'
import { unpack } from '../methods/data.ts'

export interface Parts {
  /** Training images are the first so many. */
  readonly training: number
  /** Reported are so many: of the test images the first, or of the training images the last. */
  readonly reported: number
  readonly from: 'test' | 'training'
}

export interface Examples {
  /** Holds the four idx files: the training images, and under the names of the test images those that are reported. */
  readonly folder: string
  /** The same four, which is what a job is given. */
  readonly zip: string
}

const TRAINING = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'] as const
const TEST = ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'] as const

/** `whole`: path of the zip of all examples. @throws Error when it has fewer than are asked for, or when what trains would be reported */
export async function partsOf (whole: string, folder: string, { training, reported, from }: Parts): Promise<Examples> {
  const own = join(folder, 'idx')
  await unpack(whole, own)
  const entries = await Promise.all(TRAINING.map(async (name, index) => {
    const trained = await readFile(join(own, name))
    const other = from === 'test' ? await readFile(join(own, TEST[index]!)) : trained
    const first = from === 'test' ? 0 : examplesOf(trained) - reported
    if (from === 'training' && first < training) throw new Error(`of ${examplesOf(trained)} training images ${training} cannot train and ${reported} others be reported`)
    return [{ name, content: rowsOf(trained, 0, training) }, { name: TEST[index]!, content: rowsOf(other, first, reported) }]
  }))
  for (const { name, content } of entries.flat()) {
    await rm(join(own, name))
    await writeFile(join(own, name), content)
  }
  const zip = join(folder, 'examples.zip')
  await pipeline(Readable.from(writeZip(entries.flat())), createWriteStream(zip))
  return { folder: own, zip }
}

function examplesOf (idx: Buffer): number {
  return idx.readUInt32BE(4)
}

/** An idx file of some of the examples: type and number of axes, sizes as four bytes each, values. */
function rowsOf (idx: Buffer, first: number, count: number): Uint8Array {
  const header = 4 + 4 * idx[3]!
  const all = examplesOf(idx)
  if (first + count > all) throw new Error(`the file has ${all} examples, not ${first + count}`)
  const row = (idx.length - header) / all
  const head = Buffer.from(idx.subarray(0, header))
  head.writeUInt32BE(count, 4)
  return new Uint8Array(Buffer.concat([head, idx.subarray(header + first * row, header + (first + count) * row)]))
}
