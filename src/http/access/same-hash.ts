/** Compares hashes in a time that does not tell where they differ. */
import { timingSafeEqual } from 'node:crypto'

/** Both in hex. */
export function sameHash (a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')]
  return x.length === y.length && timingSafeEqual(x, y)
}
