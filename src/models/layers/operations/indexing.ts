/** Operations that take a part of a tensor: indices and slices as NumPy has them. */
import { isRecord } from '../../json.ts'
import type { SymbolicShape } from '../../tensor.ts'
import { MAX_RANK, type ConfigReader } from '../reader.ts'
import { frontAxis, misfit, type Size } from '../shapes.ts'
import { one, operandsOf, type Operation } from './operation.ts'

/** One part of a key such as `x[:, 0, None, ..., 1:3]`. */
export type KeyPart =
  | { readonly kind: 'slice', readonly start: number | null, readonly stop: number | null, readonly step: number }
  | { readonly kind: 'index', readonly index: number }
  | { readonly kind: 'new' }
  | { readonly kind: 'rest' }

export interface GetItemConfig { readonly key: readonly KeyPart[] }

export const getItem: Operation<GetItemConfig> = {
  classNames: ['GetItem'],
  operands: ['x'],
  tensors: 1,
  settings (reader, args) {
    const [, written] = args
    const key = (Array.isArray(written) ? written : [written]).map((part) => partOf(part, reader))
    if (key.length > MAX_RANK || key.filter(({ kind }) => kind === 'rest').length > 1) throw reader.unsupported('with such an index')
    return { key }
  },
  shapes ({ key }, shapes) {
    const shape = one(shapes)
    return [indexed(key, shape).flatMap((part): Size[] => {
      if (part.kind === 'new') return [1]
      if (part.kind === 'index') return []
      const size = shape[part.axis]!
      return [size === null ? null : stepsOf(part, size).length]
    })]
  },
}

/** A part of a key with the axis of the input that it reads. */
export type AxisPart = { readonly kind: 'new' } | (Exclude<KeyPart, { kind: 'new' | 'rest' }> & { readonly axis: number })

const WHOLE = { kind: 'slice', start: null, stop: null, step: 1 } as const

/** The key for every axis of `shape`: the rest filled in, indices checked. */
export function indexed (key: readonly KeyPart[], shape: SymbolicShape): AxisPart[] {
  const read = key.filter(({ kind }) => kind === 'slice' || kind === 'index').length
  if (read > shape.length) throw misfit(`it is indexed with ${read} indices and has ${shape.length} axes`)
  const fill = new Array<KeyPart>(shape.length - read).fill(WHOLE)
  const rest = key.findIndex(({ kind }) => kind === 'rest')
  const full = rest < 0 ? [...key, ...fill] : [...key.slice(0, rest), ...fill, ...key.slice(rest + 1)]
  let axis = 0
  return full.map((part): AxisPart => {
    if (part.kind === 'new' || part.kind === 'rest') return { kind: 'new' }
    const at = axis++
    const size = shape[at]!
    if (part.kind === 'index' && size !== null && (part.index < -size || part.index >= size)) throw misfit(`there is no index ${part.index} in an axis of ${size}`)
    return { ...part, axis: at }
  })
}

/** The positions that a slice of an axis of `size` takes. Source: Python's slice.indices. */
export function stepsOf ({ start, stop, step }: { readonly start: number | null, readonly stop: number | null, readonly step: number }, size: number): number[] {
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1]
  const place = (value: number | null, otherwise: number) => value === null ? otherwise : Math.min(Math.max(value < 0 ? value + size : value, low), high)
  const [from, to] = [place(start, step > 0 ? low : high), place(stop, step > 0 ? high : low)]
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, index) => from + index * step)
}

function partOf (part: unknown, reader: ConfigReader): KeyPart {
  if (part === null || part === undefined) return { kind: 'new' }
  if (Number.isSafeInteger(part)) return { kind: 'index', index: part as number }
  if (isRecord(part) && part.class_name === '__ellipsis__') return { kind: 'rest' }
  if (isRecord(part) && part.class_name === '__slice__' && isRecord(part.config)) {
    const { start = null, stop = null, step } = part.config
    if ([start, stop].every(isEnd) && (step === null || step === undefined || (Number.isSafeInteger(step) && step !== 0))) {
      return { kind: 'slice', start: start as number | null, stop: stop as number | null, step: (step ?? 1) as number }
    }
  }
  throw reader.unsupported('with such an index')
}

function isEnd (value: unknown): boolean {
  return value === null || Number.isSafeInteger(value)
}

export interface TakeConfig {
  readonly axis: number
  readonly indices: readonly number[]
  /** Of the indices. */
  readonly shape: readonly number[]
}

/** With indices that are written down. */
export const take: Operation<TakeConfig> = {
  classNames: ['Take'],
  operands: ['x'],
  tensors: 1,
  settings (reader, [, written]) {
    const [axis, ...others] = reader.value('axis') === undefined ? [] : reader.axes('axis')
    const indices = Array.isArray(written) ? operandsOf({ class_name: '__numpy__', config: { value: written, dtype: 'int32' } }) : operandsOf(written)
    const [given] = indices ?? []
    if (axis === undefined || others.length > 0 || given === undefined || 'input' in given || !given.values.every(Number.isSafeInteger)) throw reader.unsupported('with such indices')
    return { axis, indices: given.values, shape: given.shape }
  },
  shapes ({ axis, indices, shape: taken }, shapes) {
    const shape = one(shapes)
    const at = frontAxis(axis, shape.length)
    const size = shape[at]!
    const wrong = size === null ? undefined : indices.find((index) => index < -size || index >= size)
    if (wrong !== undefined) throw misfit(`there is no index ${wrong} in an axis of ${size}`)
    return [[...shape.slice(0, at), ...taken, ...shape.slice(at + 1)]]
  },
}
