/** Forward passes of inputs, dense layers, embeddings and layers that do nothing at inference. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { DenseConfig, EmbeddingConfig, MaskingConfig } from '../../models/layers/core.ts'
import { biasAdd } from '../ops/bias.ts'
import { any, notEqual } from '../ops/flat.ts'
import { gatherRows } from '../ops/gather.ts'
import { matMul2d } from '../ops/matmul.ts'
import { activate } from './activations.ts'
import { unary, weightOf, type Forward, type Weights } from './forward.ts'

/** The input as it is. */
export const pass: Forward<unknown> = (_, inputs) => [...inputs]

/** x W + b along the last axis. */
export const dense: Forward<DenseConfig> = unary((c, x, weights) => {
  const kernel = weightOf(weights, 'kernel')
  const flat = x.rank === 2 ? x : tf.reshape(x, [-1, kernel.shape[0]!])
  const y = biased(matMul2d(flat, kernel), c.useBias, weights)
  return activate(c.activation, x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), c.units]))
})

/** Rows looked up by index. */
export const embedding: Forward<EmbeddingConfig> = unary((_, x, weights) => gatherRows(weightOf(weights, 'embeddings'), tf.cast(x, 'int32')))

/** Steps that are not there become 0; masks.ts has their mask. */
export const masking: Forward<MaskingConfig> = unary(({ value }, x) => tf.where(tf.broadcastTo(tf.expandDims(present(x, value), -1), x.shape), x, tf.zerosLike(x)))

/** bool [batch, steps]: the steps that have a value other than `value`. */
export function present (x: Tensor, value: number): Tensor {
  return any(notEqual(x, tf.scalar(value)), [x.rank - 1])
}

/** The bias added along the last axis, if the layer has one. */
export function biased (x: Tensor, used: boolean, weights: Weights): Tensor {
  return used ? biasAdd(x, weightOf(weights, 'bias')) : x
}
