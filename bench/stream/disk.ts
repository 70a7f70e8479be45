/** The disk's side: the file, room for it, and what a plain copy takes. */
import { execFile } from 'node:child_process'
import { open, rm, statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { writeLarge, type Tensors } from '../../test/support/large-safetensors.ts'

const run = promisify(execFile)

/** Columns of every tensor. */
const WIDTH = 8192

/** A model of about `gb` GB: a quarter of it one float32 tensor, an eighth each bfloat16 and float16, the rest float32 tensors of at most 256 MB, with biases. */
export function tensorsOf (gb: number): Tensors {
  const bytes = gb * 1e9
  const rows = (share: number, size: number): number => Math.max(1, Math.floor(share * bytes / size / WIDTH))
  const rest = Math.max(1, Math.ceil(bytes / 2 / 256e6))
  return {
    'model.embed.weight': ['F32', [rows(0.25, 4), WIDTH]],
    'model.half.weight': ['F16', [rows(0.125, 2), WIDTH]],
    'model.brain.weight': ['BF16', [rows(0.125, 2), WIDTH]],
    ...Object.fromEntries(Array.from({ length: rest }, (_, index) => [
      [`model.layers.${index}.fc.weight`, ['F32', [rows(0.5 / rest, 4), WIDTH]]],
      [`model.layers.${index}.fc.bias`, ['F32', [WIDTH]]],
    ] as const).flat()) as Tensors,
  }
}

export async function makeFile (place: string, gb: number): Promise<number> {
  return await writeLarge(place, tensorsOf(gb))
}

/** Throws when fewer than `bytes` are free where `folder` lies. */
export async function assertRoom (folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes) throw new Error(`${folder} has ${(bavail * bsize / 1e9).toFixed(1)} GB free, ${(bytes / 1e9).toFixed(1)} are needed; name another folder with --folder`)
}

/** Drops what the system holds of a file in memory, as far as it lets an ordinary user. */
export async function forget (place: string): Promise<void> {
  await run('dd', [`if=${place}`, 'iflag=nocache', 'count=0', 'status=none'])
}

/** Seconds of `cp` and an fsync of the copy, which is removed. */
export async function copySeconds (from: string, to: string): Promise<number> {
  const begin = performance.now()
  await run('cp', [from, to])
  const file = await open(to, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  const seconds = (performance.now() - begin) / 1000
  await rm(to)
  return seconds
}
