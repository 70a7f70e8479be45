/** How many float32 numbers a vector of this machine's processor holds: kernels of convolutions take channels in blocks of as many. */
import { readFile } from 'node:fs/promises'

/** 16 with AVX-512, 8 with AVX2; undefined for other processors and where the system does not tell. */
export async function vectorLanes (): Promise<8 | 16 | undefined> {
  // Only Linux has the file.
  return lanesOf(await readFile('/proc/cpuinfo', 'utf8').catch(() => ''))
}

/** From the text of /proc/cpuinfo. */
export function lanesOf (text: string): 8 | 16 | undefined {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/))
  if (flags.has('avx512f')) return 16
  return flags.has('avx2') ? 8 : undefined
}
