/** The checkpoints of an attempt: brought to where a runner reads them, stored as they come, the one before removed. */
import { createReadStream } from 'node:fs'
import { EspalierError } from '../../errors.ts'
import type { Blobs, Catalog, CheckpointFile, CheckpointRow, QueueEntry, RunHooks } from '../ports.ts'
import { bring } from './attempt-files.ts'
import { holding } from './holding.ts'

export interface CheckpointKeeper {
  /** The checkpoint that the job has as a file; null when it has none, or it is lost or damaged. */
  bring (folder: string, signal: AbortSignal): Promise<CheckpointFile | null>
  readonly store: RunHooks['onCheckpoint']
  /** Removes the checkpoint that the job has. */
  drop (): Promise<void>
  /** Removes the last checkpoint's file, when the Catalog has let go of it. */
  forget (): Promise<void>
  /** Waits for a checkpoint that is being stored. */
  settled (): Promise<void>
}

interface Context {
  readonly catalog: Catalog
  readonly blobs: Blobs
  readonly entry: QueueEntry
  readonly current: CheckpointRow | null
  /** Waited for before one is stored: a run that goes on from it has all figures up to it. */
  readonly before: () => Promise<void>
  /** Called when the Catalog does not take one, as the job is no longer running under this attempt. */
  readonly refused: () => void
}

/** A checkpoint that cannot be stored is no failure of the job: the next one may be. */
export function checkpointKeeper ({ catalog, blobs, entry: { jobId, attempt }, current, before, refused }: Context): CheckpointKeeper {
  let held = current?.sha256 ?? null
  let storing: Promise<unknown> = Promise.resolve()

  /** Unless something refers to it: another start of the same attempt may have stored the same. What stays behind here is swept. */
  async function remove (sha256: string | null): Promise<void> {
    if (sha256 !== null) await catalog.removeFreed(sha256, async () => await blobs.delete(sha256)).catch(() => {})
  }

  async function put (file: CheckpointFile): Promise<boolean> {
    await before()
    // A run that begins anew makes the same checkpoints: those that were dropped may be about to be removed.
    const kept = holding({ catalog, blobs })
    try {
      return await swap(await kept.blobs.put(createReadStream(file.path)))
    } finally {
      await kept.letGo().catch(() => {})
    }
  }

  async function swap ({ sha256, bytes }: { sha256: string, bytes: number }): Promise<boolean> {
    if (sha256 === held) return true
    if (!await catalog.checkpoint(jobId, attempt, { sha256, bytes })) {
      refused()
      return false
    }
    const last = held
    held = sha256
    await remove(last)
    return true
  }

  return {
    async bring (folder, signal) {
      if (current === null) return null
      try {
        return await bring(blobs, { ...current, name: 'checkpoint', format: '' }, folder, 'checkpoint', signal)
      } catch (thrown) {
        // Damaged is as good as lost: the run begins at its beginning.
        if (!['not-found', 'blob-damaged'].includes(EspalierError.from(thrown).code)) throw thrown
        return null
      }
    },
    store: (file) => {
      const stored = put(file).catch(() => false)
      storing = stored
      return stored
    },
    async drop () {
      await catalog.checkpoint(jobId, attempt, null)
      await remove(held)
      held = null
    },
    async forget () { await remove(held) },
    settled: async () => { await storing },
  }
}
