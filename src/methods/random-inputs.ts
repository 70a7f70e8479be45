/** Seeded inputs for a model when there are no examples to show it. */
import { mulberry32 } from '../datasets/random.ts'
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
