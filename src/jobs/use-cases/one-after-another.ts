/** Runs the same work for many who ask: never two at once, and who asks during a run gets the next one, which all of them share. */

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
