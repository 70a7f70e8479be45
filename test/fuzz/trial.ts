/** One input for one parser: read it, and again with checksums put right where the first reading ends at one. */
import { outcomeOf, type Outcome } from './read-whole.ts'
import type { Target } from './targets.ts'

/** Checksums in checksums: a header, a tree, its nodes. */
const MAX_REPAIRS = 12

/** What became of an input. Throws what no parser may throw. `begin` is told the bytes before each reading. */
export async function tryInput (target: Target, bytes: Uint8Array, begin: (bytes: Uint8Array) => void): Promise<{ bytes: Uint8Array, outcome: Outcome, text: string }> {
  for (let repairs = 0, now = bytes; ; repairs++) {
    begin(now)
    const { outcome, text, error } = await outcomeOf(target.read, now)
    const repaired = error === undefined || repairs === MAX_REPAIRS ? undefined : target.repair?.(now, error)
    if (repaired === undefined) return { bytes: now, outcome, text }
    now = repaired
  }
}
