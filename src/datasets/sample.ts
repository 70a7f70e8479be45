/** Drawing examples at random, the same ones for the same seed. */

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

/** Numbers in [0, 1), 32 bits of state. Source: Tommy Ettinger, mulberry32 (public domain). */
function mulberry32 (seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ state >>> 15, state | 1)
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61)
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32
  }
}
