/** Random numbers that follow from a seed and a step alone, so that a run which goes on draws the same ones. */

/** In [0, 1): the same for the same seed, step and stream. Source: the finalizer of MurmurHash3, of 32 bits. */
export function uniformAt (seed: number, step: number, stream = 0): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(step + 1, 0xc2b2ae35) ^ Math.imul(stream + 1, 0x27d4eb2f)
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b)
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35)
  return ((hash ^ hash >>> 16) >>> 0) / 2 ** 32
}
