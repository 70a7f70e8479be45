/** The kernels of this folder, put to work on a memory. */
import { assemble } from './assembler.ts'
import { bin } from './bin-kernel.ts'
import { CUTS } from './cut-kernel.ts'
import { LAYOUT, VECTOR_BYTES } from './layout.ts'
import { PLACES, SCANS } from './scan-kernel.ts'
import { sum } from './sum-kernel.ts'

export type Scan = (from: number, to: number, low: number, high: number, out: number, turns: number) => number
type Cut = (from: number, to: number, at: number, limit: number, ties: number) => number
export type Clear = (from: number, to: number, limit: number) => number

/** Addresses are in bytes; at least one turn is made. */
export interface Kernels extends Readonly<Record<keyof typeof SCANS, Scan>> {
  /** With ties to share out. */
  readonly share: Cut
  /** Without ties, of other scores. */
  readonly cut: Cut
  /** Without ties, of values that are their own scores, with a limit above 0. */
  readonly cutOwn: Cut
  /** The same where there are no zeros to be counted. */
  readonly clear: Clear
  readonly clearHalves: Clear
  readonly bin: (from: number, to: number, low: number, shift: number) => number
  readonly sum: (from: number, to: number, state: number) => number
}

/** The kernels on a memory, whose tables are filled in. */
export function kernelsOn (memory: WebAssembly.Memory): Kernels {
  const [bytes, words] = [new Uint8Array(memory.buffer), new Int32Array(memory.buffer)]
  bytes.set(PLACES, LAYOUT.places)
  for (let set = 0; set < 16; set++) {
    for (const lane of [0, 1, 2, 3].filter((lane) => (set >> lane & 1) === 1)) words[(LAYOUT.lanes + set * VECTOR_BYTES) / 4 + lane] = -1
  }
  return new WebAssembly.Instance(new WebAssembly.Module(assemble({ ...SCANS, ...CUTS, bin, sum })), { host: { memory } }).exports as unknown as Kernels
}
