/** The weights manifest of TF.js: which weights lie where in which shards. */
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../bytes.ts'
import { NUMBER_TYPES, sizeOf, type NumberType, type Shape } from '../tensor.ts'
import type { ZipEntry } from '../zip.ts'
import { isObject, type Json } from './json.ts'
import { joinedSource } from './joined-source.ts'
import { textBytes } from './tfjs-texts.ts'

/** value = stored * scale + min; float16 has neither. Source: tfjs-core io_utils.ts, decodeWeights. */
export interface Quantization { readonly dtype: 'uint8' | 'uint16' | 'float16', readonly scale: number, readonly min: number }

export interface ManifestWeight {
  readonly name: string
  readonly entry: Json
  readonly shape: Shape
  readonly dtype: Dtype
  /** The type of the elements as they lie in the shards; absent for texts and complex numbers. */
  readonly stored?: NumberType
  /** Where its bytes begin in its group, and how many they are. */
  readonly at: number
  readonly bytes: number
  /** Of an optimizer: it is no weight of a layer. */
  readonly isOptimizer: boolean
  readonly quantization?: Quantization
}

export interface ManifestGroup {
  readonly paths: readonly string[]
  readonly sizes: readonly number[]
  /** The shards one behind the other. */
  readonly source: ByteSource
  readonly weights: readonly ManifestWeight[]
}

/** Axes of a tensor; TF.js knows six, Keras' weights have at most five. */
const MAX_RANK = 16

/** dtypes of a manifest and how their values lie in the shards; null: not as plain numbers. */
const DTYPES = { float32: 'float32', int32: 'int32', bool: 'uint8', string: null, complex64: null } as const satisfies Readonly<Record<string, NumberType | null>>
const QUANTIZED: ReadonlySet<unknown> = new Set(['uint8', 'uint16', 'float16'])

export type Dtype = keyof typeof DTYPES

const COMPLEX_BYTES = 8

/**
 * The groups of "weightsManifest". `shard` gives the zip entry at a path. Sizes are checked against the shards before anything is read. Throws
 * `invalid-model`, naming group and weight, and `unsupported-format` for dtypes and quantizations that TF.js does not have.
 */
export async function readManifest (manifest: unknown, shard: (path: string) => ZipEntry | undefined): Promise<ManifestGroup[]> {
  if (!Array.isArray(manifest)) throw malformed('it has no list "weightsManifest"')
  const [names, files] = [new Set<string>(), new Set<string>()]
  const groups: ManifestGroup[] = []
  for (const [index, group] of (manifest as unknown[]).entries()) {
    if (!isObject(group) || !isTexts(group.paths) || !Array.isArray(group.weights)) throw malformed(`group ${index} of the manifest has no lists "paths" and "weights"`)
    for (const path of group.paths) addTo(files, path, 'the file')
    const entries = group.paths.map((path) => shard(path) ?? missing(path))
    const source = joinedSource(entries)
    const weights: ManifestWeight[] = []
    let at = 0
    for (const entry of group.weights as unknown[]) {
      const weight = await readWeight(entry, source, at)
      addTo(names, weight.name, 'the weight')
      at += weight.bytes
      weights.push(weight)
    }
    if (at !== source.size) throw malformed(`group ${index} of the manifest needs ${at} bytes, its files (${group.paths.join(', ')}) have ${source.size}`)
    groups.push({ paths: group.paths, sizes: entries.map(({ size }) => size), source, weights })
  }
  return groups
}

async function readWeight (entry: unknown, source: ByteSource, at: number): Promise<ManifestWeight> {
  if (!isObject(entry) || typeof entry.name !== 'string' || entry.name === '') throw malformed('the manifest lists a weight without a name')
  const { name, shape } = entry
  if (!isShape(shape)) throw malformed(`the weight ${name} has no valid shape`)
  const dtype = dtypeOf(name, entry.dtype)
  const quantization = entry.quantization === undefined ? undefined : readQuantization(name, dtype, entry.quantization)
  const stored: NumberType | null = quantization?.dtype ?? DTYPES[dtype]
  const count = sizeOf(shape)
  const bytes = dtype === 'string' ? await textBytes(name, count, source, at) : count * (stored === null ? COMPLEX_BYTES : NUMBER_TYPES[stored])
  if (!Number.isSafeInteger(bytes) || at + bytes > source.size) throw malformed(`the weight ${name} needs ${bytes} bytes from byte ${at} of its group, which has ${source.size}`)
  return { name, entry, shape, dtype, at, bytes, isOptimizer: entry.group === 'optimizer', ...(stored !== null && { stored }), ...(quantization !== undefined && { quantization }) }
}

function dtypeOf (name: string, dtype: unknown): Dtype {
  if (typeof dtype === 'string' && Object.hasOwn(DTYPES, dtype)) return dtype as Dtype
  throw unread(name, `of dtype ${JSON.stringify(dtype)}; ${Object.keys(DTYPES).join(', ')} are read`)
}

function readQuantization (name: string, dtype: Dtype, quantization: unknown): Quantization {
  const { dtype: stored, scale = 1, min = 0 } = isObject(quantization) ? quantization : {}
  if (!QUANTIZED.has(stored)) throw unread(name, `quantized as ${JSON.stringify(stored)}; uint8, uint16 and float16 are read`)
  if (dtype !== 'float32' && dtype !== 'int32') throw unread(name, `of dtype ${dtype} and quantized, which TF.js does not have`)
  if (typeof scale !== 'number' || typeof min !== 'number' || !Number.isFinite(scale) || !Number.isFinite(min)) throw malformed(`the weight ${name} has no valid "scale" and "min"`)
  return stored === 'float16' ? { dtype: stored, scale: 1, min: 0 } : { dtype: stored as Quantization['dtype'], scale, min }
}

export function malformed (text: string): EspalierError {
  return new EspalierError('invalid-model', `model.json: ${text}`)
}

export function unread (weight: string, text: string): EspalierError {
  return new EspalierError('unsupported-format', `model.json: the weight ${weight} is ${text}`, { weight })
}

function addTo (names: Set<string>, name: string, what: string): void {
  if (names.has(name)) throw malformed(`${what} ${name} is there twice`)
  names.add(name)
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
