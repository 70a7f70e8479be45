/** What the kernels share with their caller: how many elements a turn of a loop takes, and where things lie in the memory, in bytes. */

/** Elements of a turn: four vectors of four. */
export const TURN = 16
export const VECTOR_BYTES = 16
export const TURN_BYTES = 4 * TURN
/** A multiple of `TURN`, and few enough for counters of 16 bits. */
export const PIECE = 1 << 12
const PIECE_BYTES = 4 * PIECE
/** As many as the first cache holds beside a piece. */
export const BIN_BITS = 11
export const BINS = 1 << BIN_BITS

const SECOND = 512 + PIECE_BYTES + 4 * PIECE / TURN
const BIN_WORDS = SECOND + 4 * PIECE_BYTES + VECTOR_BYTES

export const LAYOUT = {
  /** Vectors of counts, by lanes. */
  results: 0,
  /** Of each of 16 lanes, the place of its element in the turn: of lanes of 32 bits, then of 16. */
  places: 64,
  /** All ones in the lanes of a set of four, for each set by its bitmask. */
  lanes: 128,
  /** A piece, at a multiple of the bytes of a turn. */
  scores: 512,
  /** The turns of a piece that hold something. */
  turns: 512 + PIECE_BYTES,
  /** Values of the piece, or what is collected of several, and an element that is written after it. */
  second: SECOND,
  /** From here on there is no room to collect another piece. */
  full: SECOND + 3 * PIECE_BYTES,
  /** Counts, a word for each of `BINS`. */
  bins: BIN_WORDS,
  bytes: BIN_WORDS + 4 * BINS,
} as const
