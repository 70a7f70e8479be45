/** WebAssembly written in TypeScript: the few instructions that this folder's loops need, each a function of its operands, put together to a module. */

/** Instructions that leave their result, if any, on the stack. */
export type Code = readonly number[]

/** A parameter or local of a function. */
export interface Variable { readonly index: number }

/** A number stands for an i32 constant, a variable for its value. */
export type Operand = Code | Variable | number

/** Numbers after the opcodes are those of the specification's binary format: https://webassembly.github.io/spec/core/binary/instructions.html */
const binary = (...opcode: readonly number[]) => (a: Operand, b: Operand): Code => [...value(a), ...value(b), ...opcode]
const unary = (...opcode: readonly number[]) => (a: Operand): Code => [...value(a), ...opcode]
const SIMD = 0xfd

export const i32 = {
  add: binary(0x6a), sub: binary(0x6b), and: binary(0x71), xor: binary(0x73), shl: binary(0x74), shrU: binary(0x76),
  ltU: binary(0x49), gtU: binary(0x4b), eq: binary(0x46), ne: binary(0x47), or: binary(0x72), clz: unary(0x67), ctz: unary(0x68), popcnt: unary(0x69),
  load: (address: Operand, offset = 0): Code => [...value(address), 0x28, 0, ...unsigned(offset)],
  /** Without a sign. */
  loadHalf: (address: Operand, offset = 0): Code => [...value(address), 0x2f, 0, ...unsigned(offset)],
  loadByte: (address: Operand, offset = 0): Code => [...value(address), 0x2d, 0, ...unsigned(offset)],
  store: (address: Operand, stored: Operand, offset = 0): Code => [...value(address), ...value(stored), 0x36, 0, ...unsigned(offset)],
} as const

export const v128 = {
  zero: [SIMD, 0x0c, ...new Array<number>(16).fill(0)] as Code,
  and: binary(SIMD, 0x4e), andnot: binary(SIMD, 0x4f), or: binary(SIMD, 0x50), anyTrue: unary(SIMD, 0x53),
  /** At an address that need not be aligned, plus a constant. */
  load: (address: Operand, offset = 0): Code => [...value(address), SIMD, 0x00, 0, ...unsigned(offset)],
  store: (address: Operand, stored: Operand, offset = 0): Code => [...value(address), ...value(stored), SIMD, 0x0b, 0, ...unsigned(offset)],
} as const

export const i8x16 = {
  /** Of the lanes of two vectors, one after the other, those with these sixteen numbers. */
  shuffle: (a: Operand, b: Operand, lanes: readonly number[]): Code => [...value(a), ...value(b), SIMD, 0x0d, ...lanes],
  bitmask: unary(SIMD, 0x64), narrow: binary(SIMD, 0x65),
} as const

export const i16x8 = {
  splat: unary(SIMD, 0x10), eq: binary(SIMD, 0x2d), gt: binary(SIMD, 0x31), sub: binary(SIMD, 0x91, 0x01), max: binary(SIMD, 0x98, 0x01), narrow: binary(SIMD, 0x85, 0x01),
} as const

export const i32x4 = {
  splat: unary(SIMD, 0x11), eq: binary(SIMD, 0x37), gt: binary(SIMD, 0x3b), bitmask: unary(SIMD, 0xa4, 0x01),
  add: binary(SIMD, 0xae, 0x01), sub: binary(SIMD, 0xb1, 0x01), min: binary(SIMD, 0xb6, 0x01), max: binary(SIMD, 0xb8, 0x01),
  /** Sums of neighbours of eight lanes of 16 bits. */
  addPairs: unary(SIMD, 0x7e),
  /** The lower and the upper four of eight lanes of 16 bits, without a sign. */
  extendLow: unary(SIMD, 0xa9, 0x01), extendHigh: unary(SIMD, 0xaa, 0x01),
} as const

export const set = (variable: Variable, to: Operand): Code => [...value(to), 0x21, ...unsigned(variable.index)]
export const sequence = (...parts: readonly Code[]): Code => parts.flat()
export const when = (condition: Operand, ...then: readonly Code[]): Code => [...value(condition), 0x04, EMPTY, ...then.flat(), END]
export const doWhile = (condition: Operand, ...body: readonly Code[]): Code => [0x03, EMPTY, ...body.flat(), ...value(condition), 0x0d, 0, END]
export const whileTrue = (condition: Operand, ...body: readonly Code[]): Code => when(condition, doWhile(condition, ...body))

const EMPTY = 0x40
const END = 0x0b
const I32 = 0x7f
const V128 = 0x7b

/** A function of i32 parameters that gives an i32. Its locals begin as zero; `body` leaves the result on the stack. */
export interface Func<P extends string = string, I extends string = string, V extends string = string> {
  readonly params: readonly P[]
  readonly ints: readonly I[]
  readonly vectors: readonly V[]
  readonly body: (variables: Readonly<Record<P | I | V, Variable>>) => Code
}

export function func<P extends string, I extends string, V extends string> (definition: Func<P, I, V>): Func {
  return definition as unknown as Func
}

/** The bytes of a module that exports these functions and imports its memory as `host.memory`. */
export function assemble (functions: Readonly<Record<string, Func>>): Uint8Array<ArrayBuffer> {
  const all = Object.entries(functions)
  return Uint8Array.from([
    0x00, ...text('asm').slice(1), 0x01, 0, 0, 0,
    ...section(1, all.map(([, { params }]) => [0x60, ...vector(params.map(() => [I32])), 1, I32])),
    ...section(2, [[...text('host'), ...text('memory'), 0x02, 0x00, ...unsigned(1)]]),
    ...section(3, all.map((_, index) => unsigned(index))),
    ...section(7, all.map(([name], index) => [...text(name), 0x00, ...unsigned(index)])),
    ...section(10, all.map(([, one]) => sized(bodyOf(one)))),
  ])
}

function bodyOf ({ params, ints, vectors, body }: Func): Code {
  const variables = Object.fromEntries([...params, ...ints, ...vectors].map((name, index) => [name, { index }]))
  return [...vector([[...unsigned(ints.length), I32], [...unsigned(vectors.length), V128]]), ...body(variables), END]
}

/** The operand on the stack. */
export function value (operand: Operand): Code {
  if (typeof operand === 'number') return [0x41, ...signed(operand)]
  return 'index' in operand ? [0x20, ...unsigned(operand.index)] : operand
}

function section (id: number, entries: readonly Code[]): Code {
  return [id, ...sized(vector(entries))]
}

function vector (entries: readonly Code[]): Code {
  return [...unsigned(entries.length), ...entries.flat()]
}

function sized (bytes: Code): Code {
  return [...unsigned(bytes.length), ...bytes]
}

function text (ascii: string): Code {
  return sized(Array.from(ascii, (letter) => letter.charCodeAt(0)))
}

/** LEB128: seven bits a byte, the lowest first. */
function unsigned (value: number): Code {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...unsigned(value >>> 7)]
}

function signed (value: number): Code {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [value & 0x7f | 0x80, ...signed(value >> 7)]
}
