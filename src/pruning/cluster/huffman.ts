/** Canonical Huffman codes: frequent symbols get short words, and the lengths of the words alone tell the whole code. */
import { EspalierError } from '../../errors.ts'

/** A word fits an unsigned 32 bit number. */
const MAX_LENGTH = 31

/** How often each of `size` symbols comes. */
export function countSymbols (symbols: ArrayLike<number>, size: number): Float64Array {
  const counts = new Float64Array(size)
  for (let at = 0; at < symbols.length; at++) counts[symbols[at]!]!++
  return counts
}

/** Bits of the word of each symbol; 0 for symbols that do not come, 1 for the only one there is. Source: Huffman 1952. */
export function codeLengths (counts: Float64Array): Uint8Array {
  const present = Array.from(counts.keys()).filter((symbol) => counts[symbol]! > 0)
  if (present.length === 1) return Uint8Array.from(counts, (count) => count > 0 ? 1 : 0)
  const lengths = new Uint8Array(counts.length)
  for (let weights = counts; ; weights = weights.map((count) => Math.ceil(count / 2))) {
    const depths = depthsOf(present.map((symbol) => weights[symbol]!))
    present.forEach((symbol, place) => { lengths[symbol] = depths[place]! })
    // Counts like those of Fibonacci make words as long as there are symbols: nearer counts make shorter ones.
    if (depths.every((depth) => depth <= MAX_LENGTH)) return lengths
  }
}

/** Two queues, leaves and joints, both ascending: the two least are at their heads. */
function depthsOf (weights: readonly number[]): number[] {
  const leaves = Array.from(weights.keys()).sort((a, b) => weights[a]! - weights[b]! || a - b)
  const joints: Array<{ readonly weight: number, readonly parts: readonly [number, number] }> = []
  let [leaf, joint] = [0, 0]
  // Leaves are counted from 0, joints from the number of leaves.
  const take = (): number => {
    const takesLeaf = leaf < leaves.length && (joint >= joints.length || weights[leaves[leaf]!]! <= joints[joint]!.weight)
    return takesLeaf ? leaves[leaf++]! : leaves.length + joint++
  }
  const weightOf = (node: number): number => node < leaves.length ? weights[node]! : joints[node - leaves.length]!.weight
  while (joints.length < leaves.length - 1) {
    const parts = [take(), take()] as const
    joints.push({ weight: weightOf(parts[0]) + weightOf(parts[1]), parts })
  }
  const depths = new Array<number>(leaves.length + joints.length).fill(0)
  for (let at = joints.length - 1; at >= 0; at--) for (const part of joints[at]!.parts) depths[part] = depths[leaves.length + at]! + 1
  return depths.slice(0, leaves.length)
}

/** Bits that so many of each symbol take. */
export function codedBits (counts: Float64Array, lengths: Uint8Array): number {
  return counts.reduce((bits, count, symbol) => bits + count * lengths[symbol]!, 0)
}

/** The words of all symbols one behind the other, the first bit highest; the last byte is filled with 0. */
export function encodeSymbols (symbols: ArrayLike<number>, lengths: Uint8Array): Uint8Array {
  const words = wordsOf(lengths)
  const bytes = new Uint8Array(Math.ceil(codedBits(countSymbols(symbols, lengths.length), lengths) / 8))
  let bit = 0
  for (let at = 0; at < symbols.length; at++) {
    const [word, length] = [words[symbols[at]!]!, lengths[symbols[at]!]!]
    for (let left = length - 1; left >= 0; left--, bit++) if ((word >>> left & 1) === 1) bytes[bit >> 3]! |= 0x80 >> (bit & 7)
  }
  return bytes
}

/**
 * The first `count` symbols. Throws `verification-failed` for lengths that are no code, for words that none has, and for bytes that end too soon or too late.
 * Source: Connell 1973, canonical codes: the words of one length follow each other.
 */
export function decodeSymbols (bytes: Uint8Array, lengths: Uint8Array, count: number): Uint16Array {
  const { first, from, symbols } = tableOf(lengths)
  if (count > bytes.length * 8) throw damaged(`${count} symbols do not fit into ${bytes.length} bytes`)
  const decoded = new Uint16Array(count)
  let bit = 0
  for (let at = 0; at < count; at++) {
    let [word, length] = [0, 0]
    do {
      if (bit >= bytes.length * 8) throw damaged(`the words end at symbol ${at} of ${count}`)
      word = word * 2 + (bytes[bit >> 3]! >> (7 - (bit & 7)) & 1)
      bit++
      if (++length > MAX_LENGTH) throw damaged(`symbol ${at} has a word that is not in the code`)
    } while (word - first[length]! >= from[length + 1]! - from[length]!)
    decoded[at] = symbols[from[length]! + word - first[length]!]!
  }
  if (Math.ceil(bit / 8) !== bytes.length) throw damaged(`${bytes.length - Math.ceil(bit / 8)} bytes are left behind the last symbol`)
  return decoded
}

function wordsOf (lengths: Uint8Array): Uint32Array {
  const { first, from, symbols } = tableOf(lengths)
  const words = new Uint32Array(lengths.length)
  symbols.forEach((symbol, place) => { words[symbol] = first[lengths[symbol]!]! + place - from[lengths[symbol]!]! })
  return words
}

interface Table {
  /** By length: its first word, and where in `symbols` its own begin. */
  readonly first: Float64Array
  readonly from: Int32Array
  /** By length, then by number. */
  readonly symbols: readonly number[]
}

function tableOf (lengths: Uint8Array): Table {
  const symbols = Array.from(lengths.keys()).filter((symbol) => lengths[symbol]! > 0).sort((a, b) => lengths[a]! - lengths[b]! || a - b)
  const [first, from] = [new Float64Array(MAX_LENGTH + 2), new Int32Array(MAX_LENGTH + 3)]
  for (let length = 1, at = 0; length <= MAX_LENGTH + 1; length++) {
    from[length] = at
    while (at < symbols.length && lengths[symbols[at]!] === length) at++
    from[length + 1] = at
    first[length] = (first[length - 1]! + (length === 1 ? 0 : from[length]! - from[length - 1]!)) * (length === 1 ? 0 : 2)
    if (first[length]! + at - from[length]! > 2 ** length) throw damaged('the lengths of the words are those of no code')
  }
  if (from[MAX_LENGTH + 1] !== symbols.length) throw damaged(`a word is longer than ${MAX_LENGTH} bits`)
  return { first, from, symbols }
}

function damaged (what: string): EspalierError {
  return new EspalierError('verification-failed', `Huffman code: ${what}`)
}
