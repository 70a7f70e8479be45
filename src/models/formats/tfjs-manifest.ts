/** The weights manifest of TF.js: which weights lie where in which shards, and how quantized ones become numbers again. */
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../bytes.ts'
import { sizeOf, type NumberType } from '../tensor.ts'
import type { ZipEntry } from '../zip.ts'
import { isPlainFloat32 } from './encode.ts'
import { fileTensor, type FileTensor } from './file-tensor.ts'
import { datatypeOf, decodeNumbers } from './hdf5/index.ts'
import { isObject, type Json } from './json.ts'
import { joinedSource } from './joined-source.ts'

export interface ManifestWeight {
  readonly name: string
  readonly entry: Json
  readonly tensor: FileTensor
  /** Of an optimizer: it is no weight of a layer. */
  readonly isOptimizer: boolean
  readonly quantization?: string
}

export interface ManifestGroup {
  readonly paths: readonly string[]
  readonly sizes: readonly number[]
  readonly weights: readonly ManifestWeight[]
}

/** Axes of a tensor; TF.js knows six, Keras' weights have at most five. */
const MAX_RANK = 16

/** dtypes of a manifest and how their values lie in the shards. */
const STORED: Readonly<Record<string, NumberType>> = { float32: 'float32', int32: 'int32', bool: 'uint8' }
const QUANTIZED: Readonly<Record<string, NumberType>> = { uint8: 'uint8', uint16: 'uint16', float16: 'float16' }

/**
 * The groups of "weightsManifest". `shard` gives the zip entry at a path. Sizes are checked against the shards before anything is read. Throws
 * `invalid-model`, naming group and weight, and `unsupported-format` for text and complex weights.
 */
export function readManifest (manifest: unknown, shard: (path: string) => ZipEntry | undefined): ManifestGroup[] {
  if (!Array.isArray(manifest)) throw malformed('it has no list "weightsManifest"')
  const [names, taken] = [new Set<string>(), new Set<string>()]
  return manifest.map((group: unknown, index) => {
    if (!isObject(group) || !isTexts(group.paths) || !Array.isArray(group.weights)) throw malformed(`group ${index} of the manifest has no lists "paths" and "weights"`)
    const entries = group.paths.map((path) => {
      if (taken.has(path)) throw malformed(`the file ${path} is named twice in the manifest`)
      taken.add(path)
      return shard(path) ?? missing(path)
    })
    const source = joinedSource(entries)
    let offset = 0
    const weights = group.weights.map((entry: unknown) => {
      const weight = readWeight(entry, source, offset)
      if (names.has(weight.name)) throw malformed(`the weight ${weight.name} is there twice`)
      names.add(weight.name)
      offset += weight.bytes
      return weight
    })
    if (offset !== source.size) throw malformed(`group ${index} of the manifest needs ${offset} bytes, its files (${group.paths.join(', ')}) have ${source.size}`)
    return { paths: group.paths, sizes: entries.map(({ size }) => size), weights }
  })
}

function readWeight (entry: unknown, source: ByteSource, offset: number): ManifestWeight & { readonly bytes: number } {
  if (!isObject(entry) || typeof entry.name !== 'string' || entry.name === '') throw malformed('the manifest lists a weight without a name')
  const { name, dtype } = entry
  const shape = entry.shape
  if (!isShape(shape)) throw malformed(`the weight ${name} has no valid shape`)
  const type = typeof dtype === 'string' && Object.hasOwn(STORED, dtype) ? STORED[dtype] : undefined
  if (type === undefined) {
    throw new EspalierError('unsupported-format',
      `model.json: the weight ${name} is of dtype ${JSON.stringify(dtype)}; float32, int32 and bool are read`,
      { weight: name })
  }
  const quantization = entry.quantization === undefined ? undefined : readQuantization(name, entry.quantization)
  const stored = datatypeOf(quantization?.type ?? type)
  const bytes = sizeOf(shape) * stored.size
  if (!Number.isSafeInteger(bytes) || offset + bytes > source.size) throw malformed(`the weight ${name} needs ${bytes} bytes from byte ${offset} of its group, which has ${source.size}`)
  const pieces = async function * (length: number): AsyncGenerator<Uint8Array> {
    const step = Math.max(stored.size, length - length % stored.size)
    for (let at = 0; at < bytes; at += step) yield await source.read(offset + at, Math.min(step, bytes - at))
  }
  const isOptimizer = entry.group === 'optimizer'
  if (quantization === undefined) {
    const tensor = fileTensor({ key: name, shape, type: dtype === 'bool' ? 'bool' : type, datatype: stored, compressed: false, raw: (length = PIECE) => pieces(length) })
    return { name, entry, tensor, isOptimizer, bytes }
  }
  const raw = async function * (length = PIECE): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces(length / 4 * stored.size)) {
      const values = decodeNumbers(piece, stored).map((value) => value * quantization.scale + quantization.min)
      yield new Uint8Array(values.buffer)
    }
  }
  const tensor = fileTensor({ key: name, shape, type: 'float32', datatype: datatypeOf('float32'), compressed: false, raw })
  return { name, entry, tensor, isOptimizer, quantization: String((entry.quantization as Json).dtype), bytes }
}

/** Bytes in a piece of raw values. */
const PIECE = 1 << 20

interface Quantization { readonly type: NumberType, readonly scale: number, readonly min: number }

/** value = stored * scale + min; float16 has neither. Source: tfjs-core io_utils.ts, decodeWeights. */
function readQuantization (name: string, quantization: unknown): Quantization {
  const { dtype, scale = 1, min = 0 } = isObject(quantization) ? quantization : {}
  const type = typeof dtype === 'string' && Object.hasOwn(QUANTIZED, dtype) ? QUANTIZED[dtype] : undefined
  if (type === undefined) {
    throw new EspalierError('unsupported-format',
      `model.json: the weight ${name} is quantized as ${JSON.stringify(dtype)}; uint8, uint16 and float16 are read`,
      { weight: name })
  }
  if (typeof scale !== 'number' || typeof min !== 'number' || !Number.isFinite(scale) || !Number.isFinite(min)) throw malformed(`the weight ${name} has no valid "scale" and "min"`)
  return type === 'float16' ? { type, scale: 1, min: 0 } : { type, scale, min }
}

/** The values as TF.js stores them, little-endian float32 or int32 (bool: one byte). */
export function isStoredPlainly (tensor: FileTensor): boolean {
  const { datatype, type } = tensor
  return isPlainFloat32(datatype) || type === 'bool' || (type === 'int32' && datatype.kind === 'integer' && datatype.littleEndian)
}

export function malformed (text: string): EspalierError {
  return new EspalierError('invalid-model', `model.json: ${text}`)
}

function missing (path: string): never {
  throw new EspalierError('invalid-model', `model.json names the file ${path}, which is not in the zip`, { path })
}

function isTexts (value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isShape (value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_RANK && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}
