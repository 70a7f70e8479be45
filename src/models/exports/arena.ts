/** Where values lie in one block of memory: largest first, each at the lowest place that is free as long as it lives. As TFLite Micro's greedy planner does. */
import type { Lifetime } from './liveness.ts'

/** TFLite Micro's buffers begin at multiples of it. */
const ALIGNMENT = 16

/** Above these planning takes long. */
const MAX_VALUES = 20_000

/** Bytes of the block; undefined for graphs of very many values. Kernels' own scratch memory and the interpreter's structures come on top. */
export function arenaBytes (lives: readonly Lifetime[]): number | undefined {
  if (lives.length > MAX_VALUES) return undefined
  const placed: Array<Lifetime & { readonly at: number }> = []
  for (const life of lives.map((one) => ({ ...one, bytes: aligned(one.bytes) })).sort((a, b) => b.bytes - a.bytes)) {
    const beside = placed.filter(({ first, last }) => first <= life.last && life.first <= last)
    let at = 0
    for (const other of beside) {
      if (at + life.bytes <= other.at) break
      at = Math.max(at, other.at + other.bytes)
    }
    placed.splice(placeFor(placed, at), 0, { ...life, at })
  }
  return placed.reduce((most, { at, bytes }) => Math.max(most, at + bytes), 0)
}

/** They are kept in order of their places. */
function placeFor (placed: ReadonlyArray<{ readonly at: number }>, at: number): number {
  const index = placed.findIndex((other) => other.at > at)
  return index < 0 ? placed.length : index
}

function aligned (bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}
