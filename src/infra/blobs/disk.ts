/** Small steps on files: whole reads and writes, what is not there, and what lasts beyond a power cut. */
import { open, type FileHandle } from 'node:fs/promises'

export const READ_BYTES = 1 << 20
export const READ_ONLY = 0o444

/** Null when there is no such file or folder. */
export async function orNull<T> (promise: Promise<T>): Promise<T | null> {
  return await promise.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
}

export async function writeAll (file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength;) at += (await file.write(chunk, at, chunk.byteLength - at)).bytesWritten
}

/** Bytes [from, to); fewer where the file ends before. */
export async function readUpTo (file: FileHandle, from: number, to: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(to - from)
  let at = 0
  while (at < bytes.byteLength) {
    const { bytesRead } = await file.read(bytes, at, bytes.byteLength - at, from + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return at === bytes.byteLength ? bytes : bytes.subarray(0, at)
}

/** Bytes [from, to) in order; fewer where the file ends before. */
export async function * piecesBetween (file: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; at += READ_BYTES) yield await readUpTo(file, at, Math.min(at + READ_BYTES, to))
}

/** Makes a rename last beyond a power cut. */
export async function syncFolder (folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try { await handle.sync() } finally { await handle.close() }
}
