/** What a criterion is: it says how much each weight matters. */
import type { ScopeName } from '../allocation/index.ts'
import type { GranularityName, Grouping } from '../granularity/index.ts'

/** A weight beside a kernel that would go with its units: a bias, a scale, a shift. */
export interface Companion {
  readonly values: Float32Array
  /** Element -> unit of the kernel. */
  readonly of: (element: number) => number
}

/** What a criterion goes by besides the weights of a tensor: by weight, row-major, or by unit, in the order of the grouping. */
export interface Observed {
  /** By weight: norm of the inputs that it is multiplied with in one example, over its positions: root of the mean square over examples. */
  readonly inputs?: Float32Array
  /** By weight: mean over examples of g = dL/dw. */
  readonly gradients?: Float32Array
  /** By weight: mean over examples of g^2. */
  readonly squaredGradients?: Float32Array
  /** By unit: mean over batches of (sum of w g)^2 over its weights, g the derivative of the batch's mean loss. */
  readonly unitProducts?: Float32Array
  /** By unit: share of its activations that are 0, over examples and positions. */
  readonly zeroActivations?: Float32Array
  /** By unit: mean absolute activation, over examples and positions. */
  readonly meanActivations?: Float32Array
  /** By unit: gamma of the batch normalisation that follows. */
  readonly scales?: Float32Array
  /** By weight: dR/d|w|, R what flows from inputs of ones to the outputs through the absolute weights, up to a factor that all weights of the model share. */
  readonly flow?: Float32Array
  /** What goes with the units besides their weights. */
  readonly companions?: readonly Companion[]
}

/** One line for each kind: does it need calibration data? */
const NEEDS_DATA: Readonly<Record<keyof Observed, boolean>> = {
  inputs: true,
  gradients: true,
  squaredGradients: true,
  unitProducts: true,
  zeroActivations: true,
  meanActivations: true,
  scales: false,
  companions: false,
  flow: false,
}

/** What a criterion goes by besides the weights. */
export interface ScoreContext {
  readonly observed: Observed
  readonly seed: number
  /** Of the tensor in the pool. */
  readonly place: number
  /** What goes together; null: every weight on its own. */
  readonly grouping: Grouping | null
  /** Number of the first weight in its tensor, where a part of it is scored; absent: 0. */
  readonly first?: number
}

export interface Criterion {
  readonly description: string
  /** The score of one weight as a formula, for the documentation. */
  readonly formula: string
  readonly source: string
  /** What has to be observed for it; absent: it goes by the weights alone. */
  readonly observes?: keyof Observed
  /** The same for units that go as a whole; absent: what is observed for single weights. */
  readonly observesOfUnits?: keyof Observed
  /** What it can rank; absent: anything. The first is the default. */
  readonly granularities?: readonly GranularityName[]
  /** The scope in which its scores can be compared; absent: any. */
  readonly scope?: ScopeName
  /** In how many rounds it prunes where the recipe does not say; absent: in one. */
  readonly rounds?: number
  /** Does each weight get its score without a look at the others? Then a tensor can be scored in parts. */
  readonly elementwise?: true
  /** What the score of a unit of several weights is: the mean over those that would go (the default), or the root of the mean square. */
  readonly units?: 'mean' | 'rms'
  /**
   * Scores in the order of `weights`; the higher the absolute value, the more the weight matters. The sign means nothing, so that a criterion may
   * give back an array it has. The result must not be changed.
   */
  score (weights: Float32Array, context: ScoreContext): Float32Array
}

/** Does it look at calibration data? */
export function needsData ({ observes }: Criterion): boolean {
  return observes !== undefined && NEEDS_DATA[observes]
}

/** What has to be observed for it where weights go in such units. */
export function observedFor ({ observes, observesOfUnits }: Criterion, granularity: GranularityName): keyof Observed | undefined {
  return granularity === 'weight' || granularity === 'n:m' ? observes : observesOfUnits ?? observes
}

/** One number for each weight from it and what was observed of it. */
export function combine (weights: Float32Array, observed: Float32Array | undefined, of: (weight: number, observed: number) => number): Float32Array {
  return weights.map((weight, index) => of(weight, observed![index]!))
}
