/** What a training run is asked for, every default filled in. */

/** The learning rate as a function of the step; sizes are steps or, as "40%", shares of all steps. Source: keras.optimizers.schedules. */
export type ScheduleOptions =
  | { readonly type: 'constant' }
  | { readonly type: 'exponential', readonly decaySteps: number | string, readonly decayRate: number, readonly staircase: boolean }
  | { readonly type: 'polynomial', readonly decaySteps: number | string, readonly end: number, readonly power: number, readonly cycle: boolean }
  | { readonly type: 'inverse-time', readonly decaySteps: number | string, readonly decayRate: number, readonly staircase: boolean }
  | { readonly type: 'piecewise', readonly boundaries: ReadonlyArray<number | string>, readonly values: readonly number[] }
  | { readonly type: 'cosine', readonly decaySteps: number | string, readonly alpha: number, readonly warmupSteps: number | string, readonly warmupTarget: number | null }
  | { readonly type: 'cosine-restarts', readonly firstDecaySteps: number | string, readonly tMul: number, readonly mMul: number, readonly alpha: number }

/** Source: the arguments of keras.optimizers.*. */
export type OptimizerRule =
  | { readonly type: 'sgd', readonly momentum: number, readonly nesterov: boolean }
  | { readonly type: 'adam', readonly beta1: number, readonly beta2: number, readonly epsilon: number, readonly amsgrad: boolean }
  | { readonly type: 'adamw', readonly beta1: number, readonly beta2: number, readonly epsilon: number, readonly amsgrad: boolean }
  | { readonly type: 'rmsprop', readonly rho: number, readonly momentum: number, readonly epsilon: number, readonly centered: boolean }
  | { readonly type: 'adagrad', readonly initialAccumulator: number, readonly epsilon: number }

export type OptimizerOptions = OptimizerRule & {
  readonly learningRate: number
  readonly schedule: ScheduleOptions
  /** Decoupled, per step: w -= w * weightDecay * learning rate. 0 is none. */
  readonly weightDecay: number
  /** At most one is set: of each gradient by its values, of each by its norm, of all together by their norm. */
  readonly clip: { readonly value?: number, readonly norm?: number, readonly globalNorm?: number } | null
}

export interface TrainingOptions {
  readonly epochs: number
  readonly batchSize: number
  readonly optimizer: OptimizerOptions
  /** A key of LOSSES or `auto`, which tells it from the model's last activation and the targets. */
  readonly loss: string
  /** Keys of TRAIN_METRICS; null: what the task reports. */
  readonly metrics: readonly string[] | null
  readonly shuffle: boolean
  /** By class index; classes that are not named weigh 1. */
  readonly classWeights: Readonly<Record<string, number>> | null
  /** Share of the training examples that selects (early stopping, best epoch); 0 is none. Drawn by the seed. */
  readonly validation: number
  readonly earlyStopping: { readonly monitor: string, readonly patience: number, readonly minDelta: number, readonly restoreBest: boolean } | null
  /** Seconds after which the run ends at the next step, with what it has; null is no limit. */
  readonly timeBudget: number | null
  /** Seconds between checkpoints. */
  readonly checkpointEvery: number
}
