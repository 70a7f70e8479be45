/** A bell between those who tell of changes and one who looks: what was rung while nobody waited is there when he does, each thing once. */

export interface Bell<T> {
  ring (what: T): void
  /** What was rung since the last time, at once or when there is something; nothing when `signal` aborts. */
  rung (signal: AbortSignal): Promise<ReadonlySet<T>>
}

export function createBell<T> (): Bell<T> {
  let waiting = new Set<T>()
  let wake: (() => void) | undefined

  return {
    ring (what) {
      waiting.add(what)
      wake?.()
    },
    async rung (signal) {
      if (waiting.size === 0 && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
          signal.addEventListener('abort', wake)
        })
        signal.removeEventListener('abort', wake!)
        wake = undefined
      }
      const all = waiting
      waiting = new Set()
      return all
    },
  }
}
