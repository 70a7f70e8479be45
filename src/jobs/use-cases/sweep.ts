/** Removes what nothing refers to any more, orphaned blobs and old idempotency keys, and the record of actions that are long past. */
import type { Blobs, Catalog } from '../ports.ts'

/** Files younger than this may belong to a row that is not yet written: an upload being read, outputs of a job about to succeed. */
export const ORPHAN_AGE_MS = 60 * 60 * 1000

/** Gives how many were removed. */
export async function sweep ({ catalog, blobs, olderThanMs = ORPHAN_AGE_MS }: { catalog: Catalog, blobs: Blobs, olderThanMs?: number }): Promise<{ blobs: number, keys: number, notes: number }> {
  return { blobs: await blobs.sweep(await catalog.referencedBlobs(), olderThanMs), keys: await catalog.sweepIdempotency(), notes: await catalog.sweepAudit() }
}
