/** What to do when a service goes away: try again for a while, then say that it is unavailable. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EspalierError } from '../errors.ts'

/** Runs work that may be repeated; `lost` is true when a former try lost its connection and may yet have taken effect. */
export type WithPatience = <T>(work: (lost: boolean) => Promise<T>) => Promise<T>

export interface Patience {
  /** How long to try in all, milliseconds; 0: once. */
  readonly patienceMs: number
  /** Did it fail because the service could not be reached or went away in between? */
  readonly isLoss: (thrown: unknown) => boolean
  /** What is said when it stays away: which service, and what to check. */
  readonly message: string
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000

/**
 * Gives a runner that repeats work upon loss, with growing pauses.
 * @throws `unavailable` when the service stays away; any other error at once.
 */
export function withPatience ({ patienceMs, isLoss, message }: Patience): WithPatience {
  return async (work) => {
    const until = Date.now() + patienceMs
    for (let pause = FIRST_PAUSE_MS, lost = false; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS), lost = true) {
      try {
        return await work(lost)
      } catch (thrown) {
        if (!isLoss(thrown)) throw thrown
        if (Date.now() + pause > until) throw new EspalierError('unavailable', message, {}, { cause: thrown })
        await sleep(pause)
      }
    }
  }
}
