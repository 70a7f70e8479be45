/** The checksums of blobs in a folder: a file beside each blob, made when it is put, or when it is first needed. */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { ahead } from '../../models/ahead.ts'
import { orNull, piecesBetween, READ_ONLY } from './disk.ts'
import { checked, decodeSums, encodeSums, sumsOf, type Sums } from './sums.ts'

/** What the name of a blob's sums ends with. */
export const SUMS = '.sums'

export interface FileSums {
  placeOf (sha256: string): string
  save (sha256: string, sums: Sums): Promise<void>
  /** Null for a blob of an earlier version, or one that was taken on its word. */
  stored (sha256: string, size: number): Promise<Sums | null>
  /** Reads and checks all of the file when it has no sums yet. @throws `blob-damaged` */
  of (sha256: string, file: FileHandle, size: number): Promise<Sums>
  /** Reads and checks all of the file. @throws `blob-damaged` */
  check (sha256: string, file: FileHandle): Promise<void>
}

/** The blobs lie at `placeOf`; what is being written lies in the folder `unfinished`, on the same file system. */
export function fileSums (placeOf: (sha256: string) => string, unfinished: string): FileSums {
  return {
    placeOf: (sha256) => `${placeOf(sha256)}${SUMS}`,

    // Not flushed to the disk: sums that a power cut spoils are made anew.
    async save (sha256, sums) {
      await mkdir(unfinished, { recursive: true })
      const draft = path.join(unfinished, randomUUID())
      await writeFile(draft, encodeSums(sums), { mode: READ_ONLY })
      await rename(draft, this.placeOf(sha256))
    },

    async stored (sha256, size) {
      return decodeSums(await orNull(readFile(this.placeOf(sha256))), size)
    },

    async of (sha256, file, size) {
      const stored = await this.stored(sha256, size)
      if (stored !== null) return stored
      const sums = await sumsOf(sha256, size, ahead(piecesBetween(file, 0, size)))
      // A folder that may not be written to is no reason not to read it.
      await this.save(sha256, sums).catch(() => {})
      return sums
    },

    async check (sha256, file) {
      const { size } = await file.stat()
      const stored = await this.stored(sha256, size)
      if (stored === null) {
        await this.of(sha256, file, size)
        return
      }
      const content = checked(sha256, stored, ahead(piecesBetween(file, 0, size)), 0, 0, size)
      while ((await content.next()).done !== true);
    },
  }
}
