/** Damage to files on the disk, as bad memory or a bad disk does it. */
import { chmod, open } from 'node:fs/promises'

/** Changes the lowest bit of byte `at` of a file, which may be read-only. */
export async function flipBit (place: string, at: number): Promise<void> {
  await chmod(place, 0o644)
  const file = await open(place, 'r+')
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
    await file.write(Buffer.from([buffer[0]! ^ 1]), 0, 1, at)
  } finally {
    await file.close()
  }
}
