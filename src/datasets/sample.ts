/** Drawing examples at random, the same ones for the same seed. */
import { mulberry32 } from './random.ts'

/** `count` of the numbers 0 .. total - 1, ascending, every choice equally likely. Source: Knuth, TAOCP 2, algorithm 3.4.2 S (selection sampling). */
export function sampleOf (total: number, count: number, seed: number): Uint32Array {
  const random = mulberry32(seed)
  const rows = new Uint32Array(count)
  let chosen = 0
  for (let row = 0; chosen < count; row++) {
    if (random() * (total - row) < count - chosen) rows[chosen++] = row
  }
  return rows
}
