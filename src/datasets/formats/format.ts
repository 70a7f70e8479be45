/** What a format of data sets is, and the arrays that all of them are made of. */
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import { NUMBER_TYPES, sizeOf, type NumberType, type Shape } from '../../models/tensor.ts'
import type { ZipEntry } from '../../models/zip.ts'
import type { DatasetFile, ExampleArray, Split } from '../dataset.ts'
import { toFloat32 } from '../numbers.ts'

/** A file as the formats see it. */
export interface DatasetContent {
  readonly source: ByteSource
  /** The first bytes, at most `HEAD_BYTES`. */
  readonly head: Uint8Array
  /** The files of a zip; undefined when it is none. */
  readonly entries?: readonly ZipEntry[]
}

/** Enough for the first line of a table with thousands of columns. */
export const HEAD_BYTES = 64 * 1024

export interface DatasetFormat {
  readonly description: string
  /** Tells by the content, never by the name of the file. */
  recognises (content: DatasetContent): boolean
  /** Reads what is needed to know shapes and classes. Throws `invalid-dataset`, naming the place. */
  read (content: DatasetContent): Promise<DatasetFile>
}

/** Files that explain a data set and are no part of it. */
export function isText (name: string): boolean {
  return /\.(txt|md|json|ya?ml)$|(^|\/)(readme|license)$/i.test(name)
}

/** The numbers of one array in a file: the first axis counts examples. */
export interface StoredArray {
  /** Of the whole array. */
  readonly shape: Shape
  readonly type: NumberType
  readonly littleEndian: boolean
  /** First axis fastest, as Fortran stores it. */
  readonly fortran: boolean
  /** `data` is fast only from front to back. */
  readonly forward?: boolean
  /** Just the numbers, without any header. */
  readonly data: ByteSource
}

/** Arrays in Fortran order cannot be read by rows; they are held whole, as they are stored and as float32, up to this much together. */
const MAX_FORTRAN_BYTES = 256 * 2 ** 20

/** Numbers of one example, which is held whole as float32: more than an image as large as is read has in three colours. */
const MAX_EXAMPLE_VALUES = 2 ** 26

export function invalid (text: string, details: Record<string, unknown> = {}): EspalierError {
  return new EspalierError('invalid-dataset', text, details)
}

/** The rows of a stored array as examples. */
export function examplesOf (array: StoredArray, name: string): ExampleArray {
  const { type, littleEndian, data } = array
  const shape = array.shape.slice(1)
  const rowBytes = sizeOf(shape) * NUMBER_TYPES[type]
  if (array.fortran && shape.length > 0) return fortranExamples(array, name)
  return { shape, type, ...(array.forward === true && { forward: true }), read: async (from, to) => toFloat32(await data.read(from * rowBytes, (to - from) * rowBytes), type, littleEndian) }
}

function fortranExamples ({ shape, type, littleEndian, data }: StoredArray, name: string): ExampleArray {
  const bytes = data.size + 4 * sizeOf(shape)
  if (bytes > MAX_FORTRAN_BYTES) {
    const text = `${name}: in Fortran order it takes ${bytes} bytes of memory, at most ${MAX_FORTRAN_BYTES} are taken; save it with numpy.ascontiguousarray`
    throw new EspalierError('limit-exceeded', text, { limit: MAX_FORTRAN_BYTES, bytes })
  }
  const [examples, ...inner] = shape as [number, ...number[]]
  let all: Promise<Float32Array> | undefined
  return {
    shape: inner,
    type,
    async read (from, to) {
      all ??= data.read(0, data.size).then((bytes) => toFloat32(bytes, type, littleEndian))
      const values = await all
      const places = fortranPlaces(inner)
      const rows = new Float32Array((to - from) * places.length)
      for (let row = from; row < to; row++) {
        for (let place = 0; place < places.length; place++) rows[(row - from) * places.length + place] = values[row + examples * places[place]!]!
      }
      return rows
    },
  }
}

/** For each place in row-major order, its place in column-major order. */
function fortranPlaces (shape: Shape): Uint32Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)))
  return new Uint32Array(sizeOf(shape)).map((_, place) => {
    let [rest, result] = [place, 0]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      result += (rest % shape[axis]!) * strides[axis]!
      rest = Math.floor(rest / shape[axis]!)
    }
    return result
  })
}

export interface NamedArray { readonly name: string, readonly array: StoredArray }

/** A split out of its arrays; throws `invalid-dataset` unless all have the same number of examples, at least one. */
export function splitOf (features: readonly NamedArray[], targets: readonly NamedArray[]): Split {
  const all = [...features, ...targets]
  for (const { name, array } of all) {
    if (array.shape.length === 0) throw invalid(`${name}: one number, without an axis that counts examples`)
    const values = sizeOf(array.shape.slice(1))
    if (values > MAX_EXAMPLE_VALUES) throw new EspalierError('limit-exceeded', `${name}: ${values} numbers in an example, at most ${MAX_EXAMPLE_VALUES} are read`, { array: name, limit: MAX_EXAMPLE_VALUES, values })
    if (array.shape.some((size) => size === 0)) throw invalid(`${name}: the shape [${array.shape.join(', ')}] holds no numbers`)
  }
  const [first, ...others] = all
  for (const { name, array } of others) {
    if (array.shape[0] !== first!.array.shape[0]) throw invalid(`${first!.name} has ${first!.array.shape[0]} examples, ${name} has ${array.shape[0]}`)
  }
  const examples = ({ name, array }: NamedArray) => examplesOf(array, name)
  return { examples: first!.array.shape[0]!, features: features.map(examples), targets: targets.map(examples) }
}

/** Numbers read at once when all of an array is looked at. */
const VALUES_AT_ONCE = 1 << 18

/** The largest class index + 1 over all splits, when every target is one whole number >= 0; undefined otherwise. Reads the targets. */
export async function classesOf (splits: ReadonlyArray<Split | undefined>): Promise<number | undefined> {
  let largest = -1
  for (const split of splits) {
    if (split === undefined) continue
    const [target, ...others] = split.targets
    if (target === undefined || others.length > 0 || sizeOf(target.shape) !== 1 || !/int|bool/.test(target.type)) return undefined
    for (let from = 0; from < split.examples; from += VALUES_AT_ONCE) {
      const labels = await target.read(from, Math.min(split.examples, from + VALUES_AT_ONCE))
      for (const label of labels) {
        if (label < 0) return undefined
        if (label > largest) largest = label
      }
    }
  }
  return largest + 1
}

/** Throws `invalid-dataset` unless train and test have the same shapes. */
export function assertAlike (train: Split | undefined, test: Split | undefined): void {
  if (train === undefined || test === undefined) return
  const shapes = ({ features, targets }: Split) => [...features, ...targets].map(({ shape }) => `[${shape.join(', ')}]`).join(', ')
  if (shapes(train) !== shapes(test)) throw invalid(`the train part has examples of the shapes ${shapes(train)}, the test part ${shapes(test)}`)
}
