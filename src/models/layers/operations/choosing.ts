/** Operations with settings that keep the shape: limits, types, choices, activation functions. */
import { ACTIVATIONS, type Activation, type ActivationName } from '../activations.ts'
import type { ConfigReader } from '../reader.ts'
import { broadcast, frontAxis } from '../shapes.ts'
import { one, type Operation } from './operation.ts'

export interface Limits { readonly least: number, readonly most: number }

export const clip: Operation<Limits> = {
  classNames: ['Clip'],
  operands: ['x'],
  settings: (reader) => ({ least: reader.number('x_min'), most: reader.number('x_max') }),
  shapes: (_, shapes) => [one(shapes)],
}

export type TypeName = 'float32' | 'int32' | 'bool'

export interface CastConfig { readonly to: TypeName }

export const cast: Operation<CastConfig> = {
  classNames: ['Cast'],
  operands: ['x'],
  settings: (reader) => ({ to: typeOf(reader) }),
  shapes: (_, shapes) => [one(shapes)],
}

export interface LikeConfig {
  /** Null: the type of the input. */
  readonly to: TypeName | null
}

/** One value, in the shape of the input. */
export const like = (...classNames: readonly string[]): Operation<LikeConfig> => ({
  classNames,
  operands: ['x'],
  settings: (reader) => ({ to: typeof reader.value('dtype') === 'string' ? typeOf(reader) : null }),
  shapes: (_, shapes) => [one(shapes)],
})

/** Half precision is computed as float32, other integers as int32. */
function typeOf (reader: ConfigReader): TypeName {
  const type = reader.value('dtype')
  if (typeof type !== 'string') throw reader.wrong('dtype', 'the name of a type')
  if (/^(float(16|32)|bfloat16)$/.test(type)) return 'float32'
  if (/^u?int(8|16|32|64)$/.test(type)) return 'int32'
  if (type === 'bool') return 'bool'
  throw reader.unsupported(`to ${type.slice(0, 20)}`)
}

/** Where the condition holds the first, else the second. */
export const where: Operation<null> = {
  classNames: ['Where'],
  operands: ['condition', 'x1', 'x2'],
  settings: () => null,
  shapes: (_, shapes) => [shapes.reduce(broadcast)],
}

export interface Places { readonly axis: number | null, readonly keepAxes: boolean }

/** Where the largest or the smallest value stands; null: of all values. */
export const place = (...classNames: readonly string[]): Operation<Places> => ({
  classNames,
  operands: ['x'],
  settings (reader) {
    const axes = reader.value('axis') === undefined ? [] : reader.axes('axis')
    if (axes.length > 1) throw reader.wrong('axis', 'one axis, or null')
    return { axis: axes[0] ?? null, keepAxes: reader.flag('keepdims', false) }
  },
  shapes ({ axis, keepAxes }, shapes) {
    const shape = one(shapes)
    const gone = axis === null ? undefined : frontAxis(axis, shape.length)
    const isGone = (at: number) => gone === undefined || at === gone
    return [keepAxes ? shape.map((size, at) => isGone(at) ? 1 : size) : shape.filter((_, at) => !isGone(at))]
  },
})

export interface GeluConfig {
  /** By tanh, as it is unless it is told not to; the activation layer is exact. */
  readonly approximate: boolean
}

export const gelu: Operation<GeluConfig> = {
  classNames: ['Gelu'],
  operands: ['x'],
  settings: (reader) => ({ approximate: reader.flag('approximate', true) }),
  shapes: (_, shapes) => [one(shapes)],
}

export interface ActivationConfig { readonly activation: Activation }

/** Names of a function's parameters in Keras, and here. */
const PARAMETERS: Readonly<Record<string, string>> = { negative_slope: 'negativeSlope', max_value: 'maxValue', alpha: 'alpha', threshold: 'threshold', b: 'b' }

/** An activation function; its parameters are settings. */
export function activation (name: ActivationName, ...classNames: readonly string[]): Operation<ActivationConfig> {
  return {
    classNames,
    operands: ['x'],
    settings: (reader) => ({ activation: { name, ...ACTIVATIONS[name], ...parametersOf(name, reader) } as Activation }),
    shapes: (_, shapes) => [one(shapes)],
  }
}

function parametersOf (name: ActivationName, reader: ConfigReader): Record<string, unknown> {
  if (Object.hasOwn(ACTIVATIONS[name], 'axes')) return { axes: reader.axes('axis', -1) }
  if (reader.value('axis') !== undefined && reader.number('axis') !== -1) throw reader.unsupported('along another axis than the last')
  const known = Object.entries(PARAMETERS).filter(([key, own]) => Object.hasOwn(ACTIVATIONS[name], own) && reader.value(key) !== undefined)
  return Object.fromEntries(known.map(([key, own]) => [own, reader.number(key)]))
}
