/** Counts the time that was worked on an attempt, over all of its starts, and writes it down often enough for a crash to lose little. */

export const WRITE_EVERY_MS = 5000

export interface TimeKeeper {
  /** Counts from now on; again does nothing. */
  start (): void
  /** Milliseconds until now, with those of former starts. */
  spent (): number
  /** Writes the last of it. */
  stop (): Promise<void>
}

/** `before`: of former starts, milliseconds. A lost write is no harm: the next one says more. */
export function timeKeeper (before: number, write: (ms: number) => Promise<unknown>, everyMs = WRITE_EVERY_MS): TimeKeeper {
  let begun: number | undefined
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<unknown> | undefined
  const spent = (): number => Math.round(before + (begun === undefined ? 0 : performance.now() - begun))
  const save = (): Promise<unknown> => {
    writing ??= write(spent()).catch(() => {}).finally(() => { writing = undefined })
    return writing
  }
  return {
    start () {
      if (begun !== undefined) return
      begun = performance.now()
      timer = setInterval(() => { void save() }, everyMs)
    },
    spent,
    async stop () {
      clearInterval(timer)
      await writing
      if (begun !== undefined) await save()
    },
  }
}
