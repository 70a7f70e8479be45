/** A small disk of its own for the service, so that it can be filled: a file system in memory, which only root may mount. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, statfsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface SmallDisk {
  readonly folder: string
  /** Writes until nothing fits any more. Gives the bytes that it took. */
  fill (): Promise<number>
  /** Gives them back. */
  free (): void
  unmount (): void
}

const PIECE = Buffer.alloc(1 << 20)

/** Null where mounting is not allowed. */
export function mountSmallDisk (megabytes: number): SmallDisk | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'espalier-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0711`, 'espalier-storm', folder], { stdio: 'ignore' })
  } catch {
    rmdirSync(folder)
    return null
  }
  const filler = path.join(folder, 'filler')
  return {
    folder,
    async fill () {
      const file = await open(filler, 'w')
      let bytes = 0
      try {
        for (;;) {
          // The last piece is smaller than what is left: it is cut until not a block fits.
          const { bavail, bsize } = statfsSync(folder)
          const room = Math.min(PIECE.byteLength, bavail * bsize)
          if (room === 0) break
          bytes += (await file.write(PIECE, 0, room)).bytesWritten
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        await file.close()
      }
      return bytes
    },
    free () { rmSync(filler, { force: true }) },
    unmount () {
      execFileSync('umount', ['-l', folder])
      rmdirSync(folder)
    },
  }
}
