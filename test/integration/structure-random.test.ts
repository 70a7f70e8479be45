/** Channels that are taken out of random layer graphs: what is left computes what the model with zeros in their places does. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { runGraph } from '../../src/engine/forward.ts'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import type { Architecture } from '../../src/models/architecture/types.ts'
import { rankChannels } from '../../src/pruning/structure/choose.ts'
import { coupleChannels, type Place } from '../../src/pruning/structure/couple.ts'
import { gather } from '../../src/pruning/structure/gather.ts'
import { freeAxes, groupChannels } from '../../src/pruning/structure/groups.ts'
import { createCut, shrunkConfig, type Cut } from '../../src/pruning/structure/shrink.ts'
import { drawer, randomGraph, type Draw } from '../support/random-graph.ts'

type Values = ReadonlyMap<string, { readonly shape: readonly number[], readonly values: Float32Array }>

function randomWeights ({ layers }: Architecture, draw: Draw): Values {
  return new Map(layers.flatMap(({ path, weights }) => (weights ?? []).map(({ role, shape }) => {
    const values = Float32Array.from({ length: shape.reduce((all, size) => all * size, 1) }, () => role === 'moving_variance' ? 0.5 + draw() : draw() - 0.5)
    return [`${path}/${role}`, { shape, values }] as const
  })))
}

const placesFor = (places: readonly Place[], name: string, rank: number) => Array.from({ length: rank }, (_, axis) => places.find((place) => `${place.layer}/${place.role}` === name && place.axis === axis))

/** Zeros wherever a channel that goes stands. */
function masked (weights: Values, { structure: { places }, kept }: Cut): Values {
  return new Map([...weights].map(([name, { shape, values }]) => {
    const stay = placesFor(places, name, shape.length).map((place) => place === undefined ? null : new Set(kept(place.labels)))
    const zeroed = values.map((value, index) => {
      let rest = index
      const at = shape.map(() => 0)
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at[axis] = rest % shape[axis]!
        rest = Math.floor(rest / shape[axis]!)
      }
      return stay.every((places, axis) => places === null || places.has(at[axis]!)) ? value : 0
    })
    return [name, { shape, values: zeroed }]
  }))
}

function shrunk (weights: Values, { structure: { places }, kept }: Cut): Values {
  return new Map([...weights].map(([name, { shape, values }]) => [name, gather(values, shape, placesFor(places, name, shape.length).map((place) => place === undefined ? null : kept(place.labels)))]))
}

function run (architecture: Architecture, weights: Values, inputs: readonly tf.Tensor[]): Float32Array[] {
  const loaded = architecture.layers.map(({ path, weights: specs }) => Object.fromEntries((specs ?? []).map(({ role, shape }) => {
    const { values, shape: own } = weights.get(`${path}/${role}`)!
    assert.deepEqual([...own], [...shape], `${path}/${role}`)
    return [role, tf.tensor(values, [...shape], 'float32')]
  })))
  return runGraph(architecture, (layer) => loaded[layer]!, [...inputs]).map((output) => output.dataSync().slice() as Float32Array)
}

const GRAPHS = 200

describe('random layer graphs', () => {
  let [removed, withRemoved] = [0, 0]
  for (let seed = 1; seed <= GRAPHS; seed++) {
    test(`graph ${seed}`, () => {
      const draw = drawer(seed)
      const config = randomGraph(draw)
      const architecture = readArchitecture(config)
      assert.equal(architecture.problem, undefined)
      const structure = coupleChannels(architecture)
      const groups = groupChannels(structure)
      const ranked = groups.map((group) => ({ group, scores: group.channels.map(() => draw()) }))
      const choice = rankChannels(ranked, { scope: 'global', minChannels: 1, roundTo: 1, axes: freeAxes(structure) })
      const gone = choice.goneAt(Math.floor(choice.competing * (0.2 + 0.6 * draw())))
      removed += gone.size
      if (gone.size > 0) withRemoved++
      const cut = createCut(structure, gone)
      const small = readArchitecture(shrunkConfig(config, cut))
      assert.equal(small.problem, undefined)
      const weights = randomWeights(architecture, draw)
      tf.tidy(() => {
        const inputs = architecture.graph!.inputShapes.map(([, ...shape]) => tf.tensor(Float32Array.from({ length: 2 * shape.reduce<number>((all, size) => all * size!, 1) }, () => draw() * 2 - 1), [2, ...shape as number[]]))
        const [wanted, got] = [run(architecture, masked(weights, cut), inputs), run(small, shrunk(weights, cut), inputs)]
        for (const [output, values] of wanted.entries()) {
          assert.equal(got[output]!.length, values.length)
          const worst = values.reduce((most, value, index) => Math.max(most, Math.abs(value - got[output]![index]!) / Math.max(1, Math.abs(value))), 0)
          assert.ok(worst <= 1e-5, `output ${output} is off by ${worst}`)
        }
      })
    })
  }

  test('most of them lose channels', () => {
    assert.ok(withRemoved > GRAPHS * 0.8 && removed > GRAPHS * 2, `${removed} channels of ${withRemoved} graphs`)
  })
})
