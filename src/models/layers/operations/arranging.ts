/** Operations that put values in another place: reshape, transpose, slices, joins. */
import type { SymbolicShape } from '../../tensor.ts'
import { ConfigReader, type Pair } from '../reader.ts'
import { frontAxis, misfit, type Size } from '../shapes.ts'
import { one, type Operation } from './operation.ts'

export interface NewShape { readonly shape: ReadonlyArray<number | null> }

/** Sizes; -1 or null is what remains. */
export const reshape: Operation<NewShape> = {
  classNames: ['Reshape'],
  operands: ['x'],
  settings (reader) {
    const value = reader.value('newshape')
    const list: unknown[] = typeof value === 'number' ? [value] : Array.isArray(value) ? value : [undefined]
    const sizes = list.map((size) => size === -1 ? null : size)
    if (!sizes.every((size) => size === null || (Number.isSafeInteger(size) && (size as number) >= 0))) throw reader.wrong('newshape', 'a list of sizes, -1 for what remains')
    return { shape: sizes as Array<number | null> }
  },
  shapes ({ shape }, shapes) {
    const total = sizeOf(one(shapes))
    if (shape.filter((size) => size === null).length !== 1) return [shape]
    const rest = sizeOf(shape.filter((size) => size !== null))!
    if (total === null) return [shape]
    if (rest === 0 || total % rest !== 0) throw misfit(`${total} values cannot be reshaped to [${shape.join(', ')}]`)
    return [shape.map((size) => size ?? total / rest)]
  },
}

export const ravel: Operation<null> = { classNames: ['Ravel'], operands: ['x'], settings: () => null, shapes: (_, shapes) => [[sizeOf(one(shapes))]] }

export interface Axes { readonly axes: readonly number[] | null }

/** Null: the axes reversed. */
export const transpose: Operation<Axes> = {
  classNames: ['Transpose'],
  operands: ['x'],
  settings: (reader) => ({ axes: reader.value('axes') === undefined ? null : reader.axes('axes') }),
  shapes: ({ axes }, shapes) => [permutation(axes, one(shapes).length).map((axis) => one(shapes)[axis]!)],
}

/** Axes counted from the front. */
export function permutation (axes: readonly number[] | null, rank: number): number[] {
  if (axes === null) return Array.from({ length: rank }, (_, axis) => rank - 1 - axis)
  const order = axes.map((axis) => frontAxis(axis, rank))
  if (order.length !== rank || new Set(order).size !== rank) throw misfit(`the axes ${order.join(', ')} are no order of ${rank} axes`)
  return order
}

export interface Moved { readonly from: readonly number[], readonly to: readonly number[] }

/** Both are orders of all axes, see movedOrder. */
export const swapAxes: Operation<Moved> = {
  classNames: ['Swapaxes', 'SwapAxes'],
  operands: ['x'],
  settings: (reader) => ({ from: [...reader.axes('axis1'), ...reader.axes('axis2')], to: [...reader.axes('axis2'), ...reader.axes('axis1')] }),
  shapes: (c, shapes) => [movedOrder(c, one(shapes).length).map((axis) => one(shapes)[axis]!)],
}

export const moveAxis: Operation<Moved> = { ...swapAxes, classNames: ['Moveaxis'], settings: (reader) => ({ from: reader.axes('source'), to: reader.axes('destination') }) }

/** Which axis of the input stands where. */
export function movedOrder ({ from, to }: Moved, rank: number): number[] {
  const [sources, places] = [from.map((axis) => frontAxis(axis, rank)), to.map((axis) => frontAxis(axis, rank))]
  const others = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !sources.includes(axis))
  return Array.from({ length: rank }, (_, place) => places.includes(place) ? sources[places.indexOf(place)]! : others.shift()!)
}

export const expandDims: Operation<Axes> = {
  classNames: ['ExpandDims'],
  operands: ['x'],
  settings: (reader) => ({ axes: reader.axes('axis') }),
  shapes: ({ axes }, shapes) => [withNewAxes(one(shapes), axes!)],
}

function withNewAxes (shape: SymbolicShape, axes: readonly number[]): SymbolicShape {
  const rank = shape.length + axes.length
  const added = new Set(axes.map((axis) => frontAxis(axis, rank)))
  const rest = [...shape]
  return Array.from({ length: rank }, (_, axis): Size => added.has(axis) ? 1 : rest.shift()!)
}

/** Null: every axis of size 1. */
export const squeeze: Operation<Axes> = {
  classNames: ['Squeeze'],
  operands: ['x'],
  settings: (reader) => ({ axes: reader.value('axis') === undefined ? null : reader.axes('axis') }),
  shapes ({ axes }, shapes) {
    const shape = one(shapes)
    const gone = axes?.map((axis) => frontAxis(axis, shape.length)) ?? [...shape.keys()].filter((axis) => shape[axis] === 1)
    if (gone.some((axis) => shape[axis] !== 1 && shape[axis] !== null)) throw misfit('an axis that is not of size 1 cannot be squeezed')
    return [shape.filter((_, axis) => !gone.includes(axis))]
  },
}

export interface Axis { readonly axis: number }

const axisOf = (fallback: number) => (reader: ConfigReader): Axis => {
  const [axis, ...others] = reader.axes('axis', fallback)
  if (axis === undefined || others.length > 0) throw reader.wrong('axis', 'one axis')
  return { axis }
}

export const concatenate: Operation<Axis> = {
  classNames: ['Concatenate'],
  operands: ['xs'],
  settings: axisOf(0),
  shapes ({ axis }, shapes) {
    const at = frontAxis(axis, shapes[0]?.length ?? 0)
    return [shapes[0]!.map((size, other) => other === at ? shapes.reduce<Size>((sum, shape) => sum === null || shape[at] == null ? null : sum + shape[at], 0) : size)]
  },
}

export const stack: Operation<Axis> = {
  classNames: ['Stack'],
  operands: ['x'],
  settings: axisOf(0),
  shapes: ({ axis }, shapes) => [withNewAxes(shapes[0] ?? [], [axis]).map((size, at) => at === frontAxis(axis, (shapes[0]?.length ?? 0) + 1) ? shapes.length : size)],
}

export interface SplitConfig extends Axis {
  /** A number of equal parts, or where to cut. */
  readonly parts: number | readonly number[]
}

export const split: Operation<SplitConfig> = {
  classNames: ['Split', 'ArraySplit'],
  operands: ['x'],
  settings (reader) {
    const value = reader.value('indices_or_sections')
    return { ...axisOf(0)(reader), parts: typeof value === 'number' ? reader.integer('indices_or_sections') : reader.list('indices_or_sections', 0) }
  },
  shapes: (c, shapes) => partSizes(c, one(shapes)).map((size) => one(shapes).map((other, at) => at === frontAxis(c.axis, one(shapes).length) ? size : other)),
}

/** Sizes of the parts along the axis. */
export function partSizes ({ axis, parts }: SplitConfig, shape: SymbolicShape): number[] {
  const size = shape[frontAxis(axis, shape.length)]
  if (size === null || size === undefined) throw misfit('the size of the axis that is split must be known')
  if (typeof parts !== 'number') return [...parts, size].map((end, index) => end - (index === 0 ? 0 : parts[index - 1]!))
  if (size % parts !== 0) throw misfit(`an axis of ${size} cannot be split into ${parts} equal parts`)
  return new Array<number>(parts).fill(size / parts)
}

export const unstack: Operation<Axis> = {
  classNames: ['Unstack'],
  operands: ['x'],
  settings: axisOf(0),
  shapes ({ axis }, shapes) {
    const shape = one(shapes)
    const at = frontAxis(axis, shape.length)
    const count = shape[at]
    if (count === null || count === undefined) throw misfit('the size of the axis that is unstacked must be known')
    return new Array<SymbolicShape>(count).fill(shape.filter((_, other) => other !== at))
  },
}

/** Null: all axes. */
export const flip: Operation<Axes> = {
  classNames: ['Flip'],
  operands: ['x'],
  settings: (reader) => ({ axes: reader.value('axis') === undefined ? null : reader.axes('axis') }),
  shapes: (_, shapes) => [one(shapes)],
}

export interface Repeats { readonly repeats: readonly number[] }

export const tile: Operation<Repeats> = {
  classNames: ['Tile'],
  operands: ['x'],
  settings: (reader) => ({ repeats: typeof reader.value('repeats') === 'number' ? [reader.integer('repeats')] : reader.list('repeats', 1) }),
  shapes: ({ repeats }, shapes) => [tiled(one(shapes), repeats)],
}

function tiled (shape: SymbolicShape, repeats: readonly number[]): SymbolicShape {
  const rank = Math.max(shape.length, repeats.length)
  const at = <T>(list: readonly T[], axis: number): T | 1 => list[axis - (rank - list.length)] ?? (axis < rank - list.length ? 1 : list[axis - (rank - list.length)]!)
  return Array.from({ length: rank }, (_, axis): Size => {
    const size: Size = axis < rank - shape.length ? 1 : shape[axis - (rank - shape.length)]!
    return size === null ? null : size * (at(repeats, axis) as number)
  })
}

export interface RepeatConfig extends Axis { readonly count: number }

export const repeat: Operation<RepeatConfig> = {
  classNames: ['Repeat'],
  operands: ['x'],
  settings (reader) {
    if (typeof reader.value('repeats') !== 'number' || reader.value('axis') === undefined) throw reader.unsupported('without an axis, or with a count for each place,')
    return { ...axisOf(0)(reader), count: reader.integer('repeats') }
  },
  shapes: ({ axis, count }, shapes) => [one(shapes).map((size, at) => at === frontAxis(axis, one(shapes).length) && size !== null ? size * count : size)],
}

export const broadcastTo: Operation<NewShape> = {
  classNames: ['BroadcastTo'],
  operands: ['x'],
  settings: (reader) => ({ shape: reader.list('shape', 0) }),
  shapes: ({ shape }) => [shape],
}

export interface PadConfig { readonly pairs: readonly Pair[], readonly value: number }

export const pad: Operation<PadConfig> = {
  classNames: ['Pad'],
  operands: ['x'],
  settings (reader) {
    reader.choice('mode', ['constant'], 'constant')
    const value = reader.value('pad_width')
    if (!Array.isArray(value)) throw reader.wrong('pad_width', 'a list of pairs, one for each axis')
    const { kwargs } = (reader.value('call') ?? {}) as { kwargs?: { constant_values?: unknown } }
    const filler = kwargs?.constant_values ?? 0
    if (typeof filler !== 'number') throw reader.unsupported('with such "constant_values"')
    return { pairs: reader.pairs('pad_width', value.length, 0), value: filler }
  },
  shapes ({ pairs }, shapes) {
    const shape = one(shapes)
    if (pairs.length !== shape.length) throw misfit(`"pad_width" has ${pairs.length} pairs for ${shape.length} axes`)
    return [shape.map((size, axis) => size === null ? null : size + pairs[axis]![0] + pairs[axis]![1])]
  },
}

function sizeOf (shape: SymbolicShape): Size {
  return shape.reduce<Size>((product, size) => product === null || size === null ? null : product * size, 1)
}
