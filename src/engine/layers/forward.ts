/** What a forward pass is: settings, inputs and weights in, outputs out. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'

/** Inference only: dropout and noise pass their input on, batch normalisation uses its moving statistics. */
export interface ForwardContext { readonly training: false }

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
