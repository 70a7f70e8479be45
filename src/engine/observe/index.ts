/** The table of observations: one line each. */
import { activations } from './activations.ts'
import { hessians } from './hessians.ts'
import { inputNorms } from './input-norms.ts'
import { lossGradients } from './loss-gradients.ts'
import type { Observation } from './observation.ts'

export type { ActivationStatistics } from './activations.ts'
export type { Hessian } from './hessians.ts'
export { spreadNorms, type InputNorms } from './input-norms.ts'
export type { LossGradients } from './loss-gradients.ts'

export const OBSERVATIONS = { inputNorms, hessians, lossGradients, activations } as const satisfies Record<string, Observation<unknown>>

export type ObservationName = keyof typeof OBSERVATIONS

/** What an observation gives for one weight or layer. */
export type ResultOf<N extends ObservationName> = (typeof OBSERVATIONS)[N] extends Observation<infer R> ? R : never
