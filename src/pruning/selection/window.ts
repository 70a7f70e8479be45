/** The memory that the kernels work on: a small window that stays in the processor's first cache, and behind it the pieces of files. */
import { EspalierError } from '../../errors.ts'
import { pieceMemory, WORK_BYTES } from '../../models/piece-memory.ts'
import { kernelsOn } from './kernels.ts'
import { LAYOUT, PIECE, VECTOR_BYTES } from './layout.ts'

let opened: ReturnType<typeof open> | undefined
function open () {
  if (LAYOUT.bytes > WORK_BYTES) throw new EspalierError('internal', `the loops need ${LAYOUT.bytes} bytes, there are ${WORK_BYTES}`)
  const memory = pieceMemory()
  const words = new Int32Array(memory.buffer)
  const pieceAt = (address: number) => words.subarray(address / 4, address / 4 + PIECE)
  return {
    kernels: kernelsOn(memory),
    /** The whole memory. */
    buffer: memory.buffer, words, halves: new Uint16Array(memory.buffer), bytes: new Uint8Array(memory.buffer),
    /** The piece of scores, and that of values. */
    first: pieceAt(LAYOUT.scores), second: pieceAt(LAYOUT.second),
  }
}

export function window (): ReturnType<typeof open> {
  opened ??= open()
  return opened
}

/** Of a kernel's results, the sum over the lanes of one vector. */
export function sumOf (words: Int32Array, vector: number): number {
  const at = (LAYOUT.results + VECTOR_BYTES * vector) / 4
  return words[at]! + words[at + 1]! + words[at + 2]! + words[at + 3]!
}
