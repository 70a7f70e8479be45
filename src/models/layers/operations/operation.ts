/** What an operation of keras.ops is: the settings it is written with, and the shapes that it gives. */
import { INPUT_MARK } from '../../architecture/calls.ts'
import type { SymbolicShape } from '../../tensor.ts'
import type { ConfigReader } from '../reader.ts'
import { broadcast, frontAxis, onlyInput } from '../shapes.ts'

export interface Operation<S> {
  /** The names by which Keras writes it. */
  readonly classNames: readonly string[]
  /** Names of its tensor arguments, where they are given by name. */
  readonly operands: readonly string[]
  /** Throws `invalid-model` for malformed ones, `unsupported-layer` for valid ones that are not run here. */
  settings (reader: ConfigReader, args: readonly unknown[]): S
  /** How many of the arguments are tensors; the rest are settings. */
  readonly tensors?: number
  shapes (settings: S, operands: readonly SymbolicShape[]): SymbolicShape[]
  /** Multiply-accumulates of products for one example. */
  macs? (settings: S, operands: readonly SymbolicShape[], output: SymbolicShape): number
}

/** A tensor argument: a value of the graph, or numbers written into the configuration. */
export type Operand = { readonly input: number } | Literal

export interface Literal {
  readonly values: readonly number[]
  readonly shape: readonly number[]
  readonly kind: 'number' | 'integer' | 'bool'
}

/** Element by element. */
export function unary (...classNames: readonly string[]): Operation<null> {
  return { classNames, operands: ['x'], settings: () => null, shapes: (_, shapes) => [one(shapes)] }
}

/** Element by element of two tensors, by NumPy's broadcasting. */
export function binary (...classNames: readonly string[]): Operation<null> {
  return { classNames, operands: ['x1', 'x2'], settings: () => null, shapes: (_, shapes) => [shapes.reduce(broadcast)] }
}

export interface Reduction {
  /** Null: all axes, the batch too. */
  readonly axes: readonly number[] | null
  readonly keepAxes: boolean
}

export function reduction (...classNames: readonly string[]): Operation<Reduction> {
  return { classNames, operands: ['x'], settings: reductionOf, shapes: (c, shapes) => [reduced(one(shapes), c)] }
}

export function reductionOf (reader: ConfigReader): Reduction {
  const initial = reader.value('initial')
  if (initial !== undefined) throw reader.unsupported('with "initial"')
  return { axes: reader.value('axis') === undefined ? null : reader.axes('axis'), keepAxes: reader.flag('keepdims', false) }
}

function reduced (shape: SymbolicShape, { axes, keepAxes }: Reduction): SymbolicShape {
  const gone = new Set(axes?.map((axis) => frontAxis(axis, shape.length)) ?? shape.keys())
  return keepAxes ? shape.map((size, axis) => gone.has(axis) ? 1 : size) : shape.filter((_, axis) => !gone.has(axis))
}

/** The only operand, which may be a scalar. */
export function one (shapes: readonly SymbolicShape[]): SymbolicShape {
  return shapes.length === 1 ? shapes[0]! : onlyInput(shapes)
}

/** The operands of a written argument, lists flattened; undefined when it is none. */
export function operandsOf (argument: unknown): Operand[] | undefined {
  if (typeof argument === 'boolean') return [{ values: [Number(argument)], shape: [], kind: 'bool' }]
  if (typeof argument === 'number') return [{ values: [argument], shape: [], kind: 'number' }]
  if (Array.isArray(argument)) {
    const parts = argument.map(operandsOf)
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined
  }
  const { class_name: className, index, config } = (argument ?? {}) as { class_name?: unknown, index?: unknown, config?: { value?: unknown, dtype?: unknown } }
  if (className === INPUT_MARK) return [{ input: index as number }]
  if (className !== '__numpy__' && className !== '__tensor__') return undefined
  const literal = literalOf(config?.value, String(config?.dtype ?? 'float32'))
  return literal === undefined ? undefined : [literal]
}

/** Nested lists of equal lengths; undefined when they are not. */
function literalOf (value: unknown, type: string): Literal | undefined {
  const shape: number[] = []
  for (let item = value; Array.isArray(item); item = item[0]) shape.push(item.length)
  const flat = (Array.isArray(value) ? value.flat(shape.length) : [value]).map((item: unknown) => typeof item === 'boolean' ? Number(item) : item)
  if (flat.length !== shape.reduce((product, size) => product * size, 1) || !flat.every((item) => typeof item === 'number')) return undefined
  return { values: flat as number[], shape, kind: type === 'bool' ? 'bool' : /int/.test(type) ? 'integer' : 'number' }
}
