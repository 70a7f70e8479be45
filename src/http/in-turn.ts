/** Runs a costly piece of work one call at a time, in the order of the calls. */

export function inTurn<A extends unknown[], R> (work: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve()
  return async (...args) => {
    const next = last.then(async () => await work(...args))
    // One that fails does not keep the next from running.
    last = next.catch(() => {})
    return await next
  }
}
