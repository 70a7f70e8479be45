/** How the memory of a process moves while it works. */
import { residentBytes } from '../../src/worker/memory.ts'

export interface MemoryCourse {
  /** Medians of the second, third and last quarter of the time, megabytes: the first one is spent filling caches. */
  readonly quartersMb: readonly [number, number, number]
  readonly mostMb: number
  /** The last quarter by the second one: 1 is flat. */
  readonly growth: number
}

const EVERY_MS = 500

/** Samples from now until the function that it gives is called. */
export function watchMemory (pid: number): () => MemoryCourse {
  const samples: number[] = []
  const timer = setInterval(() => { void residentBytes(pid).then((bytes) => { if (bytes !== null) samples.push(bytes / 2 ** 20) }) }, EVERY_MS)
  return () => {
    clearInterval(timer)
    const quarter = (index: number): number => median(samples.slice(Math.floor(samples.length * index / 4), Math.ceil(samples.length * (index + 1) / 4)))
    const quarters = [quarter(1), quarter(2), quarter(3)] as const
    return { quartersMb: quarters, mostMb: Math.round(Math.max(...samples)), growth: quarters[2] / quarters[0] }
  }
}

function median (values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0)
}
