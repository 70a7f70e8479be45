/** Whose a key is, looked up by its hash and remembered for seconds, so that most requests ask no database. */
import { timingSafeEqual } from 'node:crypto'
import { hashOfKey } from '../../jobs/api-key.ts'
import type { KeyOwner, Tenants } from '../../jobs/tenant-ports.ts'

/** A revoked key opens nothing after so long, in whatever process. */
const REMEMBERED_MS = 3000
/** Keys that are remembered at most, right and wrong ones. */
const MOST = 10_000
const NOTED_EVERY_MS = 60_000

export interface Keyring {
  /** Null for a key that is none. The owner of one that has ended is given, with `valid` false. @throws `unavailable` */
  find (key: string): Promise<KeyOwner | null>
  /** Forgets what is remembered, after a key was changed here. */
  forget (): void
  /** Waits for what is being written. */
  settled (): Promise<void>
}

interface Remembered { readonly owner: Promise<KeyOwner | null>, readonly until: number }

export function createKeyring (catalog: Pick<Tenants, 'keyOwner' | 'keyUsed'>, now: () => number = Date.now): Keyring {
  const remembered = new Map<string, Remembered>()
  const noted = new Map<string, number>()
  const writing = new Set<Promise<unknown>>()

  function lookUp (hash: string): Promise<KeyOwner | null> {
    const known = remembered.get(hash)
    if (known !== undefined && known.until > now()) return known.owner
    // Asked by many requests at once the database is asked once; a failure is not remembered.
    const owner = catalog.keyOwner({ hash })
    owner.catch(() => { remembered.delete(hash) })
    remembered.delete(hash)
    remembered.set(hash, { owner, until: now() + REMEMBERED_MS })
    trim(remembered)
    return owner
  }

  function noteUse ({ id }: KeyOwner): void {
    if ((noted.get(id) ?? -Infinity) > now() - NOTED_EVERY_MS) return
    noted.delete(id)
    noted.set(id, now())
    trim(noted)
    // That it was not noted is no failure of the request.
    const written = catalog.keyUsed(id).catch(() => {}).finally(() => writing.delete(written))
    writing.add(written)
  }

  return {
    async find (key) {
      const hash = hashOfKey(key)
      const owner = await lookUp(hash)
      if (owner === null || !sameHash(owner.hash, hash)) return null
      const ended = owner.expiresAt !== null && owner.expiresAt.getTime() <= now()
      if (!owner.valid || ended) return { ...owner, valid: false }
      noteUse(owner)
      return owner
    },
    forget () { remembered.clear() },
    async settled () { await Promise.all(writing) },
  }
}

/** In a time that does not tell where they differ. */
function sameHash (a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')]
  return x.length === y.length && timingSafeEqual(x, y)
}

/** The oldest go first. */
function trim (map: Map<string, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MOST) return
    map.delete(oldest)
  }
}
