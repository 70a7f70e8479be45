/** What was made of a tensor, known by its check sums, so that what is read back can be compared with it while nothing is made again. */
import { EspalierError } from '../../errors.ts'
import type { MadeCheck } from '../../models/model.ts'
import { addSums, SUM_WORDS, SUMMED_BYTES } from '../selection/check-sums.ts'
import type { Elements } from './elements.ts'

/** No magnitudes: all that is counted are zeros. */
const NOTHING = { from: 1, to: 1 }

export interface Made {
  /** These elements were made, those from number `first` on. */
  note (first: number, raw: Uint8Array): void
  /** Null unless all elements were noted, from front to back, the last time that the first was. */
  check (): MadeCheck | null
}

interface Wanted {
  readonly name: string
  readonly weights: number
  /** Bytes of an element. */
  readonly size: number
  /** There must be so many, whatever was made; of them only those of `elements` can be counted. */
  readonly zeros: number
  readonly elements: Elements | undefined
}

export function createMade ({ name, weights, size, zeros, elements }: Wanted): Made {
  let sums = createSums()
  let next = 0
  return {
    note (first, raw) {
      if (first === 0) [sums, next] = [createSums(), 0]
      if (first !== next) {
        next = Infinity
        return
      }
      sums.add(raw)
      next += raw.length / size
    },
    check () {
      if (next !== weights) return null
      const wanted = sums.words()
      const found = createSums()
      const counter = elements?.counter(NOTHING, { left: 0, apart: 0 })
      let first = 0
      return {
        add (raw) {
          found.add(raw)
          counter?.add(raw, first)
          first += raw.length / size
        },
        isSame () {
          const words = found.words()
          if (!wanted.every((word, index) => word === words[index])) return false
          const counted = counter?.tally().zeros ?? zeros
          if (counted === zeros) return true
          throw new EspalierError('verification-failed', `the weights ${name} were read back with ${counted} zeros, ${zeros} were to be written`, { tensor: name })
        },
      }
    },
  }
}

interface Sums { add (raw: Uint8Array): void, words (): number[] }

/** Sums over bytes that come in pieces of any length. */
function createSums (): Sums {
  const sums = new Int32Array(SUM_WORDS)
  const waiting = new Uint8Array(SUMMED_BYTES)
  let [held, bytes] = [0, 0]
  return {
    add (raw) {
      bytes += raw.length
      let at = 0
      if (held > 0) {
        at = Math.min(SUMMED_BYTES - held, raw.length)
        waiting.set(raw.subarray(0, at), held)
        held += at
        if (held < SUMMED_BYTES) return
        addSums(sums, waiting)
        held = 0
      }
      const whole = raw.length - (raw.length - at) % SUMMED_BYTES
      addSums(sums, raw.subarray(at, whole))
      waiting.set(raw.subarray(whole))
      held = raw.length - whole
    },
    words () {
      const all = sums.slice()
      addSums(all, waiting.slice().fill(0, held))
      return [bytes, ...all]
    },
  }
}
