/** Seconds spent in each phase of a job. */
import type { StageTime } from './job-types.ts'

export interface Clock {
  /** Adds the time of `work` to `phase`. Phases that run side by side each count their own time. */
  time<T> (phase: string, work: () => Promise<T>): Promise<T>
  /** Seconds by phase, and `total` since the clock was made. */
  seconds (): Record<string, number>
}

/** `onEnd` is told of each piece of work as it ends. */
export function createClock (onEnd: (time: StageTime) => void = () => {}): Clock {
  const start = performance.now()
  const spent = new Map<string, number>()
  const inSeconds = (ms: number): number => Math.round(ms) / 1000
  return {
    async time (phase, work) {
      const begin = performance.now()
      let failed = true
      try {
        const result = await work()
        failed = false
        return result
      } finally {
        const end = performance.now()
        spent.set(phase, (spent.get(phase) ?? 0) + end - begin)
        const now = Date.now()
        onEnd({ stage: phase, begin: now - (end - begin), end: now, failed })
      }
    },
    seconds: () => ({ ...Object.fromEntries([...spent].map(([phase, ms]) => [phase, inSeconds(ms)])), total: inSeconds(performance.now() - start) }),
  }
}
