/** What a criterion is: it says how much each weight matters. */

/** What is observed of the weights of a tensor over calibration data, one number for each weight, row-major. */
export interface Observed {
  /** Norm of the inputs that the weight is multiplied with in one example, over its positions: root of the mean square over examples. */
  readonly inputs?: Float32Array
  /** Mean over examples of g = dL/dw. */
  readonly gradients?: Float32Array
  /** Mean over examples of g^2. */
  readonly squaredGradients?: Float32Array
}

/** What a criterion goes by besides the weights. */
export interface ScoreContext {
  readonly observed: Observed
  readonly seed: number
  /** Of the tensor in the pool. */
  readonly place: number
  /** Number of the first weight in its tensor, where a part of it is scored; absent: 0. */
  readonly first?: number
}

export interface Criterion {
  readonly description: string
  /** The score of one weight as a formula, for the documentation. */
  readonly formula: string
  readonly source: string
  /** What has to be observed for it; absent: it needs no data. */
  readonly observes?: keyof Observed
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

/** One number for each weight from it and what was observed of it. */
export function combine (weights: Float32Array, observed: Float32Array | undefined, of: (weight: number, observed: number) => number): Float32Array {
  return weights.map((weight, index) => of(weight, observed![index]!))
}
