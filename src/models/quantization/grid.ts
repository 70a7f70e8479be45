/** Grids of whole numbers times a scale, on which weights lie: symmetric, so that zero is met exactly. */
import { sizeOf, type Shape } from '../tensor.ts'
import type { LayerTypeName } from '../layers/index.ts'
import type { WeightAxes } from '../architecture/types.ts'

/** Largest whole numbers; the least is its negative. Source: TFLite's 8-bit quantization specification, and the same of 4 bits. */
export const LEVELS = { int8: 127, int4: 7 } as const

export type GridType = keyof typeof LEVELS

/** Which weights of a tensor share a scale. */
export interface Grid {
  readonly type: GridType
  /** Axes whose places have scales of their own; none: one scale for all. */
  readonly axes: readonly number[]
  /** So many weights of a channel in row-major order share a scale; null: all of them. */
  readonly group: number | null
}

/**
 * As exports choose it: kernels of Dense have one scale in int8, since TFLite's FULLY_CONNECTED is given one; all others one for each output channel, recurrent
 * kernels for each column. Groups part channels.
 */
export function gridFor (layerType: LayerTypeName | undefined, { output }: Pick<WeightAxes, 'output'>, type: GridType, group: number | null): Grid {
  return { type, axes: type === 'int8' && layerType === 'Dense' ? [] : [...output].sort((a, b) => a - b), group }
}

export interface Gridded {
  /** On the grid, float32; a weight that was zero is zero. */
  readonly values: Float32Array
  /** Multiples of the scales. */
  readonly integers: Int8Array
  readonly scales: number
  readonly meanSquaredError: number
  /** 10 log10 of the weights' squares by those of the errors; null without an error. */
  readonly signalToNoiseDb: number | null
}

/** Each weight becomes the nearest multiple of its scale max|w| / levels, halves away from zero. */
export function onGrid (values: Float32Array, shape: Shape, grid: Grid): Gridded {
  const { of, count } = scaleIndices(shape, grid)
  const levels = LEVELS[grid.type]
  const largest = new Float64Array(count)
  values.forEach((value, at) => { largest[of[at]!] = Math.max(largest[of[at]!]!, Math.abs(value)) })
  // Weights of zeros may have any scale; float32, as files keep them.
  const scales = Float32Array.from(largest, (one) => one === 0 ? 1 : Math.max(one / levels, 1e-30))
  const integers = Int8Array.from(values, (value, at) => Math.sign(value) * Math.min(levels, Math.floor(Math.abs(value) / scales[of[at]!]! + 0.5)))
  const made = Float32Array.from(integers, (integer, at) => integer * scales[of[at]!]!)
  return { values: made, integers, scales: count, ...errorOf(values, made) }
}

/** The errors that rounding makes; for other roundings than a grid's too. */
export function errorOf (values: Float32Array, made: Float32Array): Pick<Gridded, 'meanSquaredError' | 'signalToNoiseDb'> {
  let [signal, noise] = [0, 0]
  values.forEach((value, at) => {
    signal += value ** 2
    noise += (value - made[at]!) ** 2
  })
  return { meanSquaredError: values.length === 0 ? 0 : noise / values.length, signalToNoiseDb: noise === 0 || signal === 0 ? null : 10 * Math.log10(signal / noise) }
}

/** The number of the scale of each weight, and how many there are. */
function scaleIndices (shape: Shape, { axes, group }: Grid): { of: Uint32Array, count: number } {
  const size = sizeOf(shape)
  const channels = axes.reduce((product, axis) => product * shape[axis]!, 1)
  const places = channels === 0 ? 0 : size / channels
  const groups = group === null ? 1 : Math.max(1, Math.ceil(places / group))
  const of = new Uint32Array(size)
  const seen = new Uint32Array(channels)
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  for (let at = 0; at < size; at++) {
    let channel = 0
    for (const axis of axes) channel = channel * shape[axis]! + Math.floor(at / strides[axis]!) % shape[axis]!
    const place = seen[channel]!++
    of[at] = channel * groups + (group === null ? 0 : Math.floor(place / group))
  }
  return { of, count: channels * groups }
}
