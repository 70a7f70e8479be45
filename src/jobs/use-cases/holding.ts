/** Blobs that are put to be referred to: each is held from before it is visible until its row was made, or will not be. */
import type { BlobUse } from '../blob-use.ts'
import type { Blobs } from '../ports.ts'

export interface Holding {
  /** The store; what is put or taken through it is held. */
  readonly blobs: Blobs
  /** Ends all holds, so that what no row refers to is freed. */
  letGo (): Promise<void>
}

export function holding ({ catalog, blobs }: { catalog: Pick<BlobUse, 'holdBlob' | 'letGo'>, blobs: Blobs }): Holding {
  const holds: Array<Promise<string>> = []
  const hold = async (sha256: string): Promise<void> => {
    const held = catalog.holdBlob(sha256)
    holds.push(held)
    await held
  }
  return {
    blobs: {
      ...blobs,
      put: async (content, limit) => await blobs.put(content, limit, hold),
      take: async (place, known) => await blobs.take(place, known, hold),
    },
    async letGo () {
      const ids = (await Promise.allSettled(holds.splice(0))).flatMap((held) => held.status === 'fulfilled' ? [held.value] : [])
      if (ids.length > 0) await catalog.letGo(ids)
    },
  }
}
