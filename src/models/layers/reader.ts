/** Reads settings out of a Keras configuration; a wrong one is an error that names layer, key and value. */
import { EspalierError } from '../../errors.ts'
import type { KerasConfig, Where } from './layer-type.ts'

/** Sizes are 32-bit in TensorFlow's shapes. */
const MAX_SIZE = 2 ** 31 - 1

/** No tensor here has more axes (TensorFlow's own limit is 254; Keras layers use at most 5, reshapes a few more). */
export const MAX_RANK = 16

/** A value is quoted in a message up to this length. */
const QUOTED = 80

export type DataFormat = 'channels_last' | 'channels_first'
export type Pair = readonly [before: number, after: number]

/** Numbers with a shape, as `mean`, `scale`, ... are given. */
export interface Constant { readonly values: readonly number[], readonly shape: readonly number[] }

interface IntegerRule { readonly min?: number, readonly fallback?: number }

export class ConfigReader {
  readonly config: KerasConfig
  readonly where: Where

  constructor (config: KerasConfig, where: Where) {
    this.config = config
    this.where = where
  }

  /** The error for a value that is not what it should be. */
  wrong (key: string, expected: string): EspalierError {
    const { path, className } = this.where
    const text = JSON.stringify(this.config[key]) ?? 'missing'
    const value = text.length > QUOTED ? `${text.slice(0, QUOTED)}...` : text
    return new EspalierError('invalid-model', `layer "${path}" (${className}): "${key}" is ${value}, it must be ${expected}`, { layer: path, key })
  }

  /** The error for a valid setting that is not run here. */
  unsupported (text: string): EspalierError {
    return new EspalierError('unsupported-layer', `layers of type ${this.where.className} ${text} are not run here`, { layer: this.where.path })
  }

  /** The value, or undefined when it is absent or null. */
  value (key: string): unknown {
    return Object.hasOwn(this.config, key) ? this.config[key] ?? undefined : undefined
  }

  integer (key: string, { min = 1, fallback }: IntegerRule = {}): number {
    const value = this.value(key) ?? fallback
    if (!isInteger(value, min)) throw this.wrong(key, `an integer from ${min}`)
    return value
  }

  number (key: string, fallback?: number): number {
    const value = this.value(key) ?? fallback
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(key, 'a number')
    return value
  }

  flag (key: string, fallback: boolean): boolean {
    const value = this.value(key) ?? fallback
    if (typeof value !== 'boolean') throw this.wrong(key, 'true or false')
    return value
  }

  choice<Name extends string> (key: string, names: readonly Name[], fallback: Name): Name {
    const value = this.value(key) ?? fallback
    const name = names.find((one) => one === value)
    if (name === undefined) throw this.wrong(key, `one of ${names.join(', ')}`)
    return name
  }

  format (): DataFormat {
    return this.choice('data_format', ['channels_last', 'channels_first'], 'channels_last')
  }

  /** `count` integers; one integer stands for all of them. */
  integers (key: string, count: number, { min = 1, fallback }: IntegerRule = {}): number[] {
    const value = this.value(key) ?? fallback
    const list = Array.isArray(value) ? value : new Array<unknown>(count).fill(value)
    if (list.length !== count || !list.every((item) => isInteger(item, min))) throw this.wrong(key, `an integer from ${min}, or ${count} of them`)
    return list
  }

  /** A list of integers of any length. */
  list (key: string, min: number): number[] {
    const value = this.value(key)
    if (!Array.isArray(value) || value.length > MAX_RANK || !value.every((item) => isInteger(item, min))) throw this.wrong(key, `a list of at most ${MAX_RANK} integers from ${min}`)
    return value
  }

  /** One axis or several; negative ones count from the end. */
  axes (key: string, fallback?: number): number[] {
    const value = this.value(key) ?? fallback
    if (isInteger(value, -MAX_RANK)) return [value]
    return this.list(key, -MAX_RANK)
  }

  /** What is added or cut at both ends of `rank` axes: one number, one per axis, or a pair per axis. */
  pairs (key: string, rank: number, fallback: number): Pair[] {
    const value = this.value(key) ?? fallback
    if (isInteger(value, 0)) return new Array<Pair>(rank).fill([value, value])
    // With one axis the two numbers are its ends; with more each number, or pair of them, is an axis.
    const list: unknown[] = rank === 1 && Array.isArray(value) && value.length === 2 ? [value] : Array.isArray(value) ? value : []
    const pairs = list.map((item): unknown => isInteger(item, 0) ? [item, item] : item)
    if (pairs.length !== rank || !pairs.every(isPair)) throw this.wrong(key, `an integer from 0, or such integers or pairs of them for ${rank} axes`)
    return pairs
  }

  /** A number or nested lists of numbers, also as Keras serialises arrays. Undefined when absent. */
  constant (key: string): Constant | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : this.#constantOf(key, unwrapped(value))
  }

  #constantOf (key: string, value: unknown): Constant {
    const shape: number[] = []
    for (let item = value; Array.isArray(item); item = item[0]) shape.push(item.length)
    const values = shape.length === 0 ? [value] : (value as unknown[]).flat(MAX_RANK)
    const size = shape.reduce((product, length) => product * length, 1)
    if (shape.length > MAX_RANK || values.length !== size || !values.every((item) => typeof item === 'number')) throw this.wrong(key, 'a number or nested lists of numbers')
    return { values: values as number[], shape }
  }
}

function isInteger (value: unknown, min: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= MAX_SIZE
}

function isPair (value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && value.every((item) => isInteger(item, 0))
}

/** Keras writes arrays as {class_name: "__numpy__" | "__tensor__", config: {value}}. */
function unwrapped (value: unknown): unknown {
  const config = (value as { config?: { value?: unknown } }).config
  return typeof value === 'object' && config?.value !== undefined ? config.value : value
}
