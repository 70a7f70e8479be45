/** The files of an engine child: input files as byte sources, and a folder whose files appear only when they are complete. */
import { createHash } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { EspalierError } from '../errors.ts'
import type { SpoolFile } from '../engine/train/open-data.ts'
import { assertWithin } from '../models/bytes.ts'
import type { OpenFile, OutputFile, OutputFolder } from '../methods/output-folder.ts'
import { withFiles } from './lay-out.ts'

const READ_BYTES = 1 << 20

/** Opens a file for random reads; `close` must be called. Throws `not-found` when there is none. */
export async function openFile (path: string): Promise<OpenFile> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (cause) {
    throw new EspalierError('not-found', `the file ${path} cannot be opened`, {}, { cause })
  }
  const { size } = await handle.stat()
  return {
    size,
    async read (offset, length) {
      assertWithin(size, offset, length)
      const bytes = new Uint8Array(length)
      let done = 0
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
        if (bytesRead === 0) throw new EspalierError('invalid-model', `the file ${path} became shorter while it was read`, { offset, length, size })
        done += bytesRead
      }
      return bytes
    },
    close: async () => { await handle.close() },
  }
}

/** Outputs are written as `<name>.part` and renamed when they are complete. Whoever stores them for good flushes them to the disk. */
export function folderOnDisk (folder: string): OutputFolder {
  return {
    create: async (name) => await createOutput(join(folder, name)),
    open: async (name) => await openFile(join(folder, name)),
    withFiles: async (files, use) => await withFiles(folder, files, use),
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

async function createOutput (path: string): Promise<OutputFile> {
  const part = `${path}.part`
  const handle = await open(part, 'wx+')
  return {
    async write (offset, bytes) { await writeAll(handle, offset, bytes) },
    async finish () {
      const hash = createHash('sha256')
      let bytes = 0
      for await (const piece of handle.createReadStream({ start: 0, highWaterMark: READ_BYTES })) {
        hash.update(piece as Uint8Array)
        bytes += (piece as Uint8Array).byteLength
      }
      await rename(part, path)
      return { bytes, sha256: hash.digest('hex') }
    },
    async discard () {
      await handle.close().catch(() => {})
      await rm(part, { force: true })
    },
  }
}
