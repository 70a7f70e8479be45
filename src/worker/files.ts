/** The files of an engine child: input files as byte sources, and a folder whose files appear only when they are complete. */
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { EspalierError } from '../errors.ts'
import type { SpoolFile } from '../engine/train/open-data.ts'
import { assertWithin } from '../models/bytes.ts'
import type { OpenFile, OutputFolder } from '../methods/output-folder.ts'
import { withFiles } from './lay-out.ts'
import { createOutput, writeAll } from './output-file.ts'

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
