/** PNG and JPEG files in a zip, in a folder for each class: cats/1.png, dogs/2.jpg, or train/cats/1.png, test/cats/2.png. */
import { EspalierError } from '../../errors.ts'
import type { ZipEntry } from '../../models/zip.ts'
import { blockedArrays } from '../blocks.ts'
import type { Split } from '../dataset.ts'
import { invalid, isText, type DatasetFormat } from './format.ts'
import { placeImages, type Part, type PlacedImage } from './images/folders.ts'
import type { ImageHeader, ImageType } from './images/image.ts'
import { jpeg } from './images/jpeg.ts'
import { png } from './images/png.ts'
import { ClassNames, placesOf } from './table.ts'

const TYPES: readonly ImageType[] = [png, jpeg]

/** An image as large as is read takes less than this, unless it was saved as bytes without compression. */
const MAX_FILE_BYTES = 64 * 2 ** 20

/** Sizes stand at the front, unless a camera's notes come first. */
const HEAD_BYTES = 16 * 1024

/** What is decoded together: few images, so that a look at one is cheap, and few bytes. */
const BLOCK_IMAGES = 256
const BLOCK_VALUES = 2 ** 22

export const images: DatasetFormat = {
  description: 'a zip of PNG and JPEG images of one size, in a folder for each class, or in train/CLASS/ and test/CLASS/',
  recognises: ({ entries = [] }) => entries.some(({ name }) => isImage(name)) && entries.every(({ name }) => isImage(name) || isText(name)),
  async read ({ entries = [] }) {
    const files = entries.filter(({ name }) => isImage(name))
    const shape = await commonShape(files)
    const placed = placeImages(files)
    const names = new ClassNames()
    for (const { className, entry } of placed) names.add(className, () => entry.name)
    const classNames = names.sorted()
    const splits = Object.fromEntries((['all', 'train', 'test'] as const).flatMap((part): Array<[Part, Split]> => {
      const mine = placed.filter((image) => image.part === part)
      return mine.length === 0 ? [] : [[part, splitOf(mine, shape, placesOf(classNames))]]
    }))
    return { format: 'images', splits, classes: classNames.length, classNames }
  },
}

type Size = readonly [height: number, width: number, channels: 1 | 3]

function isImage (name: string): boolean {
  return /\.(png|jpe?g)$/i.test(name)
}

/** The size of all images; three channels as soon as one of them has colours. Throws naming two that differ. */
async function commonShape (files: readonly ZipEntry[]): Promise<Size> {
  let first: ImageHeader | undefined
  let channels: 1 | 3 = 1
  for (const entry of files) {
    const header = await headerOf(entry)
    first ??= header
    if (header.width !== first.width || header.height !== first.height) {
      throw invalid(`${files[0]!.name} has ${first.width} x ${first.height} pixels, ${entry.name} has ${header.width} x ${header.height}; images of one size are read, nothing is resized`, { files: [files[0]!.name, entry.name] })
    }
    if (header.channels === 3) channels = 3
  }
  return [first!.height, first!.width, channels]
}

async function headerOf (entry: ZipEntry): Promise<ImageHeader> {
  if (entry.size > MAX_FILE_BYTES) throw new EspalierError('limit-exceeded', `${entry.name}: ${entry.size} bytes, at most ${MAX_FILE_BYTES} of an image are read`, { file: entry.name, limit: MAX_FILE_BYTES })
  const source = await entry.source()
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size))
  const header = typeOf(head, entry.name).header(head, entry.name) ?? typeOf(head, entry.name).header(await source.read(0, source.size), entry.name)
  if (header === undefined) throw invalid(`${entry.name}: ends within its header`, { file: entry.name })
  return header
}

/** By the first bytes: a name may say .png and the file be a JPEG. */
function typeOf (bytes: Uint8Array, name: string): ImageType {
  const type = TYPES.find((one) => one.recognises(bytes))
  if (type === undefined) throw invalid(`${name}: is neither PNG nor JPEG by its first bytes`, { file: name })
  return type
}

function splitOf (placed: readonly PlacedImage[], shape: Size, codes: ReadonlyMap<string, number>): Split {
  const values = shape.reduce((product: number, size) => product * size, 1)
  const together = Math.max(1, Math.min(BLOCK_IMAGES, Math.floor(BLOCK_VALUES / values)))
  const starts = Array.from({ length: Math.ceil(placed.length / together) }, (_, block) => block * together)
  const [features] = blockedArrays([{ shape, type: 'uint8' }], {
    starts: [...starts, placed.length],
    async load (block) {
      const mine = placed.slice(block * together, (block + 1) * together)
      if (mine.length === 1) return [await pixelsOf(mine[0]!.entry, shape)]
      const pixels = new Uint8Array(mine.length * values)
      for (const [index, { entry }] of mine.entries()) pixels.set(await pixelsOf(entry, shape), index * values)
      return [pixels]
    },
  })
  const labels = Float32Array.from(placed, ({ className }) => codes.get(className)!)
  return { examples: placed.length, features: [features!], targets: [{ shape: [], type: 'int32', read: async (from, to) => labels.slice(from, to) }] }
}

async function pixelsOf (entry: ZipEntry, [height, width, channels]: Size): Promise<Uint8Array> {
  const bytes = new Uint8Array(entry.size)
  let at = 0
  // A stream compares the checksum, also of an entry that is only stored.
  for await (const piece of entry.stream()) {
    bytes.set(piece, at)
    at += piece.length
  }
  const pixels = await typeOf(bytes, entry.name).decode(bytes, entry.name)
  return pixels.length === height * width * channels ? pixels : repeated(pixels)
}

/** Grey among images with colours. */
function repeated (grey: Uint8Array): Uint8Array {
  return new Uint8Array(grey.length * 3).map((_, index) => grey[Math.floor(index / 3)]!)
}
