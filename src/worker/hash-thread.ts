/** A thread that hashes files while they are written, one after the other: told how far a file is complete, it reads up to there. */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

/** What the thread is told: the file is complete up to here, and with `last` all of it is. It answers the last message with the hash. */
export interface CompleteTo { readonly path: string, readonly upTo: number, readonly last: boolean }

const READ_BYTES = 1 << 20

const piece = new Uint8Array(READ_BYTES)
let current: { readonly file: number, readonly hash: ReturnType<typeof createHash>, at: number } | undefined

parentPort!.on('message', ({ path, upTo, last }: CompleteTo) => {
  current ??= { file: openSync(path, 'r'), hash: createHash('sha256'), at: 0 }
  const { file, hash } = current
  while (current.at < upTo) {
    const bytes = readSync(file, piece, 0, Math.min(READ_BYTES, upTo - current.at), current.at)
    if (bytes === 0) throw new Error(`the file ends at byte ${current.at}, before ${upTo}`)
    hash.update(piece.subarray(0, bytes))
    current.at += bytes
  }
  if (!last) return
  closeSync(file)
  current = undefined
  parentPort!.postMessage(hash.digest('hex'))
})
