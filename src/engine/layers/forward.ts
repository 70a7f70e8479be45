/** What a forward pass is: settings, inputs and weights in, outputs out. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { NodeCall } from '../../models/layers/layer-type.ts'

/** Draws for one application of a layer: the same values for the same seed, step and place in the graph, others for any other. */
export interface RandomSource {
  /** In [0, 1). */
  uniform (shape: readonly number[]): Tensor
  /** Mean 0, standard deviation 1. */
  normal (shape: readonly number[]): Tensor
}

/** How one application of a layer is run. */
export interface ForwardContext {
  /** At inference dropout and noise pass their input on and batch normalisation uses its moving statistics. */
  readonly training: boolean
  /** False for frozen layers (`trainable: false`): frozen batch normalisation uses its moving statistics in training too. */
  readonly trainable: boolean
  /** As what the inputs are given, and what else the call says. */
  readonly call: NodeCall
  /** Keras' mask of each input, bool [batch, steps]; undefined where there is none. */
  readonly masks: ReadonlyArray<Tensor | undefined>
  /** Only drawn from when training. */
  readonly random: RandomSource
  /** The value that a weight which is not trained (moving statistics) has after this step. Only when training. */
  update (role: string, value: Tensor): void
  /** Adds a scalar to the loss. Only when training. */
  addLoss (loss: Tensor): void
}

/** By role, as in WeightSpec. */
export type Weights = Readonly<Record<string, Tensor>>

export type Forward<C> = (c: C, inputs: readonly Tensor[], weights: Weights, context: ForwardContext) => Tensor[]

/** The forward pass of a layer with one input and one output. */
export function unary<C> (run: (c: C, x: Tensor, weights: Weights) => Tensor): Forward<C> {
  return (c, inputs, weights) => [run(c, inputs[0]!, weights)]
}

/** The weight of a role. Throws `internal` when it was not given. */
export function weightOf (weights: Weights, role: string): Tensor {
  const weight = weights[role]
  if (weight === undefined) throw new EspalierError('internal', `the weight ${role} was not given, there are ${Object.keys(weights).join(', ') || 'none'}`)
  return weight
}
