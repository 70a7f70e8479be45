/** What the bench and its worker say to each other. */

/** A round: one job from blob to blob. */
export interface RoundRequest { readonly sha256: string, readonly bytes: number, readonly sparsity: number }

export interface RoundResult {
  readonly seconds: number
  readonly timings: Readonly<Record<string, number>>
  /** The part of `seconds` in which the output was hashed again, flushed and taken into the store. */
  readonly storing: number
  /** Of both processes, over all cores, the system's share too: what the round would take at least on a machine that does nothing else. */
  readonly cpuSeconds: number
  readonly sha256: string
  readonly bytes: number
  readonly achieved: number
  readonly gzipEstimated: boolean
  /** Peaks of the worker's and of the engine process's memory since they were started. */
  readonly workerPeakMb: number
  readonly enginePeakMb: number
}
