/** The activation functions in TensorFlow's operations. Formulas: keras.activations. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { above, absolute, elu, leakyRelu, relu, relu6, selu, sigmoid, softplus, softsign, tanh } from '../ops/elementwise.ts'
import { sortDescending } from '../ops/sort.ts'
import type { Activation, ActivationName, ActivationOf } from '../../models/layers/activations.ts'

type ActivationForwards = { readonly [Name in ActivationName]: (x: Tensor, a: ActivationOf<Name>) => Tensor }

const ACTIVATION_FORWARDS: ActivationForwards = {
  celu: (x, { alpha }) => tf.add(relu(x), tf.mul(alpha, tf.expm1(tf.div(tf.minimum(x, 0), alpha)))),
  elu: (x, { alpha }) => alpha === 1 ? elu(x) : tf.add(elu(x), tf.mul(alpha - 1, elu(tf.minimum(x, 0)))),
  exponential: (x) => tf.exp(x),
  gelu: (x) => tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))),
  glu: gatedHalves,
  hard_shrink: (x, { threshold }) => tf.mul(x, above(absolute(x), threshold)),
  hard_sigmoid: hardSigmoid,
  hard_silu: (x) => tf.mul(x, hardSigmoid(x, { slope: 1 / 6 })),
  hard_tanh: (x) => tf.clipByValue(x, -1, 1),
  leaky_relu: (x, { negativeSlope }) => leakyRelu(x, negativeSlope),
  linear: (x) => x,
  log_sigmoid: (x) => tf.neg(softplus(tf.neg(x))),
  log_softmax: (x) => tf.logSoftmax(x),
  mish: (x) => tf.mul(x, tanh(softplus(x))),
  relu: generalRelu,
  relu6: (x) => relu6(x),
  selu: (x) => selu(x),
  sigmoid: (x) => sigmoid(x),
  silu: (x) => tf.mul(x, sigmoid(x)),
  soft_shrink: (x, { threshold }) => tf.add(relu(tf.sub(x, threshold)), tf.minimum(tf.add(x, threshold), 0)),
  softmax,
  softplus: (x) => softplus(x),
  softsign: (x) => softsign(x),
  sparse_plus: (x) => tf.add(relu(tf.sub(x, 1)), tf.mul(0.25, tf.square(tf.add(tf.clipByValue(x, -1, 1), 1)))),
  sparse_sigmoid: (x) => tf.clipByValue(tf.mul(0.5, tf.add(x, 1)), 0, 1),
  sparsemax,
  squareplus: (x, { b }) => tf.div(tf.add(x, tf.sqrt(tf.add(tf.square(x), b))), 2),
  tanh: (x) => tanh(x),
  tanh_shrink: (x) => tf.sub(x, tanh(x)),
}

/** The function applied to `x`; `linear` gives `x` itself. */
export function activate (a: Activation, x: Tensor): Tensor {
  const forward = ACTIVATION_FORWARDS[a.name] as (x: Tensor, a: Activation) => Tensor
  return forward(x, a)
}

function hardSigmoid (x: Tensor, { slope }: { readonly slope: number }): Tensor {
  return tf.clipByValue(tf.add(tf.mul(x, slope), 0.5), 0, 1)
}

function generalRelu (x: Tensor, { negativeSlope, maxValue, threshold }: ActivationOf<'relu'>): Tensor {
  if (negativeSlope === 0 && maxValue === Infinity && threshold === 0) return relu(x)
  const kept = threshold === 0 ? relu(x) : tf.mul(x, above(x, threshold))
  const capped = maxValue === Infinity ? kept : tf.clipByValue(kept, 0, maxValue)
  return negativeSlope === 0 ? capped : tf.sub(capped, tf.mul(negativeSlope, relu(tf.sub(threshold, x))))
}

/** TensorFlow's kernel takes the last axis only. */
function softmax (x: Tensor, { axes }: { readonly axes: readonly number[] }): Tensor {
  if (axes.length === 1 && (axes[0] === -1 || axes[0] === x.rank - 1)) return tf.softmax(x)
  const exponentials = tf.exp(tf.sub(x, tf.max(x, [...axes], true)))
  return tf.div(exponentials, tf.sum(exponentials, [...axes], true))
}

function gatedHalves (x: Tensor): Tensor {
  const [values, gates] = tf.split(x, 2, -1)
  return tf.mul(values!, sigmoid(gates!))
}

/**
 * As Keras computes it: its threshold sums the running sums of the support, where Martins and Astudillo 2016 (algorithm 1) take the last of them, so
 * that results add up to 1 only where the support is one value. A model is run as Keras runs it.
 */
function sparsemax (x: Tensor): Tensor {
  const size = x.shape.at(-1)!
  const sorted = sortDescending(x)
  const sums = tf.cumsum(sorted, x.rank - 1)
  const support = above(tf.sub(sorted, tf.div(tf.sub(sums, 1), tf.range(1, size + 1))))
  const excess = tf.sub(tf.sum(tf.mul(sums, support), -1, true), 1)
  return relu(tf.sub(x, tf.div(excess, tf.sum(support, -1, true))))
}
