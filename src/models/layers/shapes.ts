/** Arithmetic on shapes whose sizes may be unknown (null): windows, broadcasting, axes. */
import { EspalierError } from '../../errors.ts'
import type { SymbolicShape } from '../tensor.ts'
import type { DataFormat } from './reader.ts'

export type Size = number | null

/** An error about inputs that do not fit; the reader of the graph says which layer it is. */
export function misfit (text: string): EspalierError {
  return new EspalierError('invalid-model', text)
}

export function shapeText (shape: SymbolicShape): string {
  return `[${shape.map((size) => size ?? 'null').join(', ')}]`
}

/** The shape of the only input, which must have `rank` axes when that is given, and at least a batch axis. */
export function onlyInput (shapes: readonly SymbolicShape[], rank?: number): SymbolicShape {
  const [shape] = shapes
  if (shape === undefined || shapes.length !== 1) throw misfit(`it takes one input, it is given ${shapes.length}`)
  if (shape.length === 0 || (rank !== undefined && shape.length !== rank)) throw misfit(`its input must have ${rank ?? 'some'} axes with the batch, it has the shape ${shapeText(shape)}`)
  return shape
}

/** `axis` counted from the front. Throws when there is no such axis. */
export function frontAxis (axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) throw misfit(`there is no axis ${axis} in ${rank} axes`)
  return axis < 0 ? axis + rank : axis
}

/** The size of an axis that must be known, as weights depend on it. */
export function knownSize (shape: SymbolicShape, axis: number): number {
  const size = shape[frontAxis(axis, shape.length)] ?? null
  if (size === null || size <= 0) throw misfit(`axis ${axis} of its input ${shapeText(shape)} must have a known size`)
  return size
}

/** Elements of one example; sizes that are not known count as 1. */
export function exampleSize (shape: SymbolicShape): number {
  return shape.slice(1).reduce<number>((product, size) => product * (size ?? 1), 1)
}

export function channelAxis (format: DataFormat, rank: number): number {
  return format === 'channels_last' ? rank - 1 : 1
}

/** Sizes between batch and channels. */
export function spatialSizes (shape: SymbolicShape, format: DataFormat): SymbolicShape {
  return format === 'channels_last' ? shape.slice(1, -1) : shape.slice(2)
}

/** A shape put together again. */
export function imageShape (batch: Size, spatial: SymbolicShape, channels: Size, format: DataFormat): SymbolicShape {
  return format === 'channels_last' ? [batch, ...spatial, channels] : [batch, channels, ...spatial]
}

export interface Window {
  readonly sizes: readonly number[]
  readonly strides: readonly number[]
  readonly dilation: readonly number[]
  readonly padding: 'valid' | 'same' | 'causal'
}

/** Sizes after a window has slid over each axis. Throws when it does not fit in once. Source: TensorFlow's SAME and VALID. */
export function slide (spatial: SymbolicShape, { sizes, strides, dilation, padding }: Window): Size[] {
  return spatial.map((size, axis) => {
    if (size === null) return null
    const [window, stride] = [(sizes[axis]! - 1) * dilation[axis]! + 1, strides[axis]!]
    const steps = padding === 'valid' ? Math.floor((size - window) / stride) + 1 : Math.ceil(size / stride)
    if (steps <= 0) throw misfit(`a window of ${window} does not fit into the ${size} positions of its input`)
    return steps
  })
}

/** The shape of element-wise results of inputs of one or more ranks: lower ranks get axes of size 1 behind the batch. */
export function mergedShape (shapes: readonly SymbolicShape[]): SymbolicShape {
  const rank = Math.max(...shapes.map((shape) => shape.length))
  const [first, ...others] = shapes.map((shape): SymbolicShape => shape.length === 0 ? shape : [shape[0]!, ...new Array<number>(rank - shape.length).fill(1), ...shape.slice(1)])
  if (first === undefined) throw misfit('it takes inputs, it is given none')
  return others.reduce(broadcast, first)
}

/** NumPy's rule: sizes are equal or one of them is 1, aligned at the end. */
export function broadcast (a: SymbolicShape, b: SymbolicShape): SymbolicShape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis): Size => {
    const [x, y] = [sizeAt(a, rank - axis), sizeAt(b, rank - axis)]
    if (x === 1) return y
    if (y === 1) return x
    if (x !== null && y !== null && x !== y) throw misfit(`its inputs ${shapeText(a)} and ${shapeText(b)} do not fit together`)
    return x ?? y
  })
}

function sizeAt (shape: SymbolicShape, fromEnd: number): Size {
  return fromEnd > shape.length ? 1 : shape[shape.length - fromEnd]!
}
