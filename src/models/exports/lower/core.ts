/** Lowers dense layers, embeddings, masking and layers that do nothing at inference. */
import type { DenseConfig, EmbeddingConfig, MaskingConfig } from '../../layers/core.ts'
import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { activate } from './activations.ts'
import { unary, weightOf, type Lowering } from './lowering.ts'

export const pass: Lowering<unknown> = (_, __, inputs) => [inputs[0]!]

/** x W + b along the last axis. */
export const dense: Lowering<DenseConfig> = unary((g, c, x, weights) =>
  activate(g, c.activation, g.dense(x, weightOf(weights, 'kernel'), c.useBias ? weightOf(weights, 'bias') : undefined)))

export const embedding: Lowering<EmbeddingConfig> = unary((g, _, x, weights) => g.gather(weightOf(weights, 'embeddings'), g.cast(x, 'int32'), 0))

/** Steps that are not there become 0. */
export const masking: Lowering<MaskingConfig> = unary((g, { value }, x) => g.select(g.expand(present(g, x, value), -1), x, 0))

/** bool [batch, steps]: the steps that have a value other than `value`. */
export function present (g: GraphBuilder, x: Value, value: number): Value {
  return g.reduce('any', g.compare('notEqual', x, value), [-1])
}
