/** Models of random weights whose channels are taken out, beside the same models with zeros in the places of those channels. */
import assert from 'node:assert/strict'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { runGraph } from '../../src/engine/forward.ts'
import { readArchitecture, type ReadOptions } from '../../src/models/architecture/index.ts'
import type { Architecture } from '../../src/models/architecture/types.ts'
import type { Json } from '../../src/models/json.ts'
import type { Place } from '../../src/pruning/structure/couple.ts'
import { gather } from '../../src/pruning/structure/gather.ts'
import { shrunkConfig, type Cut } from '../../src/pruning/structure/shrink.ts'
import type { Draw } from './random-graph.ts'

export interface Numbers { readonly shape: readonly number[], readonly values: Float32Array }

/** By `path/role`. */
export type Weights = ReadonlyMap<string, Numbers>

export const TOLERANCE = 1e-5

export function randomWeights ({ layers }: Architecture, draw: Draw): Weights {
  return new Map(layers.flatMap(({ path, weights }) => (weights ?? []).map(({ role, shape }) => {
    const values = Float32Array.from({ length: sizeOf(shape) }, () => role === 'moving_variance' ? 0.5 + draw() : draw() - 0.5)
    return [`${path}/${role}`, { shape, values }] as const
  })))
}

/** Two examples for each input: between -1 and 1, or rows of the embedding that reads it. */
export function randomInputs ({ graph, layers }: Architecture, draw: Draw): Numbers[] {
  return graph!.inputShapes.map(([, ...rest], index) => {
    const shape = [2, ...rest as number[]]
    const reader = graph!.nodes.find(({ inputs: [first] }) => first?.node === graph!.inputs[index]!.node)
    const layer = reader === undefined ? undefined : layers[reader.layer]!
    const rows = layer?.type === 'Embedding' ? layer.weights![0]!.shape[0]! : undefined
    return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => rows === undefined ? draw() * 2 - 1 : Math.floor(draw() * rows)) }
  })
}

/** Zeros wherever a channel that goes stands. */
export function masked (weights: Weights, { structure: { places }, kept }: Cut): Weights {
  return new Map([...weights].map(([name, { shape, values }]) => {
    const stay = placesOf(places, name, shape.length).map((place) => place === undefined ? null : new Set(kept(place.labels)))
    const zeroed = values.map((value, index) => {
      let rest = index
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        if (stay[axis] !== null && !stay[axis]!.has(rest % shape[axis]!)) return 0
        rest = Math.floor(rest / shape[axis]!)
      }
      return value
    })
    return [name, { shape, values: zeroed }]
  }))
}

export function shrunk (weights: Weights, { structure: { places }, kept }: Cut): Weights {
  return new Map([...weights].map(([name, { shape, values }]) => [name, gather(values, shape, placesOf(places, name, shape.length).map((place) => place === undefined ? null : kept(place.labels)))]))
}

/** The outputs; fails when a weight has another shape than the architecture says. */
export function run (architecture: Architecture, weights: Weights, inputs: readonly Numbers[]): Numbers[] {
  return tf.tidy(() => {
    const loaded = architecture.layers.map(({ path, weights: specs }) => Object.fromEntries((specs ?? []).map(({ role, shape }) => {
      const { values, shape: own } = weights.get(`${path}/${role}`)!
      assert.deepEqual([...own], [...shape], `${path}/${role}`)
      return [role, tf.tensor(values, [...shape], 'float32')]
    })))
    const fed = inputs.map(({ values, shape }) => tf.tensor(values, [...shape]))
    return runGraph(architecture, (layer) => loaded[layer]!, fed).map((output) => ({ shape: output.shape, values: Float32Array.from(output.dataSync()) }))
  })
}

/** The configuration and architecture without the channels; fails when it cannot be run. */
export function smaller (config: Json, cut: Cut, options: ReadOptions = {}): { config: Json, architecture: Architecture } {
  const made = shrunkConfig(config, cut)
  const architecture = readArchitecture(made, options)
  assert.equal(architecture.problem, undefined)
  return { config: made, architecture }
}

/** Fails unless the model without the channels gives what the model with zeros in their places gives, at the places of the outputs that stay. */
export function assertSameOutputs (small: Architecture, cut: Cut, weights: Weights, inputs: readonly Numbers[]): void {
  const { architecture, values } = cut.structure
  const wanted = run(architecture, masked(weights, cut), inputs).map((output, index) => {
    const { node, output: place } = architecture.graph!.outputs[index]!
    return gather(output.values, output.shape, values[node]![place]!.map((labels) => labels === null ? null : cut.kept(labels)))
  })
  const got = run(small, shrunk(weights, cut), inputs)
  assert.equal(got.length, wanted.length)
  for (const [output, { shape, values: numbers }] of wanted.entries()) {
    assert.deepEqual(got[output]!.shape, shape, `output ${output}`)
    const off = distance(got[output]!.values, numbers)
    assert.ok(off <= TOLERANCE, `output ${output} is off by ${off}`)
  }
}

/** Largest |a - b| / max(1, |b|); what is no number equals itself alone. */
export function distance (a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0
  for (let index = 0; index < b.length; index++) {
    const error = Object.is(a[index], b[index]) ? 0 : Math.abs(a[index]! - b[index]!) / Math.max(1, Math.abs(b[index]!))
    if (!(error <= worst)) worst = error
  }
  return worst
}

function placesOf (places: readonly Place[], name: string, rank: number): Array<Place | undefined> {
  return Array.from({ length: rank }, (_, axis) => places.find((place) => `${place.layer}/${place.role}` === name && place.axis === axis))
}

function sizeOf (shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1)
}
