/** Seeded inputs for a model when there are no examples to show it. */
import type { BatchArray } from '../engine/predict.ts'
import type { LayerGraph } from '../models/architecture/types.ts'
import { sizeOf } from '../models/tensor.ts'

/** Size given to an axis that only the data would tell. */
const UNKNOWN_AXIS = 32

/** `examples` of values in [0, 1) for each input: the same on every run with the same seed. */
export function randomInputs (graph: LayerGraph, examples: number, seed: number): BatchArray[] {
  const random = mulberry32(seed)
  return graph.inputShapes.map((symbolic) => {
    const shape = [examples, ...symbolic.slice(1).map((size) => size ?? UNKNOWN_AXIS)]
    return { values: Float32Array.from({ length: sizeOf(shape) }, random), shape }
  })
}

/** Tommy Ettinger's mulberry32: 32 bits of state are enough for test inputs. */
function mulberry32 (seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
