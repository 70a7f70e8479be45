/** Counts the time that was worked on an attempt, over all of its starts, and writes it down often enough for a crash to lose little. */

export const WRITE_EVERY_MS = 5000

export interface TimeKeeper {
  /** Milliseconds until now, with those of former starts. */
  spent (): number
  /** Writes the last of it. */
  stop (): Promise<void>
}

/** A lost write is no harm: the next one says more. */
export function timeKeeper (before: number, write: (ms: number) => Promise<unknown>, everyMs = WRITE_EVERY_MS): TimeKeeper {
  const begun = performance.now()
  const spent = (): number => Math.round(before + performance.now() - begun)
  let writing: Promise<unknown> | undefined
  const save = (): Promise<unknown> => {
    writing ??= write(spent()).catch(() => {}).finally(() => { writing = undefined })
    return writing
  }
  const timer = setInterval(() => { void save() }, everyMs)
  return {
    spent,
    async stop () {
      clearInterval(timer)
      await writing
      await save()
    },
  }
}
