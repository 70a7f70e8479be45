/** How large the dashboard is for who loads it: gzip, in all, and its largest file. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Sizes { readonly totalKb: number, readonly largestKb: number, readonly files: number }

/** Of scripts and styles, in units of 1000 bytes. */
export async function sizesOf (folder: string): Promise<Sizes> {
  const names = (await readdir(path.join(folder, 'assets'))).filter((name) => /\.(js|css)$/.test(name))
  const sizes = await Promise.all(names.map(async (name) => gzipSync(await readFile(path.join(folder, 'assets', name)), { level: 9 }).length / 1000))
  const rounded = (value: number): number => Number(value.toFixed(1))
  return { totalKb: rounded(sizes.reduce((sum, size) => sum + size, 0)), largestKb: rounded(Math.max(...sizes)), files: names.length }
}
