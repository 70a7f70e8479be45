/** Looks from time to time whether the keys and sessions of open streams still open anything, whichever process ended them. */
import type { Tenants } from '../../jobs/tenant-ports.ts'

export interface KeyWatch {
  /** Of a key by its id, of a session by its hash. Calls `end` within seconds after it was ended, after the key was revoked, has expired or went with its tenant; never while the database cannot tell. Gives what ends the watch. */
  whileValid (keyId: string, end: () => void): () => void
}

/** One small statement for all streams of the process. */
export const LOOK_MS = 4000

export function watchKeys (catalog: Pick<Tenants, 'validKeys'>, everyMs = LOOK_MS): KeyWatch {
  const watched = new Map<string, Set<() => void>>()
  let timer: NodeJS.Timeout | undefined
  let looking = false

  async function look (): Promise<void> {
    const ids = [...watched.keys()]
    const valid = await catalog.validKeys(ids)
    for (const id of ids) if (!valid.has(id)) for (const end of [...watched.get(id) ?? []]) end()
  }

  function lookAgain (): void {
    if (looking) return
    looking = true
    look().catch(() => {}).finally(() => { looking = false })
  }

  return {
    whileValid (keyId, end) {
      const ends = watched.get(keyId) ?? new Set()
      watched.set(keyId, ends.add(end))
      timer ??= setInterval(lookAgain, everyMs)
      return () => {
        ends.delete(end)
        if (ends.size === 0 && watched.get(keyId) === ends) watched.delete(keyId)
        if (watched.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}
