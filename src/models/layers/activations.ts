/** The activation functions of Keras, by name, with their parameters and defaults. */
import type { KerasConfig, Where } from './layer-type.ts'
import { ConfigReader } from './reader.ts'

/** Parameters a function takes; as activations of other layers they have these values. Source: keras.activations. */
export const ACTIVATIONS = {
  celu: { alpha: 1 },
  elu: { alpha: 1 },
  exponential: {},
  gelu: {},
  glu: {},
  hard_shrink: { threshold: 0.5 },
  hard_sigmoid: { slope: 1 / 6 },
  hard_silu: {},
  hard_tanh: {},
  leaky_relu: { negativeSlope: 0.2 },
  linear: {},
  log_sigmoid: {},
  log_softmax: {},
  mish: {},
  relu: { negativeSlope: 0, maxValue: Infinity, threshold: 0 },
  relu6: {},
  selu: {},
  sigmoid: {},
  silu: {},
  soft_shrink: { threshold: 0.5 },
  softmax: { axes: [-1] },
  softplus: {},
  softsign: {},
  sparse_plus: {},
  sparse_sigmoid: {},
  sparsemax: {},
  squareplus: { b: 4 },
  tanh: {},
  tanh_shrink: {},
} as const satisfies Record<string, Readonly<Record<string, number | readonly number[]>>>

export type ActivationName = keyof typeof ACTIVATIONS

type Widened<T> = { readonly [K in keyof T]: T[K] extends number ? number : readonly number[] }

export type ActivationOf<Name extends ActivationName> = { readonly name: Name } & Widened<typeof ACTIVATIONS[Name]>

/** A function with its parameters. */
export type Activation = { [Name in ActivationName]: ActivationOf<Name> }[ActivationName]

/** Other names of the same functions: Keras 2's, and TF.js' spelling. */
const ALIASES: Readonly<Record<string, ActivationName>> = {
  swish: 'silu', hard_swish: 'hard_silu', hardSigmoid: 'hard_sigmoid', logSoftmax: 'log_softmax',
}

/** In Keras 2 (and TF.js) hard_sigmoid is clip(0.2 x + 0.5, 0, 1), in Keras 3 clip(x / 6 + 0.5, 0, 1). */
const KERAS2_HARD_SIGMOID_SLOPE = 0.2

/** Layers that may stand where an activation is expected, as {class_name, config}. */
const ACTIVATION_LAYERS: Readonly<Record<string, (config: KerasConfig, where: Where) => Activation>> = {
  ReLU: reluOf, LeakyReLU: leakyReluOf, ELU: eluOf, Softmax: softmaxOf,
}

/**
 * The activation under `activation`: a name, a serialised function, an activation layer, or null for none. Throws `invalid-model` when malformed
 * and `unsupported-layer` for a function that Keras does not have. `glu` halves an axis and is only known to the Activation layer.
 */
export function parseActivation (config: KerasConfig, where: Where): Activation {
  const reader = new ConfigReader(config, where)
  const value = reader.value('activation')
  if (value === undefined) return named('linear', reader)
  if (typeof value === 'string') return named(value, reader)
  const { class_name: className, config: inner } = value as { class_name?: unknown, config?: unknown }
  if (typeof inner === 'string') return named(inner, reader)
  if (typeof className !== 'string') throw reader.wrong('activation', 'the name of an activation function')
  const parse = Object.hasOwn(ACTIVATION_LAYERS, className) ? ACTIVATION_LAYERS[className] : undefined
  if (parse !== undefined && typeof inner === 'object' && inner !== null) return parse(inner as KerasConfig, where)
  return named(className, reader)
}

function named (name: string, reader: ConfigReader): Activation {
  const known = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name
  if (!Object.hasOwn(ACTIVATIONS, known)) throw reader.unsupported(`with the activation "${name}"`)
  if (known === 'glu' && reader.where.className !== 'Activation') throw reader.unsupported('with the activation "glu"')
  if (known === 'hard_sigmoid' && reader.where.keras === 2) return { name: known, slope: KERAS2_HARD_SIGMOID_SLOPE }
  return { name: known, ...ACTIVATIONS[known as ActivationName] } as Activation
}

/** The settings of a ReLU layer. */
export function reluOf (config: KerasConfig, where: Where): ActivationOf<'relu'> {
  const reader = new ConfigReader(config, where)
  const maxValue = reader.value('max_value') === undefined ? Infinity : reader.number('max_value')
  return { name: 'relu', negativeSlope: reader.number('negative_slope', 0), maxValue, threshold: reader.number('threshold', 0) }
}

/** The settings of a LeakyReLU layer; Keras 2 calls the slope alpha. */
export function leakyReluOf (config: KerasConfig, where: Where): ActivationOf<'leaky_relu'> {
  const reader = new ConfigReader(config, where)
  return { name: 'leaky_relu', negativeSlope: reader.number('negative_slope', reader.number('alpha', 0.3)) }
}

/** The settings of an ELU layer. */
export function eluOf (config: KerasConfig, where: Where): ActivationOf<'elu'> {
  return { name: 'elu', alpha: new ConfigReader(config, where).number('alpha', 1) }
}

/** The settings of a Softmax layer. */
export function softmaxOf (config: KerasConfig, where: Where): ActivationOf<'softmax'> {
  return { name: 'softmax', axes: new ConfigReader(config, where).axes('axis', -1) }
}
