/** How many of any number of elements fall into each bin, counted in tables of 32 bits. */

/** Counters are added up before so many elements could overflow one. */
const COUNTED_AT_ONCE = 2 ** 31 - 1

export interface Tally {
  /**
   * Tables that are to be taken in turn by the next `elements`, at most 2^31 - 1: an increment need not wait for the one before it, which is mostly in
   * the same few bins.
   */
  room (elements: number): readonly [Int32Array, Int32Array, Int32Array, Int32Array]
  /** All that was counted so far, bin by bin. */
  totals (): Float64Array
}

export function createTally (bins: number): Tally {
  const totals = new Float64Array(bins)
  const tables = [new Int32Array(bins), new Int32Array(bins), new Int32Array(bins), new Int32Array(bins)] as const
  let counted = 0
  const addUp = () => {
    if (counted === 0) return
    for (const table of tables) {
      for (let bin = 0; bin < bins; bin++) totals[bin]! += table[bin]!
      table.fill(0)
    }
    counted = 0
  }
  return {
    room (elements) {
      if (counted + elements > COUNTED_AT_ONCE) addUp()
      counted += elements
      return tables
    },
    totals () {
      addUp()
      return totals
    },
  }
}
