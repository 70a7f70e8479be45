/** Random choices out of one seed, so that a run can be repeated. */

export class Random {
  #state: number

  constructor (seed: number) {
    this.#state = seed | 0
  }

  /** 32 bits (mulberry32). */
  bits (): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }

  /** A whole number from 0 to `limit` - 1. */
  below (limit: number): number {
    return Math.floor(this.bits() / 2 ** 32 * limit)
  }

  chance (share: number): boolean {
    return this.bits() < share * 2 ** 32
  }

  pick<T> (list: readonly T[]): T {
    return list[this.below(list.length)]!
  }
}
