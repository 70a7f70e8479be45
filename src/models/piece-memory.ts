/** Memory for the pieces of files, used again and again: all in one WebAssembly memory, so that loops in WebAssembly find pieces where they lie. */

/** Pieces of at most so many bytes lie in it. */
const PIECE_BYTES = 4 * 2 ** 20

/** Two streams, as comparing two files needs them, and one besides. */
const PIECES = 18

/** From the front, for those who work on pieces. */
export const WORK_BYTES = 2 ** 20

const PAGE = 2 ** 16

/** Pieces that are good at once: one being used, two that came before it, and those on their way. */
const GOOD = 6

interface Memory { readonly all: WebAssembly.Memory, readonly free: Uint8Array[] }

let opened: Memory | undefined
function open (): Memory {
  // What was never touched takes no memory. Loops may read a few bytes after the last piece.
  const all = new WebAssembly.Memory({ initial: (WORK_BYTES + PIECES * PIECE_BYTES) / PAGE + 1 })
  return { all, free: Array.from({ length: PIECES }, (_, index) => new Uint8Array(all.buffer, WORK_BYTES + index * PIECE_BYTES, PIECE_BYTES)) }
}

/** The memory; its first WORK_BYTES are no pieces. It never grows. */
export function pieceMemory (): WebAssembly.Memory {
  return (opened ??= open()).all
}

/** Memory for the pieces of files that are read one after the other. */
export interface Ring {
  /** Room for `length` bytes, good until five more pieces were asked for. */
  next (length: number): Uint8Array
  /** Nothing is read into the pieces and none is used any more. */
  close (): void
}

/** Where no more fit into the common memory, pieces of their own are made. */
export function openRing (): Ring {
  const { free } = opened ??= open()
  const taken: Uint8Array[] = []
  const pieces: Uint8Array[] = []
  let turn = 0
  const make = (length: number): Uint8Array => {
    const piece = length <= PIECE_BYTES ? free.pop() : undefined
    if (piece === undefined) return new Uint8Array(length)
    taken.push(piece)
    return piece
  }
  return {
    next (length) {
      const at = turn++ % GOOD
      if ((pieces[at]?.length ?? -1) < length) pieces[at] = make(length)
      return pieces[at]!.subarray(0, length)
    },
    close () {
      free.push(...taken.splice(0))
      pieces.length = 0
    },
  }
}

/** A ring that is closed when `use` has ended. */
export async function withRing<T> (use: (ring: Ring) => Promise<T>): Promise<T> {
  const ring = openRing()
  try {
    return await use(ring)
  } finally {
    ring.close()
  }
}
