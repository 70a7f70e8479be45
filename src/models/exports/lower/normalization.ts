/** Lowers normalisation: by moving statistics, within an example, by fixed numbers. */
import type * as Settings from '../../layers/normalization.ts'
import { sorted } from '../../layers/normalization.ts'
import type { Constant } from '../../layers/reader.ts'
import { frontAxis } from '../../layers/shapes.ts'
import { knownShape, type GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { numbersOf, range, unary, weightOf, type Lowering, type Weights } from './lowering.ts'

/** Keras' backend.epsilon(), the least standard deviation Normalization divides by. */
const LEAST_DEVIATION = 1e-7

/** The least norm UnitNormalization divides by. */
const LEAST_NORM = 1e-12

/** A factor and a shift for each channel, which may become part of the convolution before. */
export const batchNormalization: Lowering<Settings.BatchNormalizationConfig> = unary((g, c, x, weights) => {
  const [mean, variance] = [numbersOf(weights, 'moving_mean'), numbersOf(weights, 'moving_variance')]
  const factor = Float64Array.from(variance, (one, at) => (c.scale ? numbersOf(weights, 'gamma')[at]! : 1) / Math.sqrt(one + c.epsilon))
  const shift = Float32Array.from(factor, (one, at) => (c.center ? numbersOf(weights, 'beta')[at]! : 0) - mean[at]! * one)
  const axis = frontAxis(c.axis, x.shape.length)
  // Of the last axis alone, as a bias is.
  const shape = [factor.length, ...new Array<number>(x.shape.length - 1 - axis).fill(1)]
  return g.add(g.mul(x, g.constant(Float32Array.from(factor), shape, 'factor')), g.constant(shift, shape, 'shift'))
})

export const layerNormalization: Lowering<Settings.LayerNormalizationConfig> = unary((g, c, x, weights) => {
  const along = (role: string) => spreadOver(g, weightOf(weights, role), x.shape.length, c.axes)
  const { centred, variance } = moments(g, x, c.axes)
  const deviation = g.unary('rsqrt', g.add(variance, c.epsilon))
  if (c.byVariance) return g.mul(g.mul(x, deviation), along('gamma'))
  return scaledAndShifted(g, c, g.mul(centred, deviation), along)
})

/** Channels in groups, each normalised over its channels and all positions of an example. */
export const groupNormalization: Lowering<Settings.GroupNormalizationConfig> = unary((g, c, x, weights) => {
  const axis = frontAxis(c.axis, x.shape.length)
  const [size] = knownShape([x.shape[axis]!], g.layer)
  const groups = c.groups === -1 ? size! : c.groups
  // Positions on either side of the channels as one axis, so that there are few.
  const [before, after] = [knownShape(x.shape.slice(1, axis), g.layer), knownShape(x.shape.slice(axis + 1), g.layer)].map((sizes) => sizes.reduce((a, b) => a * b, 1))
  const grouped = g.reshape(x, [x.shape[0]!, before!, groups, size! / groups * after!])
  const { centred, variance } = moments(g, grouped, [1, 3])
  const y = g.reshape(g.mul(centred, g.unary('rsqrt', g.add(variance, c.epsilon))), x.shape)
  return scaledAndShifted(g, c, y, (role) => spreadOver(g, weightOf(weights, role), x.shape.length, [axis]))
})

export const rmsNormalization: Lowering<Settings.RmsNormalizationConfig> = unary((g, c, x, weights) => {
  const meanSquare = g.reduce('mean', g.unary('square', x), c.axes, true)
  return g.mul(g.mul(x, g.unary('rsqrt', g.add(meanSquare, c.epsilon))), weightOf(weights, 'scale'))
})

export const unitNormalization: Lowering<Settings.UnitNormalizationConfig> = unary((g, c, x) => unitLength(g, x, c.axes))

/** (x - mean) / sqrt(variance), or the way back. */
export const normalization: Lowering<Settings.NormalizationConfig> = unary((g, c, x, weights) => {
  const axes = sorted(c.axes, x.shape.length)
  const mean = fixedOrWeight(g, x, axes, c.given?.mean, weights, 'mean')
  const variance = fixedOrWeight(g, x, axes, c.given?.variance, weights, 'variance')
  const deviation = g.constant((variance.numbers as Float32Array).map((one) => Math.max(Math.sqrt(one), LEAST_DEVIATION)), variance.shape as number[])
  return c.invert ? g.add(g.mul(x, deviation), mean) : g.div(g.sub(x, mean), deviation)
})

/** `x` divided by its length along `axes`. */
export function unitLength (g: GraphBuilder, x: Value, axes: readonly number[], leastNorm = LEAST_NORM): Value {
  // The least square is the least normal number where that is larger: the root of 0 would have no inverse.
  const squares = g.maximum(g.reduce('sum', g.unary('square', x), axes, true), Math.max(leastNorm * leastNorm, 1.1754944e-38))
  return g.mul(x, g.unary('rsqrt', squares))
}

function moments (g: GraphBuilder, x: Value, axes: readonly number[]): { centred: Value, variance: Value } {
  const centred = g.sub(x, g.reduce('mean', x, axes, true))
  return { centred, variance: g.reduce('mean', g.unary('square', centred), axes, true) }
}

function scaledAndShifted (g: GraphBuilder, c: { readonly scale: boolean, readonly center: boolean }, x: Value, along: (role: string) => Value): Value {
  const scaled = c.scale ? g.mul(x, along('gamma')) : x
  return c.center ? g.add(scaled, along('beta')) : scaled
}

/** A weight over some axes in the rank of the input, with size 1 on its other axes. */
function spreadOver (g: GraphBuilder, weight: Value, rank: number, axes: readonly number[]): Value {
  const front = axes.map((axis) => frontAxis(axis, rank)).sort((a, b) => a - b)
  return g.reshape(weight, range(0, rank).map((axis) => front.includes(axis) ? weight.shape[front.indexOf(axis)]! : 1))
}

function fixedOrWeight (g: GraphBuilder, x: Value, axes: readonly number[], given: Constant | undefined, weights: Weights, role: string): Value {
  if (given === undefined) return spreadOver(g, weightOf(weights, role), x.shape.length, axes)
  // Given sizes stand for the last of the named axes.
  const named = axes.slice(axes.length - given.shape.length)
  const shape = x.shape.map((_, axis) => given.shape[named.indexOf(axis)] ?? 1)
  return g.constant(Float32Array.from(given.values), given.shape.length === 0 ? [] : shape, role)
}
