/** Lowers activation functions. Formulas: keras.activations. */
import type { Activation, ActivationName, ActivationOf } from '../../layers/activations.ts'
import type { ActivationConfig, PReLUConfig } from '../../layers/activation-layers.ts'
import type { GraphBuilder, Unary } from '../builder.ts'
import type { Value } from '../graph.ts'
import { knownShape } from '../builder.ts'
import { unary, weightOf, type Lowering } from './lowering.ts'

type Run<Name extends ActivationName> = (g: GraphBuilder, x: Value, a: ActivationOf<Name>) => Value

/** Source: Klambauer et al. 2017. */
const SELU = { scale: 1.0507009873554805, alpha: 1.6732632423543772 }

const plain = (kind: Unary) => (g: GraphBuilder, x: Value): Value => g.unary(kind, x)

const RUNS: { readonly [Name in ActivationName]: Run<Name> } = {
  celu: (g, x, { alpha }) => g.add(g.unary('relu', x), g.mul(g.sub(g.unary('exp', g.div(g.minimum(x, 0), alpha)), 1), alpha)),
  elu: (g, x, { alpha }) => alpha === 1 ? g.unary('elu', x) : g.add(g.unary('relu', x), g.mul(g.unary('elu', g.minimum(x, 0)), alpha)),
  exponential: plain('exp'),
  gelu: plain('gelu'),
  glu: (g, x) => {
    const [values, gates] = g.split(x, 2)
    return g.mul(values!, g.unary('sigmoid', gates!))
  },
  hard_shrink: (g, x, { threshold }) => g.select(g.compare('greater', g.unary('abs', x), threshold), x, 0),
  hard_sigmoid: hardSigmoid,
  hard_silu: (g, x) => g.mul(x, hardSigmoid(g, x, { slope: 1 / 6 })),
  hard_tanh: (g, x) => g.clip(x, -1, 1),
  leaky_relu: (g, x, { negativeSlope }) => leaky(g, x, negativeSlope),
  linear: (_, x) => x,
  log_sigmoid: (g, x) => g.unary('neg', softplus(g, g.unary('neg', x))),
  log_softmax: plain('logSoftmax'),
  mish: (g, x) => g.mul(x, g.unary('tanh', softplus(g, x))),
  relu: generalRelu,
  relu6: plain('relu6'),
  selu: (g, x) => g.mul(g.add(g.unary('relu', x), g.mul(g.unary('elu', g.minimum(x, 0)), SELU.alpha)), SELU.scale),
  sigmoid: plain('sigmoid'),
  silu: (g, x) => g.mul(x, g.unary('sigmoid', x)),
  soft_shrink: (g, x, { threshold }) => g.add(g.unary('relu', g.sub(x, threshold)), g.minimum(g.add(x, threshold), 0)),
  softmax: (g, x, { axes }) => softmax(g, x, axes),
  softplus,
  softsign: (g, x) => g.div(x, g.add(g.unary('abs', x), 1)),
  sparse_plus: (g, x) => g.add(g.unary('relu', g.sub(x, 1)), g.mul(g.unary('square', g.add(g.clip(x, -1, 1), 1)), 0.25)),
  sparse_sigmoid: (g, x) => g.clip(g.mul(g.add(x, 1), 0.5), 0, 1),
  sparsemax,
  squareplus: (g, x, { b }) => g.mul(g.add(x, g.unary('sqrt', g.add(g.unary('square', x), b))), 0.5),
  tanh: plain('tanh'),
  tanh_shrink: (g, x) => g.sub(x, g.unary('tanh', x)),
}

/** The function applied to `x`; `linear` gives `x` itself. */
export function activate (g: GraphBuilder, a: Activation, x: Value): Value {
  return (RUNS[a.name] as Run<ActivationName>)(g, x, a)
}

export const activation: Lowering<ActivationConfig> = unary((g, c, x) => activate(g, c.activation, x))

export const prelu: Lowering<PReLUConfig> = unary((g, _, x, weights) =>
  g.sub(g.unary('relu', x), g.mul(g.unary('relu', g.unary('neg', x)), weightOf(weights, 'alpha'))))

function leaky (g: GraphBuilder, x: Value, slope: number): Value {
  return g.apply('leakyRelu', [x], x.shape, { slope })
}

/** log(1 + exp(x)) without overflow. */
function softplus (g: GraphBuilder, x: Value): Value {
  return g.add(g.unary('relu', x), g.unary('log', g.add(g.unary('exp', g.unary('neg', g.unary('abs', x))), 1)))
}

function hardSigmoid (g: GraphBuilder, x: Value, { slope }: { readonly slope: number }): Value {
  return g.clip(g.add(g.mul(x, slope), 0.5), 0, 1)
}

function generalRelu (g: GraphBuilder, x: Value, { negativeSlope, maxValue, threshold }: ActivationOf<'relu'>): Value {
  if (threshold === 0 && maxValue === Infinity) return negativeSlope === 0 ? g.unary('relu', x) : leaky(g, x, negativeSlope)
  if (threshold === 0 && maxValue === 6 && negativeSlope === 0) return g.unary('relu6', x)
  const kept = threshold === 0 ? g.unary('relu', x) : g.select(g.compare('greater', x, threshold), x, 0)
  const capped = maxValue === Infinity ? kept : g.clip(kept, 0, maxValue)
  return negativeSlope === 0 ? capped : g.sub(capped, g.mul(g.unary('relu', g.sub(threshold, x)), negativeSlope))
}

/** The operator takes the last axis only. */
export function softmax (g: GraphBuilder, x: Value, axes: readonly number[]): Value {
  if (axes.length === 1 && (axes[0] === -1 || axes[0] === x.shape.length - 1)) return g.unary('softmax', x)
  const exponentials = g.unary('exp', g.sub(x, g.reduce('max', x, axes, true)))
  return g.div(exponentials, g.reduce('sum', exponentials, axes, true))
}

/** As Keras computes it, whose threshold sums the running sums of the support. */
function sparsemax (g: GraphBuilder, x: Value): Value {
  const size = knownShape(x.shape.slice(-1), g.layer)[0]!
  const sorted = g.apply('sort', [x], x.shape, {})
  const sums = g.apply('cumsum', [sorted], x.shape, { axis: x.shape.length - 1 })
  const places = g.constant(Float32Array.from({ length: size }, (_, index) => index + 1), [size])
  const support = g.cast(g.compare('greater', g.sub(sorted, g.div(g.sub(sums, 1), places)), 0), 'float32')
  const excess = g.sub(g.reduce('sum', g.mul(sums, support), [-1], true), 1)
  return g.unary('relu', g.sub(x, g.div(excess, g.reduce('sum', support, [-1], true))))
}
