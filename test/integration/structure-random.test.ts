/** Channels that are taken out of random layer graphs: what is left computes what the model with zeros in their places does. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { rankChannels } from '../../src/pruning/structure/choose.ts'
import { coupleChannels } from '../../src/pruning/structure/couple.ts'
import { freeAxes, groupChannels } from '../../src/pruning/structure/groups.ts'
import { createCut, shrunkConfig, type Cut } from '../../src/pruning/structure/shrink.ts'
import { assertSameOutputs, placesFor, randomExamples, randomWeights, runWeights, shrunkWeights, type Values } from '../support/graph-weights.ts'
import { drawer, randomGraph } from '../support/random-graph.ts'

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
        const inputs = randomExamples(architecture, draw)
        assertSameOutputs(runWeights(architecture, masked(weights, cut), inputs), runWeights(small, shrunkWeights(weights, cut), inputs))
      })
    })
  }

  test('most of them lose channels', () => {
    assert.ok(withRemoved > GRAPHS * 0.8 && removed > GRAPHS * 2, `${removed} channels of ${withRemoved} graphs`)
  })
})
