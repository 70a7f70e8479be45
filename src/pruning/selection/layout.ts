/** What the kernels share with their caller: how many elements a turn of a loop takes, and where things lie in the memory, in bytes. */

/** Elements of a turn. */
export const TURN = 16
export const VECTOR_BYTES = 16
/** Bytes of a turn of float32 numbers: four vectors. */
export const TURN_BYTES = 4 * TURN
/** Float32 numbers that are moved into the first cache at once, a multiple of `TURN`. */
export const PIECE = 1 << 12
export const PIECE_BYTES = 4 * PIECE
/** Bytes that are looked at before what is inside is collected, where they lie in the memory: a multiple of a turn's, and few enough elements for counters of 16 bits. */
export const STRETCH_BYTES = 1 << 17
const STRETCH = STRETCH_BYTES / 2
/** As many as the first cache holds beside a piece. */
export const BIN_BITS = 11
export const BINS = 1 << BIN_BITS

const SCORES = 512
const BIN_WORDS = SCORES + PIECE_BYTES
const TURNS = BIN_WORDS + 4 * BINS
const SECOND = TURNS + 4 * STRETCH / TURN
const FULL = SECOND + 3 * PIECE_BYTES

export const LAYOUT = {
  /** Vectors of counts, by lanes. */
  results: 0,
  /** Of each of 16 lanes, the place of its element in the turn: of lanes in their order, then of upper halves. */
  places: 64,
  /** All ones in the lanes of a set of four, for each set by its bitmask. */
  lanes: 128,
  /** A piece, at a multiple of the bytes of a turn. */
  scores: SCORES,
  /** Counts, a word for each of `BINS`. */
  bins: BIN_WORDS,
  /** The turns of a piece or a stretch that hold something. */
  turns: TURNS,
  /** Values of the piece, or what is collected, a word each, and an element that is written after it. */
  second: SECOND,
  /** From here on what is collected is taken away: there is room for one stretch more. */
  full: FULL,
  bytes: FULL + 4 * STRETCH + VECTOR_BYTES,
} as const
