/** Runs at most so many pieces of work at once, in the order in which they came: what many ask for at once leaves room for others between. */

export type FewAtOnce = <T>(work: () => Promise<T>) => Promise<T>

export function fewAtOnce (most: number): FewAtOnce {
  const waiting: Array<() => void> = []
  let running = 0

  return async (work) => {
    if (running < most) running++
    else await new Promise<void>((resolve) => { waiting.push(resolve) })
    try {
      return await work()
    } finally {
      // Its place is passed on, or free again.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
