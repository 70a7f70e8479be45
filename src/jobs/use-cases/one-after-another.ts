/** Runs the same work for many who ask: never two at once, and who asks during a run gets the next one, which all of them share. */

/** The same for work that is told apart by a key. */
export function oneAfterAnotherBy<T> (work: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const all = new Map<string, { readonly ask: () => Promise<T>, asking: number }>()
  return async (key) => {
    const entry = all.get(key) ?? { ask: oneAfterAnother(async () => await work(key)), asking: 0 }
    all.set(key, entry)
    entry.asking++
    try {
      return await entry.ask()
    } finally {
      if (--entry.asking === 0) all.delete(key)
    }
  }
}

export function oneAfterAnother<T> (work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined

  function start (): Promise<T> {
    const run = work().finally(() => { if (running === run) running = undefined })
    running = run
    return run
  }

  return () => {
    if (next !== undefined) return next
    if (running === undefined) return start()
    const after = async (): Promise<T> => {
      next = undefined
      return await start()
    }
    next = running.then(after, after)
    return next
  }
}
