/** Seconds spent in each phase of a job. */

export interface Clock {
  /** Adds the time of `work` to `phase`. Phases that run side by side each count their own time. */
  time<T> (phase: string, work: () => Promise<T>): Promise<T>
  /** Seconds by phase, and `total` since the clock was made. */
  seconds (): Record<string, number>
}

export function createClock (): Clock {
  const start = performance.now()
  const spent = new Map<string, number>()
  const inSeconds = (ms: number): number => Math.round(ms) / 1000
  return {
    async time (phase, work) {
      const begin = performance.now()
      try {
        return await work()
      } finally {
        spent.set(phase, (spent.get(phase) ?? 0) + performance.now() - begin)
      }
    },
    seconds: () => ({ ...Object.fromEntries([...spent].map(([phase, ms]) => [phase, inSeconds(ms)])), total: inSeconds(performance.now() - start) }),
  }
}
