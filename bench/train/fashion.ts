/** Fashion-MNIST's training images as raw bytes: from a folder, from Debian's package, or else the test images of the examples. */
import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { openZip } from '../../src/models/zip.ts'
import { openFile } from '../../src/worker/files.ts'

export interface Images {
  /** [examples, 28, 28] and [examples]. */
  readonly images: Uint8Array
  readonly labels: Uint8Array
  readonly examples: number
  /** In words. */
  readonly origin: string
}

export interface FashionOptions {
  /** A folder with the two training files; nothing else is tried then. */
  readonly data?: string
  /** ESPALIER_HOME: what was fetched once is kept there. */
  readonly home: string
  log (line: string): void
}

const PACKAGE = 'dataset-fashion-mnist'
const IN_PACKAGE = 'usr/share/datasets/fashion-mnist'
const STAND_IN = fileURLToPath(new URL('../../examples/fashion-mnist-test.zip', import.meta.url))
const PIXELS = 28 * 28

/** The training images where they can be had, else the 10,000 test images. @throws Error when `data` does not hold them */
export async function readFashion ({ data, home, log }: FashionOptions): Promise<Images> {
  const folder = await fashionFolder({ ...data !== undefined && { data }, home, log })
  if (folder !== undefined) return await readFolder(folder)
  log(`the package ${PACKAGE} cannot be fetched (apt-get, dpkg): the test images of the examples stand in; --data names a folder with the training images`)
  return await readStandIn()
}

/** A folder with the idx files; undefined where they cannot be had. */
export async function fashionFolder ({ data, home, log }: FashionOptions): Promise<string | undefined> {
  if (data !== undefined) return data
  const cached = join(home, 'cache', PACKAGE)
  const there = await access(cached).then(() => true, () => false)
  return there || await fetchPackage(cached, log) ? cached : undefined
}

/** Debian's package, unpacked to `folder`, which appears only when it is complete. */
async function fetchPackage (folder: string, log: (line: string) => void): Promise<boolean> {
  await mkdir(join(folder, '..'), { recursive: true })
  const work = await mkdtemp(`${folder}-`)
  try {
    log(`fetching Debian's package ${PACKAGE}`)
    await download(work)
    const archive = (await readdir(work)).find((name) => name.endsWith('.deb'))!
    await promisify(execFile)('dpkg', ['-x', archive, '.'], { cwd: work })
    await rename(join(work, IN_PACKAGE), folder)
    return true
  } catch {
    return false
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The lists of packages may be missing or old: they are updated only when the package is not found, as that needs root. */
async function download (folder: string): Promise<void> {
  const apt = async (...args: string[]): Promise<void> => { await promisify(execFile)('apt-get', ['-qq', ...args], { cwd: folder }) }
  await apt('download', PACKAGE).catch(async () => {
    await apt('update')
    await apt('download', PACKAGE)
  })
}

async function readFolder (folder: string): Promise<Images> {
  const read = async (name: string): Promise<Uint8Array> => {
    for (const candidate of [name, `${name}.gz`]) {
      const bytes = await readFile(join(folder, candidate)).catch(() => undefined)
      if (bytes !== undefined) return bytes
    }
    throw new Error(`${folder} holds neither ${name} nor ${name}.gz`)
  }
  return pair(await read('train-images-idx3-ubyte'), await read('train-labels-idx1-ubyte'), 'Fashion-MNIST, training images')
}

async function readStandIn (): Promise<Images> {
  const source = await openFile(STAND_IN)
  try {
    const entries = await openZip(source)
    const read = async (part: string): Promise<Uint8Array> => {
      const content = await entries.find(({ name }) => name.includes(part))!.source()
      return await content.read(0, content.size)
    }
    return pair(await read('images'), await read('labels'), 'Fashion-MNIST, test images in place of the training images')
  } finally {
    await source.close()
  }
}

/** Two idx files, gzipped or not, of bytes. @throws Error when they are not as many 28 x 28 images as labels */
export function pair (imageFile: Uint8Array, labelFile: Uint8Array, origin: string): Images {
  const images = idxBytes(imageFile, 3)
  const labels = idxBytes(labelFile, 1)
  if (images.length !== labels.length * PIXELS) throw new Error(`${images.length} bytes of images do not fit ${labels.length} labels: 28 x 28 pixels an image`)
  return { images, labels, examples: labels.length, origin }
}

/** The values of an idx file of unsigned bytes: two zero bytes, type 8, number of axes, big-endian sizes, values. */
function idxBytes (file: Uint8Array, axes: number): Uint8Array {
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file
  if (bytes[2] !== 8 || bytes[3] !== axes) throw new Error(`an idx file of unsigned bytes with ${axes} axes was expected; it begins with ${[...bytes.subarray(0, 4)].join(' ')}`)
  return bytes.subarray(4 + 4 * axes)
}

/** Writes images.u8 and labels.u8, as SideSpec says. */
export async function writeRaw ({ images, labels }: Images, folder: string): Promise<void> {
  await writeFile(join(folder, 'images.u8'), images)
  await writeFile(join(folder, 'labels.u8'), labels)
}
