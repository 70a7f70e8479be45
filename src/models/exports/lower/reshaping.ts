/** Lowers layers that move values about, and scaling by fixed numbers. */
import type * as Settings from '../../layers/reshaping.ts'
import { exampleLength, knownShape, type GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { channelsBack, channelsLast, spatialAxes } from './layout.ts'
import { unary, type Lowering } from './lowering.ts'

/** Channels-first inputs are flattened in the order of channels-last ones. */
export const flatten: Lowering<Settings.FlattenConfig> = unary((g, c, x) => {
  const ordered = x.shape.length > 2 ? channelsLast(g, x, c.format) : x
  return g.reshape(ordered, [x.shape[0]!, exampleLength(x.shape, g.layer)])
})

export const reshape: Lowering<Settings.ReshapeConfig> = unary((g, c, x) => {
  const length = exampleLength(x.shape, g.layer)
  const known = c.shape.reduce((product, size) => size === -1 ? product : product * size, 1)
  return g.reshape(x, [x.shape[0]!, ...c.shape.map((size) => size === -1 ? length / known : size)])
})

export const permute: Lowering<Settings.PermuteConfig> = unary((g, c, x) => g.transpose(x, [0, ...c.axes]))

export const repeatVector: Lowering<Settings.RepeatConfig> = unary((g, c, x) => g.tile(g.expand(x, 1), [1, c.times, 1]))

export const zeroPadding: Lowering<Settings.EdgesConfig> = unary((g, c, x) => {
  const axes = spatialAxes(c.format, x.shape.length)
  return g.pad(x, x.shape.map((_, axis) => c.edges[axes.indexOf(axis)] ?? [0, 0]))
})

export const cropping: Lowering<Settings.EdgesConfig> = unary((g, c, x) => spatialAxes(c.format, x.shape.length).reduce((y, axis, index) => {
  const [before, after] = c.edges[index]!
  if (before === 0 && after === 0) return y
  const [size] = knownShape([y.shape[axis]!], g.layer)
  return g.slice(y, axis, before, size! - before - after)
}, x))

export const upSampling: Lowering<Settings.UpSamplingConfig> = unary((g, c, x) => {
  if (!c.bilinear) return spatialAxes(c.format, x.shape.length).reduce((y, axis, index) => repeat(g, y, axis, c.factors[index]!), x)
  const image = channelsLast(g, x, c.format)
  const sizes = knownShape(image.shape.slice(1, 3), g.layer).map((size, axis) => size * c.factors[axis]!)
  return channelsBack(g, g.apply('resizeBilinear', [image], [image.shape[0]!, ...sizes, image.shape[3]!], { sizes }), c.format)
})

export const rescaling: Lowering<Settings.RescalingConfig> = unary((g, c, x) => {
  const [scale, offset] = [c.scale, c.offset].map(({ values, shape }) => g.constant(Float32Array.from(values), shape)) as [Value, Value]
  return g.add(g.mul(g.cast(x, 'float32'), scale), offset)
})

/** Each position of an axis `times` times. */
export function repeat (g: GraphBuilder, x: Value, axis: number, times: number): Value {
  if (times === 1) return x
  const apart = g.reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)])
  const copies = g.tile(apart, apart.shape.map((_, at) => at === axis + 1 ? times : 1))
  return g.reshape(copies, x.shape.map((size, at) => at === axis && size !== null ? size * times : size))
}
