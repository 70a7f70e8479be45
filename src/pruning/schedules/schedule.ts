/** What a schedule of sparsity is. */

export interface SparsitySchedule {
  readonly description: string
  /** With s the sparsity from `from` to `to`, p the share of the way in [0, 1] and n the power. */
  readonly formula: string
  readonly source: string
  /** `from` at progress 0 (unless the schedule jumps), `to` at progress 1. */
  at (progress: number, from: number, to: number, power: number): number
}
