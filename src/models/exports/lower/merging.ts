/** Lowers layers that make one array of several. */
import type { ConcatenateConfig, DotConfig, MergeConfig, MergeName } from '../../layers/merging.ts'
import { frontAxis } from '../../layers/shapes.ts'
import { sizeOf } from '../../tensor.ts'
import { knownShape, type Binary, type GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { range, type Lowering } from './lowering.ts'
import { unitLength } from './normalization.ts'

/** Keras' backend.epsilon(), the least norm Dot divides by. */
const LEAST_NORM = 1e-7

const MERGES: { readonly [Name in MergeName]: Binary } = {
  Add: 'add', Subtract: 'sub', Multiply: 'mul', Average: 'add', Maximum: 'maximum', Minimum: 'minimum',
}

export const merging: Lowering<MergeConfig> = (g, c, inputs) => {
  const rank = Math.max(...inputs.map((x) => x.shape.length))
  // Missing axes come behind the batch.
  const aligned = inputs.map((x) => x.shape.length === rank ? x : g.reshape(x, [x.shape[0]!, ...new Array<number>(rank - x.shape.length).fill(1), ...x.shape.slice(1)]))
  const merged = aligned.reduce((a, b) => g.binary(MERGES[c.merge], a, b))
  return [c.merge === 'Average' ? g.mul(merged, 1 / inputs.length) : merged]
}

export const concatenate: Lowering<ConcatenateConfig> = (g, c, inputs) => [g.concat(inputs, c.axis)]

export const dot: Lowering<DotConfig> = (g, c, [a, b]) => {
  const axes = [frontAxis(c.axes[0], a!.shape.length), frontAxis(c.axes[1], b!.shape.length)] as const
  const left = matrices(g, c.normalize ? unitLength(g, a!, [axes[0]], LEAST_NORM) : a!, axes[0])
  const right = matrices(g, c.normalize ? unitLength(g, b!, [axes[1]], LEAST_NORM) : b!, axes[1])
  const rest = [...left.rest, ...right.rest]
  return [g.reshape(g.matmul(left.matrix, right.matrix, true), [a!.shape[0]!, ...(rest.length === 0 ? [1] : rest)])]
}

/** One matrix per example: what remains in rows, the summed axis in columns. */
function matrices (g: GraphBuilder, x: Value, axis: number): { matrix: Value, rest: number[] } {
  const others = range(1, x.shape.length).filter((at) => at !== axis)
  const rest = knownShape(others.map((at) => x.shape[at]!), g.layer)
  return { matrix: g.reshape(g.transpose(x, [0, ...others, axis]), [x.shape[0]!, sizeOf(rest), x.shape[axis]!]), rest }
}
