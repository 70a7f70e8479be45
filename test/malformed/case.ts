/** Malformed files with names, made from good ones: the corpus is code and the fixtures. */
import { big, little, joined } from '../fuzz/containers/container.ts'
import type { Outcome } from '../fuzz/read-whole.ts'

export interface Case {
  readonly name: string
  /** How reading it may end. `read`: the change may leave a file that is sound. */
  readonly outcomes: readonly Outcome[]
  make (): Uint8Array | Promise<Uint8Array>
}

type Made = Uint8Array | (() => Uint8Array | Promise<Uint8Array>)

/** A file that is refused with one of the codes. */
export function refused (name: string, file: Made, ...codes: [Outcome, ...Outcome[]]): Case {
  return { name, outcomes: codes, make: typeof file === 'function' ? file : () => file }
}

/** The file cut off at each of the places, which are the borders of its parts. */
export function cuts (file: Uint8Array, places: Readonly<Record<string, number>>, ...codes: [Outcome, ...Outcome[]]): Case[] {
  return Object.entries(places).map(([name, at]) => refused(`cut off ${name}`, file.slice(0, at), ...codes))
}

/** A number of the file: what it counts, where it lies, and how many bytes it has. */
export interface NumberPlace { readonly what: string, readonly at: number, readonly width: 1 | 2 | 4 | 8, readonly bigEndian?: boolean }

/** Where counters overflow, signs turn and memory ends. */
const LIES = (width: number): ReadonlyArray<readonly [string, bigint]> => {
  const bits = BigInt(8 * width)
  const all: ReadonlyArray<readonly [string, bigint]> = [
    ['0', 0n], ['2^31 - 1', 2n ** 31n - 1n], ['2^32 - 1', 2n ** 32n - 1n], ['2^53 + 1', 2n ** 53n + 1n], ['2^63 - 1', 2n ** 63n - 1n], ['as large as can be', 2n ** bits - 1n],
  ]
  return all.filter(([, value], index) => value < 2n ** bits && all.findIndex(([, other]) => other === value) === index)
}

/** Each of the numbers with each of the lies. A repairing function puts checksums right behind it. */
export function lies (file: Uint8Array, places: readonly NumberPlace[], outcomes: readonly Outcome[], repaired: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes): Case[] {
  return places.flatMap(({ what, at, width, bigEndian = false }) => LIES(width).map(([name, value]): Case => ({
    name: `${what} is ${name}`, outcomes, make: () => repaired(written(file, at, bigEndian ? big(value, width) : little(value, width))),
  })))
}

/** The bytes with others over them. */
export function written (bytes: Uint8Array, at: number, piece: ArrayLike<number>): Uint8Array {
  const changed = bytes.slice()
  changed.set(piece, at)
  return changed
}

/** Where the text stands. Throws when it does not: the fixture is another one. */
export function placeOf (bytes: Uint8Array, text: string | Uint8Array, from = 0): number {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(typeof text === 'string' ? Buffer.from(text, 'latin1') : text, from)
  if (at < 0) throw new Error(`the fixture has no ${JSON.stringify(text)}`)
  return at
}

/** What no format begins with, and what another one does. */
export function strangers (...outcomes: [Outcome, ...Outcome[]]): Case[] {
  const files: Readonly<Record<string, Uint8Array>> = {
    'an empty file': new Uint8Array(),
    'one byte': Uint8Array.of(0),
    zeros: new Uint8Array(4096),
    ones: new Uint8Array(4096).fill(255),
    'a pickle': Uint8Array.of(0x80, 4, 0x95, 10, 0, 0, 0, 0, 0, 0, 0, 0x8c, 2, 0x6f, 0x73),
    'an ELF file': joined([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], new Uint8Array(57)),
  }
  return Object.entries(files).map(([name, bytes]) => refused(name, bytes, ...outcomes))
}
