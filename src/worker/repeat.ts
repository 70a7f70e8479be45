/** Work that is done again and again, never twice at once, and whose failures wait for the next time. */

export interface Repeated { stop (): Promise<void> }

/** Calls `work` every `everyMs`, counted from the end of one call to the start of the next. */
export function repeat (everyMs: number, work: () => Promise<unknown>, onTrouble: (error: unknown) => void): Repeated {
  let timer: NodeJS.Timeout | undefined
  let current: Promise<void> | undefined
  let stopped = false

  function plan (): void {
    if (stopped) return
    timer = setTimeout(() => {
      current = work().then(() => {}, onTrouble).finally(plan)
    }, everyMs)
    timer.unref()
  }

  plan()
  return {
    async stop () {
      stopped = true
      clearTimeout(timer)
      await current
    },
  }
}
