/** What comes of an attempt's beginning. */
import type { JobRow } from './ports.ts'
import type { JobState } from './resources.ts'
import type { TraceContext } from './tracing.ts'

/** An attempt that was begun. */
export interface Begun {
  readonly begun: true
  readonly job: JobRow
  /** How often since its last checkpoint, this time among them. */
  readonly starts: number
  /** How long was worked on it before. */
  readonly usedMs: number
  /** From its queueing to this, its first beginning; null when it was begun before. */
  readonly waitMs: number | null
  /** Of the request that queued it. */
  readonly traceContext: TraceContext | null
}

/** Why a job may not be begun: another attempt is current, it has ended, its tenant has as many running as it may (`full`), or the worker has too little memory (`tooLarge`): then it stays queued. */
export interface NotBegun { readonly begun: false, readonly state: JobState | 'missing', readonly full?: { readonly used: number, readonly allowed: number }, readonly tooLarge?: true }

export type BeginResult = Begun | NotBegun
