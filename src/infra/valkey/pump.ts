/** Takes work from several sources in turn, so much at once of all of them together. */

/** Something that was taken: to be run, or given back when it came too late. */
export interface Taken { run (): Promise<unknown>, giveBack (): Promise<unknown> }
export interface Source { take (): Promise<Taken | undefined> }

export interface PumpOptions {
  /** Asked before each round, as there may be more of them later. */
  readonly sources: () => readonly Source[]
  readonly concurrency: number
  /** How long it waits at most to be called before it looks by itself, milliseconds; by chance, so that several do not look in step. */
  readonly idleMs: number
  /** How long it waits after a source failed. */
  readonly retryMs: number
  readonly onTrouble: (error: Error) => void
}

export interface Pump {
  /** There may be something to take. */
  call (): void
  /** Takes nothing any more; resolves when it stands still, while what was taken may still run. */
  stop (): Promise<void>
  /** Waits for what runs. */
  settled (): Promise<void>
}

export function startPump ({ sources, concurrency, idleMs, retryMs, onTrouble }: PumpOptions): Pump {
  const running = new Set<Promise<void>>()
  let called = false
  let stopped = false
  let wake = (): void => {}
  let turn = 0

  function call (): void {
    called = true
    wake()
  }

  async function pause (ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => { wake = resolve; timer = setTimeout(resolve, ms) })
    clearTimeout(timer)
  }

  /** Of the first source that has something, beginning behind the one that gave last. */
  async function next (): Promise<Taken | undefined> {
    const all = sources()
    for (let i = 0; i < all.length; i++) {
      const at = (turn + i) % all.length
      const taken = await all[at]!.take()
      if (taken === undefined) continue
      turn = at + 1
      return taken
    }
    return undefined
  }

  function begin (taken: Taken): void {
    const run: Promise<void> = taken.run().then(() => {}, onTrouble).finally(() => { running.delete(run); call() })
    running.add(run)
  }

  async function loop (): Promise<void> {
    while (!stopped) {
      called = false
      try {
        const taken = running.size < concurrency ? await next() : undefined
        if (taken !== undefined && stopped) await taken.giveBack()
        else if (taken !== undefined) begin(taken)
        else if (!called && !stopped) await pause(idleMs * (0.5 + Math.random() / 2))
      } catch (error) {
        if (stopped) return
        onTrouble(error as Error)
        await pause(retryMs)
      }
    }
  }

  const looping = loop()
  return {
    call,
    async stop () {
      stopped = true
      wake()
      await looping
    },
    settled: async () => { await Promise.all(running) },
  }
}
