/** Axes put where the operators want them: channels last, two spatial axes. */
import type { DataFormat } from '../../layers/reader.ts'
import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { range } from './lowering.ts'

export function channelsLast (g: GraphBuilder, x: Value, format: DataFormat): Value {
  return format === 'channels_last' ? x : g.transpose(x, [0, ...range(2, x.shape.length), 1])
}

/** The way back from `channelsLast`. */
export function channelsBack (g: GraphBuilder, x: Value, format: DataFormat): Value {
  return format === 'channels_last' ? x : g.transpose(x, [0, x.shape.length - 1, ...range(1, x.shape.length - 1)])
}

export function spatialAxes (format: DataFormat, rank: number): number[] {
  return format === 'channels_last' ? range(1, rank - 1) : range(2, rank)
}

/** Runs `run` on one spatial axis as on two, the first of size 1. */
export function asImage (g: GraphBuilder, x: Value, run: (image: Value) => Value): Value {
  const [batch, steps, channels] = x.shape as [number | null, number | null, number]
  const y = run(g.reshape(x, [batch, 1, steps, channels]))
  return g.reshape(y, [y.shape[0]!, y.shape[2]!, y.shape[3]!])
}
