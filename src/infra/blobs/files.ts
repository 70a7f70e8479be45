/** The Blobs port on a folder: `xx/<sha256>` for complete files, `tmp/` for those still being written. */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, chmod, constants, mkdir, open, readdir, rename, rm, stat, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { EspalierError } from '../../errors.ts'
import type { Blobs } from '../../jobs/ports.ts'
import { ahead } from '../../models/ahead.ts'
import { assertWithin } from '../../models/bytes.ts'
import { isAddress, Meter, noSuchBlob, rangeWithin, verified } from './content.ts'

const READ_BYTES = 1 << 20
const READ_ONLY = 0o444

/** Files up to this size are hashed when they are taken, whatever is said of them. Larger ones would take as long as they took to be written. */
const CHECKED_UP_TO = 256 * 2 ** 20

/** Null when there is no such file or folder. */
async function orNull<T> (promise: Promise<T>): Promise<T | null> {
  return await promise.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
}

async function writeAll (file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength;) at += (await file.write(chunk, at, chunk.byteLength - at)).bytesWritten
}

async function readAll (file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, offset + at)
    if (bytesRead === 0) throw new EspalierError('internal', `a stored file ends at byte ${offset + at}, before its recorded size`)
    at += bytesRead
  }
  return bytes
}

/** Makes a rename last beyond a power cut. */
async function syncFolder (folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try { await handle.sync() } finally { await handle.close() }
}

async function * pieces (file: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; at += READ_BYTES) yield await readAll(file, at, Math.min(READ_BYTES, to - at))
}

async function measure (content: AsyncIterable<Uint8Array>): Promise<{ sha256: string, bytes: number }> {
  const meter = new Meter()
  for await (const piece of content) meter.add(piece)
  return { sha256: meter.sha256(), bytes: meter.bytes }
}

/** Blobs in `folder`, which is made when needed and must lie on one file system. Several processes may share it. */
export function createFileBlobs (folder: string): Blobs {
  const unfinished = path.join(folder, 'tmp')
  const placeOf = (sha256: string): string => path.join(folder, sha256.slice(0, 2), sha256)

  async function openFile (sha256: string): Promise<{ file: FileHandle, size: number }> {
    const file = isAddress(sha256) ? await orNull(open(placeOf(sha256), 'r')) : null
    if (file === null) throw noSuchBlob(sha256)
    return { file, size: (await file.stat()).size }
  }

  /** Makes a complete and flushed file the blob of its content. */
  async function publish (draft: string, { sha256, bytes }: { sha256: string, bytes: number }): Promise<{ sha256: string, bytes: number, created: boolean }> {
    const place = placeOf(sha256)
    const created = await orNull(stat(place)) === null
    await mkdir(path.dirname(place), { recursive: true })
    await chmod(draft, READ_ONLY)
    // Over an equal file as well: that renews its age, so that no sweep takes it before a row refers to it.
    await rename(draft, place)
    await syncFolder(path.dirname(place))
    return { sha256, bytes, created }
  }

  /** Removes the files of a folder that `drop` names and that are older than `before`. */
  async function sweepFolder (name: string, before: number, drop: (file: string) => boolean): Promise<number> {
    let removed = 0
    for (const entry of await orNull(readdir(name)) ?? []) {
      if (!drop(entry)) continue
      const place = path.join(name, entry)
      // Looked at right before it goes: writing the same content again renews the file and thereby its age.
      const found = await orNull(stat(place))
      if (found === null || found.mtimeMs > before) continue
      await rm(place, { force: true })
      removed++
    }
    return removed
  }

  return {
    async put (content, limit) {
      await mkdir(unfinished, { recursive: true })
      const draft = path.join(unfinished, randomUUID())
      const file = await open(draft, 'wx')
      try {
        const meter = new Meter(limit)
        try {
          for await (const chunk of content) {
            meter.add(chunk)
            await writeAll(file, chunk)
          }
          await file.sync()
        } finally {
          await file.close()
        }
        return await publish(draft, { sha256: meter.sha256(), bytes: meter.bytes })
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    },

    async take (given, known) {
      await mkdir(unfinished, { recursive: true })
      const draft = path.join(unfinished, randomUUID())
      try {
        await rename(given, draft)
      } catch (error) {
        // On another file system it has to be copied.
        if ((error as NodeJS.ErrnoException).code === 'EXDEV') return await this.put(createReadStream(given, { highWaterMark: READ_BYTES }))
        throw error
      }
      try {
        const file = await open(draft, 'r+')
        try {
          const { size } = await file.stat()
          // Renews its age.
          await file.utimes(new Date(), new Date())
          // It goes to the disk while it is hashed.
          const synced = file.sync()
          synced.catch(() => {})
          const found = known?.bytes === size && size > CHECKED_UP_TO && isAddress(known.sha256) ? known : await measure(ahead(pieces(file, 0, size)))
          await synced
          return await publish(draft, found)
        } finally {
          await file.close()
        }
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    },

    async open (sha256) {
      const { file, size } = await openFile(sha256)
      return {
        size,
        async read (offset, length) {
          assertWithin(size, offset, length)
          return await readAll(file, offset, length)
        },
        async close () {
          await file.close()
        },
      }
    },

    async * stream (sha256, range) {
      const { file, size } = await openFile(sha256)
      try {
        const { from, to } = rangeWithin(size, range)
        const bytes = pieces(file, from, to)
        yield * from === 0 && to === size ? verified(bytes, sha256, size) : bytes
      } finally {
        await file.close()
      }
    },

    async localPath (sha256) {
      return await this.has(sha256) ? path.resolve(placeOf(sha256)) : undefined
    },

    async has (sha256) {
      return isAddress(sha256) && await orNull(stat(placeOf(sha256))) !== null
    },

    async delete (sha256) {
      return isAddress(sha256) && await orNull(unlink(placeOf(sha256)).then(() => true)) !== null
    },

    async sweep (keep, olderThanMs) {
      const before = Date.now() - olderThanMs
      let removed = await sweepFolder(unfinished, before, () => true)
      for (const name of await orNull(readdir(folder)) ?? []) {
        if (/^[0-9a-f]{2}$/.test(name)) removed += await sweepFolder(path.join(folder, name), before, (file) => isAddress(file) && !keep.has(file))
      }
      return removed
    },

    async ping () {
      await mkdir(unfinished, { recursive: true })
      await access(unfinished, constants.W_OK)
    },

    async close () {},
  }
}
