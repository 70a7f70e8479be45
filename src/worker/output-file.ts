/** A file being written: it becomes visible when it is complete, and a large one is hashed and goes to the disk meanwhile. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { EspalierError } from '../errors.ts'
import type { OutputFile } from '../methods/output-folder.ts'
import type { CompleteTo } from './hash-thread.ts'

const READ_BYTES = 1 << 20

/** Smaller files are hashed when they are complete: a thread is not worth its start. */
const THREAD_FROM = 64 * 2 ** 20

/** Written bytes that begin to go to the disk while more are made, so that whoever flushes the file at the end need not wait for all of them. */
const FLUSH_BYTES = 64 * 2 ** 20

/** A thread does not take over what makes this process read TypeScript. */
const HASH_THREAD = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => { register(); return import(${JSON.stringify(import.meta.resolve('./hash-thread.ts'))}) })`

/** Written as `<path>.part`; `finish` gives it its name. */
export async function createOutput (path: string): Promise<OutputFile> {
  const part = `${path}.part`
  const handle = await open(part, 'wx+')
  const flush = flusher(handle)
  let hasher: Hasher | undefined
  /** Bytes from the front without a gap, and where the last one lies. */
  let [complete, size] = [0, 0]
  return {
    async write (offset, bytes) {
      await writeAll(handle, offset, bytes)
      size = Math.max(size, offset + bytes.byteLength)
      if (offset === complete) complete += bytes.byteLength
      if (complete >= THREAD_FROM) hasher ??= startHasher(part)
      hasher?.follow(complete)
      flush.wrote(bytes.byteLength)
    },
    async finish () {
      const sha256 = hasher === undefined ? await hashOf(handle, size) : await hasher.finish(size)
      await flush.settled()
      await handle.close()
      await rename(part, path)
      return { bytes: size, sha256 }
    },
    async discard () {
      await hasher?.stop()
      await flush.settled().catch(() => {})
      await handle.close().catch(() => {})
      await rm(part, { force: true })
    },
  }
}

export async function writeAll (handle: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  let done = 0
  while (done < bytes.byteLength) done += (await handle.write(bytes, done, bytes.byteLength - done, offset + done)).bytesWritten
}

interface Hasher {
  /** The file is complete up to here. */
  follow (upTo: number): void
  finish (size: number): Promise<string>
  stop (): Promise<void>
}

/** A thread that waits for work: starting one takes as long as hashing half a gigabyte. */
let spare: Worker | undefined

function startThread (): Worker {
  const thread = new Worker(HASH_THREAD, { eval: true, execArgv: [] })
  thread.on('error', () => { if (spare === thread) spare = undefined })
  return thread
}

function keep (thread: Worker): void {
  thread.unref()
  spare = thread
}

/** Starts the thread before there is anything to hash, when a file of so many bytes is to be expected. */
export function expectOutput (bytes: number): void {
  if (bytes >= THREAD_FROM && spare === undefined) keep(startThread())
}

function startHasher (path: string): Hasher {
  const thread = spare ?? startThread()
  spare = undefined
  thread.ref()
  const answer = once(thread, 'message') as Promise<[string]>
  answer.catch(() => {}) // told where it is awaited
  const tell = (message: CompleteTo): void => { thread.postMessage(message) }
  return {
    follow (upTo) { tell({ path, upTo, last: false }) },
    async finish (size) {
      tell({ path, upTo: size, last: true })
      const [sha256] = await answer
      if (spare === undefined) keep(thread)
      else await thread.terminate()
      return sha256
    },
    async stop () { await thread.terminate() },
  }
}

/** One flush at a time, beside the writing. */
function flusher (handle: FileHandle): { wrote (bytes: number): void, settled (): Promise<void> } {
  let waiting = 0
  let flushing: Promise<void> | undefined
  let failed: unknown
  return {
    wrote (bytes) {
      waiting += bytes
      if (waiting < FLUSH_BYTES || flushing !== undefined) return
      waiting = 0
      flushing = handle.datasync().catch((error: unknown) => { failed = error }).finally(() => { flushing = undefined })
    },
    async settled () {
      await flushing
      if (failed !== undefined) throw failed
    },
  }
}

async function hashOf (handle: FileHandle, size: number): Promise<string> {
  const hash = createHash('sha256')
  const piece = new Uint8Array(READ_BYTES)
  for (let at = 0; at < size;) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(READ_BYTES, size - at), at)
    if (bytesRead === 0) throw new EspalierError('internal', `a file that was written ends at byte ${at}, before ${size}`)
    hash.update(piece.subarray(0, bytesRead))
    at += bytesRead
  }
  return hash.digest('hex')
}
