/** Weights of random layer graphs, and what the engine makes of them. */
import assert from 'node:assert/strict'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { runGraph } from '../../src/engine/forward.ts'
import type { Architecture } from '../../src/models/architecture/types.ts'
import type { Place } from '../../src/pruning/structure/couple.ts'
import { gather } from '../../src/pruning/structure/gather.ts'
import type { Cut } from '../../src/pruning/structure/shrink.ts'
import type { Draw } from './random-graph.ts'

/** By `layer/role`. */
export type Values = ReadonlyMap<string, { readonly shape: readonly number[], readonly values: Float32Array }>

export function randomWeights ({ layers }: Architecture, draw: Draw): Values {
  return new Map(layers.flatMap(({ path, weights }) => (weights ?? []).map(({ role, shape }) => {
    const values = Float32Array.from({ length: shape.reduce((all, size) => all * size, 1) }, () => role === 'moving_variance' ? 0.5 + draw() : draw() - 0.5)
    return [`${path}/${role}`, { shape, values }] as const
  })))
}

export const placesFor = (places: readonly Place[], name: string, rank: number) => Array.from({ length: rank }, (_, axis) => places.find((place) => `${place.layer}/${place.role}` === name && place.axis === axis))

/** The weights without the places that went. */
export function shrunkWeights (weights: Values, { structure: { places }, kept }: Cut): Values {
  return new Map([...weights].map(([name, { shape, values }]) => [name, gather(values, shape, placesFor(places, name, shape.length).map((place) => place === undefined ? null : kept(place.labels)))]))
}

/** Two examples for every input. */
export function randomExamples ({ graph }: Architecture, draw: Draw): tf.Tensor[] {
  return graph!.inputShapes.map(([, ...shape]) => tf.tensor(Float32Array.from({ length: 2 * shape.reduce<number>((all, size) => all * size!, 1) }, () => draw() * 2 - 1), [2, ...shape as number[]]))
}

export function runWeights (architecture: Architecture, weights: Values, inputs: readonly tf.Tensor[]): Float32Array[] {
  const loaded = architecture.layers.map(({ path, weights: specs }) => Object.fromEntries((specs ?? []).map(({ role, shape }) => {
    const { values, shape: own } = weights.get(`${path}/${role}`)!
    assert.deepEqual([...own], [...shape], `${path}/${role}`)
    return [role, tf.tensor(values, [...shape], 'float32')]
  })))
  return runGraph(architecture, (layer) => loaded[layer]!, [...inputs]).map((output) => output.dataSync().slice() as Float32Array)
}

/** The largest difference, relative to values above 1. */
export function assertSameOutputs (wanted: readonly Float32Array[], got: readonly Float32Array[], within = 1e-5): void {
  for (const [output, values] of wanted.entries()) {
    assert.equal(got[output]!.length, values.length)
    const worst = values.reduce((most, value, index) => Math.max(most, Math.abs(value - got[output]![index]!) / Math.max(1, Math.abs(value))), 0)
    assert.ok(worst <= within, `output ${output} is off by ${worst}`)
  }
}
