/** Removes what an S3 store holds in vain: blobs that nothing refers to, and what processes left behind that died within a put. */
import { abortUploads } from './s3-multipart.ts'
import { BLOBS, SUMS, UPLOADS, type S3Objects } from './s3-objects.ts'

/** Removes objects older than `before` (by the store's clock), unless they are blobs in `keep` or checksums of blobs that stay. Gives how many, without checksums. */
export async function sweepObjects (objects: S3Objects, keep: ReadonlySet<string>, before: number): Promise<number> {
  const hashOf = (key: string): string => key.slice(key.indexOf('/') + 1)

  async function removeOld (key: string): Promise<boolean> {
    // Looked at right before it goes: writing the same content again renews its age.
    const info = await objects.head(key)
    if (info === null || info.at.getTime() > before) return false
    await objects.delete(key)
    return true
  }

  let removed = await abortUploads(objects, UPLOADS, before) + await abortUploads(objects, BLOBS, before)
  for await (const { key, at } of objects.list(UPLOADS)) if (at.getTime() <= before && await removeOld(key)) removed++
  const blobs = new Set<string>()
  for await (const { key, at } of objects.list(BLOBS)) {
    const sha256 = hashOf(key)
    blobs.add(sha256)
    if (keep.has(sha256) || at.getTime() > before || !await removeOld(key)) continue
    await objects.delete(SUMS + sha256)
    removed++
  }
  for await (const { key, at } of objects.list(SUMS)) if (!blobs.has(hashOf(key)) && at.getTime() <= before) await removeOld(key)
  return removed
}
