/** What an optimizer is: the state that it keeps for a weight, and one update of that weight. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { ResourceOp } from '../../compile/resource-op.ts'

/** One tensor of the weight's shape beside each weight. */
export interface Slot {
  readonly name: string
  /** The value that all of it begins with. */
  readonly initial: number
}

/** float32 scalars that change from step to step. */
export interface StepScalars {
  readonly learningRate: Tensor
  /** 1 at the first step. */
  readonly step: Tensor
}

export type SlotTensors = Readonly<Record<string, Tensor>>
export type SlotVariables = Readonly<Record<string, Variable>>

export interface Updated { readonly weight: Tensor, readonly slots: SlotTensors }

/** Stateless: the slots live with the training state. */
export interface Optimizer {
  readonly slots: readonly Slot[]
  /** The weight and the slots after one step; the reference for `fused`. Shapes are the weight's. */
  update (weight: Tensor, gradient: Tensor, slots: SlotTensors, at: StepScalars): Updated
  /** The same as one operation on variables, where TensorFlow has one that gives the same numbers. */
  fused? (weight: Variable, gradient: Tensor, slots: SlotVariables, at: StepScalars): ResourceOp
}
