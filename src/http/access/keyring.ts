/** Whose a key is, looked up by its hash and remembered for seconds. */
import { hashOfKey } from '../../jobs/api-key.ts'
import type { KeyOwner, Tenants } from '../../jobs/tenant-ports.ts'
import { createMemory, trim } from './memory.ts'
import { sameHash } from './same-hash.ts'

const NOTED_EVERY_MS = 60_000

export interface Keyring {
  /** Null for a key that is none. The owner of one that has ended is given, with `valid` false. @throws `unavailable` */
  find (key: string): Promise<KeyOwner | null>
  /** The same by the key's hash. */
  findHash (hash: string): Promise<KeyOwner | null>
  /** Forgets what is remembered, after a key was changed here. */
  forget (): void
  /** Waits for what is being written. */
  settled (): Promise<void>
}

export function createKeyring (catalog: Pick<Tenants, 'keyOwner' | 'keyUsed'>, now: () => number = Date.now): Keyring {
  const memory = createMemory<KeyOwner | null>(now)
  const noted = new Map<string, number>()
  const writing = new Set<Promise<unknown>>()

  function noteUse ({ id }: KeyOwner): void {
    if ((noted.get(id) ?? -Infinity) > now() - NOTED_EVERY_MS) return
    noted.delete(id)
    noted.set(id, now())
    trim(noted)
    // That it was not noted is no failure of the request.
    const written = catalog.keyUsed(id).catch(() => {}).finally(() => writing.delete(written))
    writing.add(written)
  }

  async function findHash (hash: string): Promise<KeyOwner | null> {
    const owner = await memory.get(hash, async () => await catalog.keyOwner({ hash }))
    if (owner === null || !sameHash(owner.hash, hash)) return null
    const ended = owner.expiresAt !== null && owner.expiresAt.getTime() <= now()
    if (!owner.valid || ended) return { ...owner, valid: false }
    noteUse(owner)
    return owner
  }

  return {
    find: async (key) => await findHash(hashOfKey(key)),
    findHash,
    forget () { memory.forget() },
    async settled () { await Promise.all(writing) },
  }
}
