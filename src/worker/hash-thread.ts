/** A thread that hashes a file while it is written: told how far the file is complete, it reads up to there. */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

/** What the thread is told: the file is complete up to here, and with `last` all of it is. It answers the last message with the hash. */
export interface CompleteTo { readonly upTo: number, readonly last: boolean }

const READ_BYTES = 1 << 20

const file = openSync(workerData as string, 'r')
const hash = createHash('sha256')
const piece = new Uint8Array(READ_BYTES)
let at = 0

parentPort!.on('message', ({ upTo, last }: CompleteTo) => {
  while (at < upTo) {
    const bytes = readSync(file, piece, 0, Math.min(READ_BYTES, upTo - at), at)
    if (bytes === 0) throw new Error(`the file ends at byte ${at}, before ${upTo}`)
    hash.update(piece.subarray(0, bytes))
    at += bytes
  }
  if (!last) return
  closeSync(file)
  parentPort!.postMessage(hash.digest('hex'))
  parentPort!.close()
})
