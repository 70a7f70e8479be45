/** Runs a costly piece of work one call at a time, in the order of the calls. */
import { fewAtOnce } from './few-at-once.ts'

export function inTurn<A extends unknown[], R> (work: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  const one = fewAtOnce(1)
  return async (...args) => await one(async () => await work(...args))
}
