/** Channels that are taken out of random layer graphs: what is left computes what the model with zeros in their places does. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { rankChannels } from '../../src/pruning/structure/choose.ts'
import { coupleChannels } from '../../src/pruning/structure/couple.ts'
import { freeAxes, groupChannels } from '../../src/pruning/structure/groups.ts'
import { createCut } from '../../src/pruning/structure/shrink.ts'
import { drawer, randomGraph } from '../support/random-graph.ts'
import { assertSameOutputs, randomInputs, randomWeights, smaller } from '../support/structure.ts'

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
      const ranked = groupChannels(structure).map((group) => ({ group, scores: group.channels.map(() => draw()) }))
      const choice = rankChannels(ranked, { scope: 'global', minChannels: 1, roundTo: 1, axes: freeAxes(structure) })
      const gone = choice.goneAt(Math.floor(choice.competing * (0.2 + 0.6 * draw())))
      removed += gone.size
      if (gone.size > 0) withRemoved++
      const cut = createCut(structure, gone)
      assertSameOutputs(smaller(config, cut).architecture, cut, randomWeights(architecture, draw), randomInputs(architecture, draw))
    })
  }

  test('most of them lose channels', () => {
    assert.ok(withRemoved > GRAPHS * 0.8 && removed > GRAPHS * 2, `${removed} channels of ${withRemoved} graphs`)
  })
})
