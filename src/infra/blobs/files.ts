/** The Blobs port on a folder: `xx/<sha256>` for complete files, with their checksums in `xx/<sha256>.sums`, `tmp/` for those still being written. */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, chmod, constants, mkdir, open, readdir, rename, rm, stat, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { Blobs, Hold } from '../../jobs/ports.ts'
import { ahead } from '../../models/ahead.ts'
import { blockReader } from './block-reader.ts'
import { isAddress, Meter, noSuchBlob, rangeWithin, verified } from './content.ts'
import { orNull, piecesBetween, READ_BYTES, READ_ONLY, readUpTo, syncFolder, writeAll } from './disk.ts'
import { fileSums, SUMS } from './file-sums.ts'
import { checked, SUM_BYTES, Summer, wholePieces, type Sums } from './sums.ts'

/** Files up to this size are hashed when they are taken, whatever is said of them. Larger ones would take as long as they took to be written. */
const CHECKED_UP_TO = 256 * 2 ** 20

/** What is known of a complete file. Without `sums` they are made when they are first needed. */
interface Measured { readonly sha256: string, readonly bytes: number, readonly sums?: Sums }

async function measure (content: AsyncIterable<Uint8Array>, limit?: number, use?: (piece: Uint8Array) => Promise<void>): Promise<Measured> {
  const [meter, summer] = [new Meter(limit), new Summer()]
  for await (const piece of content) {
    meter.add(piece)
    summer.add(piece)
    await use?.(piece)
  }
  return { sha256: meter.sha256(), bytes: meter.bytes, sums: summer.sums() }
}

/** Blobs in `folder`, which is made when needed and must lie on one file system. Several processes may share it. */
export function createFileBlobs (folder: string): Blobs {
  const unfinished = path.join(folder, 'tmp')
  const placeOf = (sha256: string): string => path.join(folder, sha256.slice(0, 2), sha256)
  const sums = fileSums(placeOf, unfinished)

  async function openFile (sha256: string): Promise<{ file: FileHandle, size: number }> {
    const file = isAddress(sha256) ? await orNull(open(placeOf(sha256), 'r')) : null
    if (file === null) throw noSuchBlob(sha256)
    return { file, size: (await file.stat()).size }
  }

  /** Makes a complete and flushed file the blob of its content. */
  async function publish (draft: string, { sha256, bytes, sums: made }: Measured, hold?: Hold): Promise<{ sha256: string, bytes: number, created: boolean }> {
    await hold?.(sha256)
    const place = placeOf(sha256)
    const created = await orNull(stat(place)) === null
    await mkdir(path.dirname(place), { recursive: true })
    if (made !== undefined) await sums.save(sha256, made)
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
      await rm(`${place}${SUMS}`, { force: true })
      removed++
    }
    return removed
  }

  /** Removes sums whose blob is gone. */
  async function sweepSums (name: string, before: number): Promise<void> {
    const files = new Set(await orNull(readdir(name)) ?? [])
    await sweepFolder(name, before, (file) => file.endsWith(SUMS) && !files.has(file.slice(0, -SUMS.length)))
  }

  return {
    async put (content, limit, hold) {
      await mkdir(unfinished, { recursive: true })
      const draft = path.join(unfinished, randomUUID())
      const file = await open(draft, 'wx')
      try {
        let found: Measured
        try {
          found = await measure(content, limit, async (piece) => { await writeAll(file, piece) })
          await file.sync()
        } finally {
          await file.close()
        }
        return await publish(draft, found, hold)
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    },

    async take (given, known, hold) {
      await mkdir(unfinished, { recursive: true })
      const draft = path.join(unfinished, randomUUID())
      try {
        await rename(given, draft)
      } catch (error) {
        // On another file system it has to be copied.
        if ((error as NodeJS.ErrnoException).code === 'EXDEV') return await this.put(createReadStream(given, { highWaterMark: READ_BYTES }), undefined, hold)
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
          const found = known?.bytes === size && size > CHECKED_UP_TO && isAddress(known.sha256) ? known : await measure(ahead(piecesBetween(file, 0, size)))
          await synced
          return await publish(draft, found, hold)
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
      try {
        const read = blockReader({ sha256, sums: await sums.of(sha256, file, size), fetch: async (from, to) => await readUpTo(file, from, to), least: SUM_BYTES, most: SUM_BYTES })
        return { size, read, async close () { await file.close() } }
      } catch (error) {
        await file.close()
        throw error
      }
    },

    async * stream (sha256, range) {
      const { file, size } = await openFile(sha256)
      try {
        const { from, to } = rangeWithin(size, range)
        const all = from === 0 && to === size
        const known = all ? await sums.stored(sha256, size) : await sums.of(sha256, file, size)
        const pieces = wholePieces(size, from, to)
        const content = piecesBetween(file, pieces.from, pieces.to)
        const bytes = known === null ? content : checked(sha256, known, content, pieces.from, from, to)
        yield * all ? verified(bytes, sha256, size) : bytes
      } finally {
        await file.close()
      }
    },

    async localPath (sha256) {
      const file = isAddress(sha256) ? await orNull(open(placeOf(sha256), 'r')) : null
      if (file === null) return undefined
      try {
        await sums.check(sha256, file)
        return path.resolve(placeOf(sha256))
      } finally {
        await file.close()
      }
    },

    async has (sha256) {
      return isAddress(sha256) && await orNull(stat(placeOf(sha256))) !== null
    },

    async delete (sha256) {
      if (!isAddress(sha256) || await orNull(unlink(placeOf(sha256)).then(() => true)) === null) return false
      await rm(sums.placeOf(sha256), { force: true })
      return true
    },

    async sweep (keep, olderThanMs) {
      const before = Date.now() - olderThanMs
      let removed = await sweepFolder(unfinished, before, () => true)
      for (const name of await orNull(readdir(folder)) ?? []) {
        if (!/^[0-9a-f]{2}$/.test(name)) continue
        removed += await sweepFolder(path.join(folder, name), before, (file) => isAddress(file) && !keep.has(file))
        await sweepSums(path.join(folder, name), before)
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
