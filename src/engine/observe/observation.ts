/** What an observation is: sums over a calibration data set, gathered batch by batch while the model runs at inference. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { Architecture } from '../../models/architecture/types.ts'
import type { UnitLayout } from '../prune/units.ts'
import type { LoadedWeight, LoadedWeights } from '../infer/weights.ts'
import type { Objective } from '../train/objective.ts'
import type { Batch } from '../train/step.ts'

/** One application of a layer to a batch. */
export interface Application {
  /** Counts in the graph. */
  readonly node: number
  /** Counts in `architecture.layers`. */
  readonly layer: number
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
}

export interface ObservationContext {
  readonly architecture: Architecture
  readonly weights: LoadedWeights
  /** The prunable weights that are asked for. */
  readonly asked: readonly LoadedWeight[]
  /** The layers that are asked for, by path. */
  asksForLayer (path: string): boolean
  /** What the weights of a kernel are summed up in, by name; null: every weight on its own. Without: output by output. */
  unitsOf (name: string): UnitLayout | null | undefined
  /** The most that Hessian blocks may take together. */
  readonly hessianBytes: number
  /** What the loss is, from the model and the targets. */
  objective (): Promise<Objective>
}

/** Values of a state variable, row-major. */
export type Read = (name: string) => Float32Array

/** Gathers one observation. What `see` and `learn` do is part of a step (see createProgram): it is recorded, not run, when compiled. */
export interface Observer<R> {
  /** The sums; the names begin with the observation's. */
  readonly variables: Readonly<Record<string, Variable>>
  /** What cannot be observed, by name, and why. */
  readonly skipped: ReadonlyMap<string, string>
  /** Adds an application of a layer at inference. */
  see? (application: Application): void
  /** Adds a batch with targets. */
  learn? (batch: Batch): void
  /** By name of the weight (`layer/role`) or path of the layer, over `examples` examples. */
  results (read: Read, examples: number): ReadonlyMap<string, R>
}

export interface Observation<R> {
  readonly description: string
  create (context: ObservationContext): Observer<R> | Promise<Observer<R>>
}
