/** What follows from an answer: delivered, again later, or never. */
import type { DeliveryOutcome, SendAnswer } from './ports.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** After each failed try but the last: 20.6 hours in all, 23.7 with the largest jitter. */
export const PAUSES_MS: readonly number[] = [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR]
export const MOST_TRIES = PAUSES_MS.length + 1

/** Receivers that failed together shall not be asked together again. */
const JITTER = 0.15
/** A receiver that asks for more waits is asked sooner. */
const LONGEST_RETRY_AFTER_MS = 12 * HOUR

/** `tries` counts the one that was answered; `random` is in [0, 1). */
export function outcomeOf (answer: SendAnswer, tries: number, random: number): DeliveryOutcome {
  const { status, retryAfterMs } = answer
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered', answer }
  if (status === 410) return { state: 'failed', turnOff: 'the receiver answered 410 Gone', answer }
  const pause = PAUSES_MS[tries - 1]
  if (pause === undefined) return { state: 'failed', answer }
  const asked = Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS)
  return { state: 'pending', waitMs: Math.round(Math.max(pause, asked) * (1 + JITTER * random)), answer }
}
