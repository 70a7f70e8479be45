/** What the use cases need to know of who refers to blobs, so that one goes as soon as nobody does, and not before. */

/** A hold that was not let go of ends after so long: whoever had it died. */
export const HOLD_MS = 60 * 60 * 1000

/** Rows refer to blobs; between a put and its row a hold does. Whatever deletes a row or a hold says that its blob was let go of. */
export interface BlobUse {
  /** Somebody is about to make a row that refers to it: it stays until the hold is let go of. Waits while the blob is being removed. Gives the hold. */
  holdBlob (sha256: string): Promise<string>
  letGo (holds: readonly string[]): Promise<void>
  /** Blobs that were let go of and nobody has looked at since, some at a time. */
  freedBlobs (): Promise<string[]>
  /**
   * Calls `remove` for a freed blob, unless a row of whatever tenant refers to it or somebody holds it; nobody begins to hold it before that has resolved. True when it was called.
   * When it throws, the blob stays freed.
   */
  removeFreed (sha256: string, remove: () => Promise<unknown>): Promise<boolean>
  /** sha256 of every blob a row or a hold refers to. */
  referencedBlobs (): Promise<Set<string>>
  /** Drops holds that whoever had them did not let go of in time. */
  sweepHolds (): Promise<number>
}
