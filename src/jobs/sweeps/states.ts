/** The life of a sweep, which follows that of its jobs. */
import type { JobState } from '../resources.ts'
import { ENDED } from '../states.ts'

/** `finished` and `cancelled` are ends; a job that is retried or resumed leads from any state back to `running`. */
export const SWEEP_STATES = ['running', 'cancelling', 'finished', 'cancelled'] as const
export type SweepState = typeof SWEEP_STATES[number]

export const ENDED_SWEEPS = ['finished', 'cancelled'] as const satisfies readonly SweepState[]
export const OPEN_SWEEPS = ['running', 'cancelling'] as const satisfies readonly SweepState[]

export function isEndedSweep (state: SweepState): boolean {
  return (ENDED_SWEEPS as readonly SweepState[]).includes(state)
}

/** How many jobs there are, and how many of them have ended. */
export function progressOf (counts: Readonly<Partial<Record<JobState, number>>>): { readonly done: number, readonly total: number } {
  const sum = (states: readonly string[]): number => states.reduce((total, state) => total + (counts[state as JobState] ?? 0), 0)
  return { done: sum(ENDED), total: sum(Object.keys(counts)) }
}
