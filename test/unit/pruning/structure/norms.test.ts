/** Norms of channels over all weights that go with them, beside numpy's. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { ChannelSets } from '../../../../src/pruning/structure/channels.ts'
import type { Place } from '../../../../src/pruning/structure/couple.ts'
import { channelNorms, overMean, reduced, scoresOf, type Reduction } from '../../../../src/pruning/structure/norms.ts'
import { pathOf } from '../../../support/fixtures.ts'

/** Written by make_structure.py. */
interface Expected {
  readonly channels: number
  readonly places: ReadonlyArray<{ layer: string, role: string, axis: number, channels: number[] }>
  readonly weights: ReadonlyArray<{ layer: string, role: string, shape: number[], values: number[] }>
  readonly norms: ReadonlyArray<{ power: 1 | 2, reduce: Reduction, norms: number[] }>
}

const expected = JSON.parse(readFileSync(pathOf('test/fixtures/structure/norms.json'), 'utf8')) as Expected

/** Each place has labels of its own, joined with the channels that stand there. */
function structure (): { sets: ChannelSets, places: Place[] } {
  const sets = new ChannelSets()
  const own = sets.fresh(expected.channels, 0)
  const places = expected.places.map(({ channels, ...place }): Place => {
    const labels = sets.fresh(channels.length, 1)
    channels.forEach((channel, at) => { sets.join(own[channel]!, labels[at]!) })
    return { ...place, labels, side: 'output' }
  })
  return { sets, places }
}

const valuesOf = async (layer: string, role: string) => {
  const found = expected.weights.find((weight) => weight.layer === layer && weight.role === role)!
  return { shape: found.shape, values: Float32Array.from(found.values) }
}

describe('norms equal numpy\'s', () => {
  for (const { power, reduce, norms } of expected.norms) {
    test(`power ${power}, ${reduce}`, async () => {
      const found = await channelNorms(structure(), valuesOf, { power, reduce })
      assert.equal(found.size, expected.channels)
      for (const [channel, norm] of norms.entries()) assert.ok(Math.abs(found.get(channel)! - norm) <= 1e-12 * norm, `channel ${channel}: ${found.get(channel)} in place of ${norm}`)
    })
  }
})

test('weights that do not count are left out, and channels without any have no norm', async () => {
  const only = async (layer: string, role: string) => layer === 'bn' ? await valuesOf(layer, role) : undefined
  const found = await channelNorms(structure(), only, { power: 2, reduce: 'mean' })
  const gamma = expected.weights.find(({ layer }) => layer === 'bn')!.values
  assert.deepEqual([...found].map(([root, norm]) => [root, Math.fround(norm)]), gamma.map((value, channel) => [channel, Math.abs(value)]))
  assert.equal((await channelNorms(structure(), async () => undefined, { power: 2, reduce: 'mean' })).size, 0)
})

test('one number of several', () => {
  assert.deepEqual((['mean', 'sum', 'max'] as const).map((reduce) => reduced([1, 2, 6], reduce)), [3, 9, 6])
})

test('scores over their mean: a typical channel of any layer has 1', () => {
  assert.deepEqual(overMean([1, 2, 6]), [1 / 3, 2 / 3, 2])
  assert.deepEqual(overMean([0, 0]), [0, 0])
})

test('scores in the order of the channels; one without any is the first to go', () => {
  assert.deepEqual(scoresOf([{ root: 4, places: 1 }, { root: 2, places: 1 }, { root: 7, places: 3 }], new Map([[2, 0.5], [4, 1.5]])), [1.5, 0.5, 0])
})
