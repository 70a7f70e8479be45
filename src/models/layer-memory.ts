/** The most memory that a model's activations take at once, told from its layer graph. */
import type { LayerGraph, ValueRef } from './architecture/types.ts'
import { lifetimes, peakBytes, type Flow } from './exports/liveness.ts'
import { sizeOf, type SymbolicShape } from './tensor.ts'

const FLOAT_BYTES = 4

/** Bytes of one example in float32, one layer after the other; every layer makes values of its own, sizes that are only known with the data count as 1. */
export function peakLayerBytes (graph: LayerGraph): number {
  return peakBytes(lifetimes(flowOf(graph)))
}

function flowOf ({ nodes, inputs, outputs }: LayerGraph): Flow {
  const firsts: number[] = []
  const bytes: number[] = []
  for (const { outputShapes } of nodes) {
    firsts.push(bytes.length)
    for (const shape of outputShapes) bytes.push(FLOAT_BYTES * oneExample(shape))
  }
  const numberOf = ({ node, output }: ValueRef): number => firsts[node]! + output
  return {
    bytes,
    inputs: inputs.map(numberOf),
    outputs: outputs.map(numberOf),
    operations: nodes.map(({ inputs, outputShapes }, node) => ({ inputs: inputs.map(numberOf), outputs: outputShapes.map((_, output) => firsts[node]! + output) })),
  }
}

function oneExample ([, ...axes]: SymbolicShape): number {
  return sizeOf(axes.map((size) => size ?? 1))
}
