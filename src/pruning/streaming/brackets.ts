/** Where the k-th smallest magnitude of a pool may lie: guessed from a sample, or counted by bits. */
import { FIRST_NOT_FINITE, MAGNITUDE, type Bracket } from './elements.ts'
import { piecesOf, type StreamedTensor } from './tensor.ts'

/** All magnitudes that are finite and not zero. */
export const ALL: Bracket = { from: 1, to: FIRST_NOT_FINITE }

export interface Sampling {
  /** Runs of elements that are looked at, evenly over the pool, and elements of each. */
  readonly runs: number
  readonly length: number
  /** The bracket reaches so far below and above the sample's quantile, as a share of all. */
  readonly margin: number
}

/** Runs that are read at once. */
const AT_ONCE = 16

/** A bracket that likely holds the `count`th smallest magnitude of `total`; all tensors must have `at`. */
export async function guessed (tensors: readonly StreamedTensor[], count: number, total: number, { runs, length, margin }: Sampling): Promise<Bracket> {
  const places = placesOf(tensors, total, runs)
  const found: Int32Array[] = []
  for (let start = 0; start < places.length; start += AT_ONCE) {
    found.push(...await Promise.all(places.slice(start, start + AT_ONCE).map(async ({ tensor, first }) => {
      const raw = await tensor.at!(first, Math.min(length, tensor.weights - first))
      return tensor.elements.bitsOf(raw, first).map((bits) => bits & MAGNITUDE)
    })))
  }
  const sorted = new Int32Array(found.reduce((sum, { length }) => sum + length, 0))
  let filled = 0
  for (const run of found) {
    sorted.set(run, filled)
    filled += run.length
  }
  sorted.sort()
  const quantile = (share: number, outside: number): number => share <= 0 || share >= 1 ? outside : sorted[Math.floor(share * sorted.length)]!
  return { from: Math.max(1, quantile(count / total - margin, 1)), to: Math.min(ALL.to, quantile(count / total + margin, ALL.to) + 1) }
}

function placesOf (tensors: readonly StreamedTensor[], total: number, runs: number): Array<{ tensor: StreamedTensor, first: number }> {
  const places: Array<{ tensor: StreamedTensor, first: number }> = []
  let [index, start] = [0, 0]
  for (let run = 0; run < runs; run++) {
    const at = Math.floor((run + 0.5) * total / runs)
    while (at >= start + tensors[index]!.weights) start += tensors[index++]!.weights
    places.push({ tensor: tensors[index]!, first: at - start })
  }
  return places
}

const LOW_BITS = 15
const BINS = 1 << 16

/** The bracket of all magnitudes that have the upper 16 bits of the `count`th: one reading. */
export async function byUpperBits (tensors: readonly StreamedTensor[], count: number): Promise<Bracket> {
  const bins = new Float64Array(BINS)
  for (const tensor of tensors) {
    for await (const { piece, first } of piecesOf(tensor)) {
      const bits = tensor.elements.bitsOf(piece, first)
      for (let index = 0; index < bits.length; index++) bins[(bits[index]! & MAGNITUDE) >>> LOW_BITS]!++
    }
  }
  const { bin } = rankIn(bins, count - 1)
  return { from: Math.max(1, bin << LOW_BITS), to: Math.min(ALL.to, (bin + 1) * (1 << LOW_BITS)) }
}

/** The `count`th magnitude alone, which lies in `bracket`, of at most 32768: one reading. */
export async function byAllBits (tensors: readonly StreamedTensor[], count: number, { from, to }: Bracket): Promise<Bracket> {
  const bins = new Float64Array(to - from)
  let below = 0
  for (const tensor of tensors) {
    for await (const { piece, first } of piecesOf(tensor)) {
      const bits = tensor.elements.bitsOf(piece, first)
      for (let index = 0; index < bits.length; index++) {
        const magnitude = bits[index]! & MAGNITUDE
        if (magnitude < from) below++
        else if (magnitude < to) bins[magnitude - from]!++
      }
    }
  }
  const { bin } = rankIn(bins, count - 1 - below)
  return { from: from + bin, to: from + bin + 1 }
}

/** The bin that holds the element of this rank (from 0), and its rank within the bin. */
export function rankIn (bins: Float64Array, rank: number): { bin: number, rest: number } {
  let bin = 0
  let rest = rank
  while (rest >= bins[bin]!) rest -= bins[bin++]!
  return { bin, rest }
}
