/** Removes blobs that nothing refers to any more, as soon as the last row that did is gone. */
import type { BlobUse } from '../blob-use.ts'
import type { Blobs } from '../ports.ts'
import { oneAfterAnother } from './one-after-another.ts'

interface Context { readonly catalog: Pick<BlobUse, 'freedBlobs' | 'removeFreed'>, readonly blobs: Pick<Blobs, 'delete'> }

/** Looks at all blobs that were let go of. Gives how many were removed. Safe to run in several processes at once. */
export async function removeFreed ({ catalog, blobs }: Context): Promise<number> {
  let removed = 0
  for (;;) {
    const freed = await catalog.freedBlobs()
    if (freed.length === 0) return removed
    for (const sha256 of freed) if (await catalog.removeFreed(sha256, async () => await blobs.delete(sha256))) removed++
  }
}

/** The same beside other work: nobody waits for it, so that how long an answer takes does not tell whether somebody else has the same file. */
export interface Remover {
  /** Removes what is freed once `before` has ended, however it does. */
  after (before?: Promise<unknown>): void
  /** Waits for what was begun. */
  settled (): Promise<void>
}

/** What fails is left to the next who looks: a worker does so every few seconds. */
export function createRemover (context: Context, onTrouble: (error: unknown) => void): Remover {
  const running = new Set<Promise<unknown>>()
  // One after the other: the database has other work, too.
  const look = oneAfterAnother(async () => { await removeFreed(context).catch(onTrouble) })

  return {
    after (before = Promise.resolve()) {
      const work = before.then(look, look).finally(() => running.delete(work))
      running.add(work)
    },
    async settled () { await Promise.all(running) },
  }
}
