/** One request at a time for each upload within this process. Among processes the Catalog decides: a piece is added only where the upload ends. */
import { ERRORS, type Lock, type Locker, type RequestRelease } from '@tus/server'

/** Longer than whoever has the lock takes to store what it has when it is asked to end. */
const WAIT_MS = 10_000

interface Holder { release (): void, readonly askToEnd: RequestRelease, readonly ended: Promise<void> }

/** Whoever comes asks the one before to end: its client has likely lost its connection, and begun another one. */
export function uploadLocker (): Locker {
  const holders = new Map<string, Holder>()

  async function lock (id: string, stop: AbortSignal, askToEnd: RequestRelease): Promise<void> {
    const until = AbortSignal.any([stop, AbortSignal.timeout(WAIT_MS)])
    for (let before = holders.get(id); before !== undefined; before = holders.get(id)) {
      await before.askToEnd()
      if (!await endedBefore(before.ended, until)) throw ERRORS.ERR_LOCK_TIMEOUT
    }
    let release = (): void => {}
    const ended = new Promise<void>((resolve) => { release = resolve })
    holders.set(id, { release, askToEnd, ended })
  }

  return {
    newLock: (id): Lock => ({
      lock: async (stop, askToEnd) => { await lock(id, stop, askToEnd) },
      async unlock () {
        holders.get(id)?.release()
        holders.delete(id)
      },
    }),
  }
}

async function endedBefore (ended: Promise<void>, until: AbortSignal): Promise<boolean> {
  let onAbort = (): void => {}
  const late = new Promise<false>((resolve) => {
    onAbort = () => { resolve(false) }
    until.addEventListener('abort', onAbort)
  })
  try {
    return !until.aborted && await Promise.race([ended.then(() => true), late])
  } finally {
    until.removeEventListener('abort', onAbort)
  }
}
