/** idx pairs in a zip: images and labels, plain or gzipped, as MNIST and its relatives come. */
import { sliceOf, type ByteSource } from '../../models/bytes.ts'
import { inflate } from '../../models/inflate.ts'
import { NUMBER_TYPES, sizeOf, type NumberType, type Shape } from '../../models/tensor.ts'
import type { ZipEntry } from '../../models/zip.ts'
import type { Split } from '../dataset.ts'
import { forwardSource } from '../forward-source.ts'
import { assertAlike, classesOf, invalid, splitOf, type DatasetFormat, type NamedArray } from './format.ts'

const TYPES: Readonly<Record<number, NumberType>> = { 8: 'uint8', 9: 'int8', 11: 'int16', 12: 'int32', 13: 'float32', 14: 'float64' }

/** Images with channels have four axes; nothing needs more than this. */
const MAX_AXES = 8

/** No deflate stream expands by more (258 bytes from 2 bits). Source: zlib technical details. */
const MAX_DEFLATE_RATIO = 1032

const PARTS = [['train', /(^|[^a-z])train([^a-z]|$)/i], ['test', /(^|[^a-z])(t10k|test)([^a-z]|$)/i]] as const

type Part = 'all' | 'train' | 'test'

export const idx: DatasetFormat = {
  description: 'a zip of idx files, plain or gzipped: one pair of images and labels, or a train and a t10k/test pair',
  recognises: ({ entries = [] }) => entries.length > 0 && entries.every(({ name }) => /\.gz$|idx|ubyte/i.test(baseName(name))),
  async read ({ entries = [] }) {
    if (entries.length > 4) throw invalid(`the zip holds ${entries.length} files; it needs one or two pairs of images and labels`)
    const arrays = await Promise.all(entries.map(async (entry) => ({ part: partOf(entry.name, entries), ...await openArray(entry) })))
    const read = (part: Part): Split | undefined => {
      const mine = arrays.filter((array) => array.part === part)
      if (mine.length === 0) return undefined
      const [features, targets] = [mine.filter(({ array }) => array.shape.length > 1), mine.filter(({ array }) => array.shape.length === 1)]
      if (features.length !== 1 || targets.length !== 1) {
        const found = mine.map(({ name, array }) => `${name} of shape [${array.shape.join(', ')}]`).join(' and ')
        throw invalid(`the zip holds ${found}; a pair is one file of examples (two axes or more) and one of labels (one axis)`)
      }
      return splitOf(features, targets)
    }
    const [all, train, test] = [read('all'), read('train'), read('test')]
    assertAlike(train, test)
    const classes = await classesOf([all, train, test])
    return { format: 'idx', splits: { ...(all && { all }), ...(train && { train }), ...(test && { test }) }, ...(classes !== undefined && { classes }) }
  },
}

/** A single pair is a part when both of its names say so; of two pairs one is for training and one for testing. */
function partOf (name: string, entries: readonly ZipEntry[]): Part {
  if (entries.length <= 2) return PARTS.find(([, pattern]) => entries.every((entry) => pattern.test(baseName(entry.name))))?.[0] ?? 'all'
  const part = PARTS.find(([, pattern]) => pattern.test(baseName(name)))
  if (part === undefined) throw invalid(`${name}: with two pairs the names must say "train" or "t10k" (or "test")`)
  return part[0]
}

async function openArray (entry: ZipEntry): Promise<NamedArray> {
  const gzipped = entry.name.toLowerCase().endsWith('.gz')
  const open = () => gzipped ? inflate(entry.stream(), 'gzip', entry.name, 'invalid-dataset') : entry.stream()
  const header = parseHeader(await firstBytes(open(), 4 + 4 * MAX_AXES), entry.name)
  const size = header.offset + header.bytes
  const declared = gzipped ? await gzipSize(entry) : entry.size
  if (declared !== undefined && declared !== (gzipped ? size % 2 ** 32 : size)) {
    throw invalid(`${entry.name}: the shape [${header.shape.join(', ')}] of ${header.type} takes ${size} bytes with its header, the file has ${declared}`, { array: entry.name })
  }
  if (size > entry.size * (gzipped ? MAX_DEFLATE_RATIO : 1)) throw invalid(`${entry.name}: the header announces ${size} bytes, which ${entry.size} cannot become`, { array: entry.name })
  const forward = gzipped || entry.method !== 'stored'
  const content: ByteSource = forward ? forwardSource(size, () => checked(open(), size, entry.name)) : await entry.source()
  const data = sliceOf(content, header.offset, header.bytes)
  return { name: entry.name, array: { shape: header.shape, type: header.type, littleEndian: false, fortran: false, forward, data } }
}

/** Source: Y. LeCun's description of the idx format: two zero bytes, type, number of axes, sizes in big-endian order. */
function parseHeader (head: Uint8Array, name: string): { shape: Shape, type: NumberType, offset: number, bytes: number } {
  const bad = (text: string) => invalid(`${name}: ${text}`, { array: name })
  const [type, axes] = [TYPES[head[2] ?? 0], head[3] ?? 0]
  if (head.length < 4 || head[0] !== 0 || head[1] !== 0 || type === undefined) throw bad('is no idx file (it begins with two zero bytes and a type)')
  if (axes < 1 || axes > MAX_AXES) throw bad(`has ${axes} axes; 1 to ${MAX_AXES} are read`)
  if (head.length < 4 + 4 * axes) throw bad('ends within its header')
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis))
  const bytes = sizeOf(shape) * NUMBER_TYPES[type]
  if (!Number.isSafeInteger(bytes)) throw bad(`has the shape [${shape.join(', ')}], which no memory holds`)
  return { shape, type, offset: 4 + 4 * axes, bytes }
}

/** The size after decompression, modulo 2^32, that ends a gzip file; undefined where the end cannot be read without inflating. */
async function gzipSize (entry: ZipEntry): Promise<number | undefined> {
  if (entry.method !== 'stored' || entry.size < 18) return undefined
  const end = await (await entry.source()).read(entry.size - 4, 4)
  return new DataView(end.buffer, end.byteOffset, 4).getUint32(0, true)
}

async function firstBytes (content: AsyncIterable<Uint8Array>, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count)
  let filled = 0
  for await (const piece of content) {
    bytes.set(piece.subarray(0, count - filled), filled)
    filled = Math.min(count, filled + piece.length)
    if (filled === count) break
  }
  return bytes.subarray(0, filled)
}

/** Passes `content` on; throws unless it is of just this size. */
async function * checked (content: AsyncIterable<Uint8Array>, size: number, name: string): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const piece of content) {
    bytes += piece.length
    if (bytes > size) break
    yield piece
  }
  if (bytes !== size) throw invalid(`${name}: the header announces ${size} bytes, the file has ${bytes > size ? 'more' : bytes}`, { array: name })
}

function baseName (path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
