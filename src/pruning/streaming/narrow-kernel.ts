/** The cut of 16-bit elements in WebAssembly SIMD, eight at a time, through a window of memory that stays in the processor's cache. */
import { assemble, doWhile, func, i32, sequence, set, v128, value, type Code, type Operand } from '../selection/assembler.ts'

/** Magnitudes are what is left without the sign. */
const MASK = 0x7fff
const VECTOR_BYTES = 16
const WINDOW_BYTES = 1 << 17

/** Numbers after the opcodes as in the assembler. */
const i16x8 = {
  splat: (a: Operand): Code => [...value(a), 0xfd, 0x10],
  gt: (a: Operand, b: Operand): Code => [...value(a), ...value(b), 0xfd, 0x31],
} as const

/** Elements from address 0 up to `to`. */
const cut = func({
  params: ['to', 'limit'],
  ints: ['at'],
  vectors: ['limits', 'magnitudes', 'x'],
  body: (v) => sequence(
    set(v.limits, i16x8.splat(v.limit)),
    set(v.magnitudes, i16x8.splat(MASK)),
    doWhile(i32.ltU(v.at, v.to),
      set(v.x, v128.load(v.at)),
      v128.store(v.at, v128.andnot(v.x, i16x8.gt(v.limits, v128.and(v.x, v.magnitudes)))),
      set(v.at, i32.add(v.at, VECTOR_BYTES))
    ),
    value(v.at)
  ),
})

let opened: ReturnType<typeof open> | undefined
function open () {
  const memory = new WebAssembly.Memory({ initial: WINDOW_BYTES >>> 16 })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble({ cut })), { host: { memory } })
  return { window: new Uint16Array(memory.buffer), cut: exports.cut as (to: number, limit: number) => number }
}

/** Sets the elements to +0 whose magnitude, an integer of 15 bits, is below `limit`. */
export function cutBelow (elements: Uint16Array, limit: number): void {
  if (limit > MASK) {
    elements.fill(0)
    return
  }
  const { window, cut } = opened ??= open()
  for (let start = 0; start < elements.length; start += window.length) {
    const piece = elements.subarray(start, start + window.length)
    window.set(piece)
    cut(2 * piece.length, limit)
    piece.set(window.subarray(0, piece.length))
  }
}
