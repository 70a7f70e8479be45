/** What a criterion is: it says how much each weight matters. */

export interface Criterion {
  readonly description: string
  /** The score of one weight as a formula, for the documentation. */
  readonly formula: string
  readonly source: string
  /**
   * Scores in the order of `weights`; the higher the absolute value, the more the weight matters. The sign means nothing, so that a criterion may
   * give back an array it has. The result must not be changed.
   */
  score (weights: Float32Array): Float32Array
}
