/** The files of an engine child: input files as byte sources, and a folder whose files appear only when they are complete. */
import { createHash } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { EspalierError } from '../errors.ts'
import type { SpoolFile } from '../engine/train/open-data.ts'
import { assertWithin } from '../models/bytes.ts'
import type { OpenFile, OutputFile, OutputFolder } from '../methods/output-folder.ts'

const READ_BYTES = 1 << 20

/** Written bytes that begin to go to the disk while more are made, so that whoever flushes the file at the end need not wait for all of them. */
const FLUSH_BYTES = 64 * 2 ** 20

/** Opens a file for random reads; `close` must be called. Throws `not-found` when there is none. */
export async function openFile (path: string): Promise<OpenFile> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (cause) {
    throw new EspalierError('not-found', `the file ${path} cannot be opened`, {}, { cause })
  }
  const { size } = await handle.stat()
  const fill = async (offset: number, target: Uint8Array): Promise<void> => {
    for (let done = 0; done < target.length;) {
      const { bytesRead } = await handle.read(target, done, target.length - done, offset + done)
      if (bytesRead === 0) throw new EspalierError('invalid-model', `the file ${path} became shorter while it was read`, { offset, length: target.length, size })
      done += bytesRead
    }
  }
  return {
    size,
    owned: true,
    async read (offset, length) {
      assertWithin(size, offset, length)
      const bytes = new Uint8Array(length)
      await fill(offset, bytes)
      return bytes
    },
    async readInto (offset, target) {
      assertWithin(size, offset, target.length)
      await fill(offset, target)
    },
    close: async () => { await handle.close() },
  }
}

/** Outputs are written as `<name>.part` and renamed when they are complete. Whoever stores them for good flushes them to the disk. */
export function folderOnDisk (folder: string): OutputFolder {
  return {
    create: async (name) => await createOutput(join(folder, name)),
    open: async (name) => await openFile(join(folder, name)),
  }
}

/** A file for what does not fit into memory, in a folder that is removed with the attempt; `close` must be called. */
export async function createSpoolFile (path: string): Promise<SpoolFile & { close (): Promise<void> }> {
  const handle = await open(path, 'wx+')
  return {
    async write (offset, bytes) { await writeAll(handle, offset, bytes) },
    async read (offset, length) {
      const bytes = new Uint8Array(length)
      const { bytesRead } = await handle.read(bytes, 0, length, offset)
      return bytes.subarray(0, bytesRead)
    },
    close: async () => { await handle.close() },
  }
}

async function writeAll (handle: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  let done = 0
  while (done < bytes.byteLength) done += (await handle.write(bytes, done, bytes.byteLength - done, offset + done)).bytesWritten
}

/** Hashed while it is written, as long as it is written from front to back; else it is read once more. */
async function createOutput (path: string): Promise<OutputFile> {
  const part = `${path}.part`
  const handle = await open(part, 'wx+')
  const flush = flusher(handle)
  const hash = createHash('sha256')
  let [hashed, size] = [0, 0]
  return {
    async write (offset, bytes) {
      const writing = writeAll(handle, offset, bytes)
      size = Math.max(size, offset + bytes.byteLength)
      if (offset === hashed) {
        hash.update(bytes)
        hashed += bytes.byteLength
      }
      await writing
      flush.wrote(bytes.byteLength)
    },
    async finish () {
      const sha256 = hashed === size ? hash.digest('hex') : await hashOf(handle, size)
      await flush.settled()
      await handle.close()
      await rename(part, path)
      return { bytes: size, sha256 }
    },
    async discard () {
      await flush.settled().catch(() => {})
      await handle.close().catch(() => {})
      await rm(part, { force: true })
    },
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
