/** Small models whose weights are set by hand, to see which of their channels are dead. */
import assert from 'node:assert/strict'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import type { Activation } from '../../src/models/layers/activations.ts'
import { coupleChannels } from '../../src/pruning/structure/couple.ts'
import { findDead } from '../../src/pruning/structure/dead.ts'
import { GraphBuilder } from './graph-builder.ts'

export type Value = ReturnType<GraphBuilder['input']>

const FUNCTIONS: Partial<Record<Activation['name'], (x: number) => number>> = { relu: (x) => Math.max(0, x), tanh: Math.tanh, sigmoid: (x) => 1 / (1 + Math.exp(-x)) }

export interface DeadModel {
  /** Sets the values at places of a weight; null: all along that axis. */
  set (name: string, at: ReadonlyArray<number | null>, value: number): DeadModel
  /** Stored in half precision. */
  narrow (name: string): DeadModel
  /** Places along the first axis of channels of each layer that go, and new weights. */
  find (): { readonly gone: Readonly<Record<string, readonly number[]>>, readonly weight: (name: string) => readonly number[] | undefined, readonly stays: readonly string[] }
}

/** `build` gives the outputs; layers are named by their class name and number. Every weight is 1, or 0.5 of the variance that is none. */
export function deadModel (shape: readonly number[], build: (graph: GraphBuilder, input: Value) => Value[]): DeadModel {
  const graph = new GraphBuilder()
  const input = graph.input(shape)
  const architecture = readArchitecture(graph.config([input], build(graph, input)))
  assert.equal(architecture.problem, undefined)
  const structure = coupleChannels(architecture)
  const weights = new Map<string, { readonly shape: readonly number[], readonly values: Float32Array, narrow: boolean }>(architecture.layers.flatMap(({ path, weights = [] }) => weights.map(({ role, shape }) => [`${path}/${role}`, { shape, values: new Float32Array(shape.reduce((all, size) => all * size, 1)).fill(1), narrow: false }] as const)))
  const model: DeadModel = {
    set (name, at, value) {
      const { shape, values } = weights.get(name)!
      values.forEach((_, index) => {
        const places = shape.map((size, axis) => Math.floor(index / shape.slice(axis + 1).reduce((all, one) => all * one, 1)) % size)
        if (at.every((place, axis) => place === null || place === places[axis])) values[index] = value
      })
      return model
    },
    narrow (name) {
      weights.get(name)!.narrow = true
      return model
    },
    find () {
      const { gone, changed, stays } = findDead({ structure, weight: (layer, role) => weights.get(`${layer}/${role}`), activate: ({ name }, values) => values.map(FUNCTIONS[name]!) })
      return {
        gone: Object.fromEntries(structure.makers.map(({ layer, labels }) => [layer, [...labels.keys()].filter((place) => gone.has(structure.sets.rootOf(labels[place]!)))] as const).filter(([, places]) => places.length > 0)),
        weight: (name) => [...changed].flatMap(([layer, roles]) => [...roles].filter(([role]) => `${layer}/${role}` === name).map(([, values]) => [...values]))[0],
        stays: stays.map(({ layer, channels, reason }) => `${channels} of ${layer}: ${reason}`),
      }
    },
  }
  return model
}
