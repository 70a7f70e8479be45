/** Checkpoints as files of an engine process: written for the worker to store, and read when a run goes on. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EspalierError } from '../errors.ts'
import type { RunRequest } from '../jobs/ports.ts'
import type { JobInput } from '../methods/job-types.ts'
import type { CheckpointMessage } from './protocol.ts'

interface Storing { readonly job: string, readonly path: string, readonly stored: Promise<boolean>, readonly settle: (stored: boolean) => void }

/** The worker has not stored it yet. One at a time: a store that is slow gets fewer checkpoints, not a queue of them. */
let storing: Storing | undefined

/** The line before a checkpoint. It makes the bytes of two jobs differ, so that a worker may remove one job's from the store without a look at others. */
function lineOf (job: string): Buffer {
  return Buffer.from(`espalier job ${job}\n`)
}

function begin (job: string, path: string): Storing {
  let settle = (_stored: boolean): void => {}
  const stored = new Promise<boolean>((resolve) => { settle = resolve })
  return { job, path, stored, settle }
}

export function checkpointsOn ({ job, checkpoint, checkpointFolder }: RunRequest, send: (message: CheckpointMessage) => void): NonNullable<JobInput['checkpoints']> {
  const line = lineOf(job)
  let count = 0
  storing = undefined
  return {
    async load () {
      if (checkpoint === null) return null
      const bytes = await readFile(checkpoint.path)
      if (!bytes.subarray(0, line.length).equals(line)) throw new EspalierError('invalid-request', 'the checkpoint is not one of this job', { checkpoint: true })
      return bytes.subarray(line.length)
    },
    async save (bytes, { wait } = { wait: false }) {
      if (storing !== undefined && !wait) return
      await storing?.stored
      const path = join(checkpointFolder, `checkpoint-${count++}`)
      const { stored } = storing = begin(job, path)
      await writeFile(path, Buffer.concat([line, bytes]))
      send({ type: 'checkpoint', job, file: { path, bytes: line.length + bytes.length } })
      return wait ? await stored : undefined
    },
  }
}

/** The worker is done with the last checkpoint. */
export function checkpointed (job: string, stored: boolean): void {
  if (storing?.job !== job) return
  const { path, settle } = storing
  storing = undefined
  settle(stored)
  // The folder goes with the attempt: a file that cannot be removed now is removed then.
  rm(path, { force: true }).catch(() => {})
}
