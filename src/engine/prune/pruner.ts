/** What a pruning method changes in training: state of its own, the step, and functions that run between steps. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { InputSpec, Step } from '../compile/program.ts'
import type { RandomSource } from '../layers/forward.ts'
import type { TrainedWeight, TrainState } from '../train/state.ts'

/** A weight of the model before training. */
export interface WeightFacts { readonly name: string, readonly key: string, readonly shape: readonly number[], readonly prunable: boolean }

/** Values that the elements of a weight share. */
export interface SharedValues {
  /** The first is 0 and stays so. */
  readonly codebook: Float32Array
  /** Of every element of the weight, row-major, into the codebook. */
  readonly indices: Uint16Array
}

/** A tensor of state beside a weight; every number of it begins with `initial`. */
export interface ExtraState {
  readonly shape: readonly number[]
  readonly initial: number | Float32Array
  /** Trained by the run's optimizer along with the weights, at its learning rate times `rate`. */
  readonly trained?: { readonly rate: number }
}

/** One way of taking a training step. All functions are called within the step, for weights that are pruned. */
export interface StepKind {
  /** The weight as the forward pass sees it; gradients go through it. `random` is null at inference. Without it: the variable itself. */
  effective? (weight: TrainedWeight, random: RandomSource | null): Tensor
  /** A scalar that is added to the loss. */
  penalty? (state: TrainState): Tensor
  /** Sees every gradient before it is applied; gives what is applied. */
  gradient? (weight: TrainedWeight, gradient: Tensor, state: TrainState): Tensor
  /** After the update. Without it the mask is applied to the variable. */
  after? (weight: TrainedWeight, learningRate: Tensor, state: TrainState): void
  /** Once at the end of the step. */
  finish? (state: TrainState, learningRate: Tensor): void
}

/** Runs between steps, within the same graph. */
export interface PruningFunction { readonly inputs: readonly InputSpec[], readonly run: Step }

export interface Pruner {
  /** The mask that a weight begins with, row-major 0 or 1; undefined where it is not pruned. */
  mask? (weight: WeightFacts, values: Float32Array): Float32Array | undefined
  /** The mask of a weight that is not pruned but stays as sparse as it is; undefined where nothing is to stay zero. */
  keep? (weight: WeightFacts, values: Float32Array): Float32Array | undefined
  /** The values that the elements of a weight share, which are trained in their place; undefined where each has its own. Such a weight needs no mask. */
  shares? (weight: WeightFacts): SharedValues | undefined
  /** Further state of a weight that is pruned, by name. */
  extras? (weight: WeightFacts): Readonly<Record<string, ExtraState>>
  /** Are earlier values of all weights kept beside them, to go back to? */
  readonly remembers?: boolean
  /** Scalars of the run, by name. */
  readonly scalars?: Readonly<Record<string, number>>
  /** By name; `train` is the one that is taken unless another is asked for. */
  readonly kinds: Readonly<Record<string, StepKind>> & { readonly train: StepKind }
  functions? (state: TrainState): Readonly<Record<string, PruningFunction>>
}
