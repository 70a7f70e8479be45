/** Removes what was kept long enough and what nothing refers to any more: what is due by a tenant's retention, expired uploads, orphaned blobs, old idempotency keys, old deliveries of webhooks, workers that are long gone, the record of actions that are long past. */
import type { Blobs, Catalog } from '../ports.ts'
import { removeFreed } from './remove-freed.ts'

/** Files younger than this may belong to a row that is not yet written: an upload being read, outputs of a job about to succeed. */
export const ORPHAN_AGE_MS = 60 * 60 * 1000

/** Gives how many of each were removed. */
export async function sweep ({ catalog, blobs, olderThanMs = ORPHAN_AGE_MS }: { catalog: Catalog, blobs: Blobs, olderThanMs?: number }): Promise<{ blobs: number, keys: number, deliveries: number, notes: number, kept: number }> {
  await catalog.sweepWorkers()
  await catalog.sweepHolds()
  while (await catalog.sweepUploads() > 0);
  const kept = await catalog.sweepKept()
  await removeFreed({ catalog, blobs })
  return { blobs: await blobs.sweep(await catalog.referencedBlobs(), olderThanMs), keys: await catalog.sweepIdempotency(), deliveries: await catalog.sweepDeliveries(), notes: await catalog.sweepAudit(), kept }
}
