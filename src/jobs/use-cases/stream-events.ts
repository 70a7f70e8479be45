/** What the streams of one job and of all jobs have in common: their messages, and patience with a database that went away. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EspalierError } from '../../errors.ts'
import type { JobEvent, JobProgress } from '../watching.ts'

/** `id`: from where to go on after this message; absent where the one before holds. */
export interface StreamMessage { readonly event: string, readonly id?: string, readonly data: object }

/** Events in one statement. */
export const EVENTS_AT_ONCE = 500

/** Progress is looked at at most so often: a person does not see more. */
export const PROGRESS_EVERY_MS = 250

const AGAIN_MS = 1000

export function stateMessage ({ jobId, state, attempt, at, error }: JobEvent, id: string): StreamMessage {
  return { event: 'state', id, data: { job: jobId, state, attempt, at: at.toISOString(), ...(error !== null && { error }) } }
}

export function progressMessage ({ jobId, attempt, progress }: JobProgress): StreamMessage {
  return { event: 'progress', data: { job: jobId, attempt, ...progress } }
}

/** Asks until it is answered: a stream outlives a restart of the database, as otherwise all its clients would come at once. Undefined when `signal` aborts. */
export async function patiently<T> (signal: AbortSignal, ask: () => Promise<T>): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await ask()
    } catch (thrown) {
      if (signal.aborted) return undefined
      if (EspalierError.from(thrown).code !== 'unavailable') throw thrown
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => {})
    }
  }
  return undefined
}

/** Resolves when `ms` have passed since `since` (of performance.now), or `signal` aborts. */
export async function pauseSince (since: number, ms: number, signal: AbortSignal): Promise<void> {
  const left = since + ms - performance.now()
  if (left > 0) await sleep(left, undefined, { signal }).catch(() => {})
}
