/** Random layer graphs with zero rows and columns: without their dead channels they compute what they did. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { activate } from '../../src/engine/layers/activations.ts'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { coupleChannels, type Structure } from '../../src/pruning/structure/couple.ts'
import { findDead } from '../../src/pruning/structure/dead.ts'
import { createCut } from '../../src/pruning/structure/shrink.ts'
import { drawer, randomGraph, type Draw } from '../support/random-graph.ts'
import { distance, randomInputs, randomWeights, run, shrunk, smaller, TOLERANCE, type Weights } from '../support/structure.ts'

/** Of a third of the channels: what makes them, what reads them, all but what is not multiplied by, or all. */
function killed (weights: Weights, { places, sets }: Structure, draw: Draw): Weights {
  const fates = new Map<number, (side: string, rank: number) => boolean>()
  const ways = [(side: string, rank: number) => side === 'output' && rank > 1, (side: string) => side === 'output', (side: string) => side === 'input', () => true]
  for (let label = 0; label < sets.size; label++) if (sets.rootOf(label) === label && draw() < 0.35) fates.set(label, ways[Math.floor(draw() * ways.length)]!)
  return new Map([...weights].map(([name, { shape, values }]) => {
    const zeroed = values.slice()
    for (const { layer, role, axis, labels, side } of places) {
      if (`${layer}/${role}` !== name || role.startsWith('moving')) continue
      const step = shape.slice(axis + 1).reduce((all, size) => all * size, 1)
      zeroed.forEach((_, index) => {
        if (fates.get(sets.rootOf(labels[Math.floor(index / step) % shape[axis]!]!))?.(side, shape.length) === true) zeroed[index] = 0
      })
    }
    return [name, { shape, values: zeroed }]
  }))
}

const GRAPHS = 200

describe('dead channels of random layer graphs', () => {
  let [removed, withRemoved, folded] = [0, 0, 0]
  for (let seed = 1; seed <= GRAPHS; seed++) {
    test(`graph ${seed}`, () => {
      const draw = drawer(seed)
      const config = randomGraph(draw)
      const architecture = readArchitecture(config)
      const structure = coupleChannels(architecture)
      const weights = killed(randomWeights(architecture, draw), structure, draw)
      const { gone, changed } = findDead({
        structure,
        weight: (layer, role) => weights.get(`${layer}/${role}`),
        activate: (activation, values) => tf.tidy(() => activate(activation, tf.tensor1d(values)).dataSync()),
      })
      removed += gone.size
      if (gone.size > 0) withRemoved++
      if ([...changed.values()].some((roles) => [...roles.keys()].some((role) => /bias|moving_mean/.test(role)))) folded++
      const cut = createCut(structure, gone)
      const small = smaller(config, cut).architecture
      const changedWeights: Weights = new Map([...weights].map(([name, { shape, values }]) => {
        const at = name.lastIndexOf('/')
        const own = [...changed].flatMap(([layer, roles]) => [...roles].filter(([role]) => `${layer}/${role}` === name).map(([, one]) => one))
        assert.ok(at > 0 && own.length <= 1)
        return [name, { shape, values: own[0] ?? values }]
      }))
      const inputs = randomInputs(architecture, draw)
      const wanted = run(architecture, weights, inputs)
      for (const got of [run(architecture, changedWeights, inputs), run(small, shrunk(changedWeights, cut), inputs)]) {
        wanted.forEach(({ values }, output) => {
          const off = distance(got[output]!.values, values)
          assert.ok(off <= TOLERANCE, `output ${output} is off by ${off}`)
        })
      }
    })
  }

  test('most of them lose channels, and of many constants are taken up', () => {
    assert.ok(withRemoved > GRAPHS * 0.8 && removed > GRAPHS * 2 && folded > GRAPHS * 0.3, `${removed} channels of ${withRemoved} graphs, constants of ${folded}`)
  })
})
