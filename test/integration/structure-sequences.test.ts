/** How recurrent layers, attention and operations share channels, one small model each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../src/models/json.ts'
import { checkTopology, entryOf, type Expected } from '../support/topologies/check.ts'
import { SEQUENCE_TOPOLOGIES } from '../support/topologies/sequences.ts'

/** Half of the channels of each group go, rounded up. */
const EXPECTED: { readonly [Name in keyof typeof SEQUENCE_TOPOLOGIES]: Expected } = {
  embedding: {
    groups: ['words 6: words lstm', 'lstm 4: lstm out'],
    sizes: { words: { input_dim: 7, output_dim: 3 }, lstm: { units: 2 } },
  },
  gru: {
    groups: ['first 6: first second', 'second 4: second out'],
    sizes: { first: { units: 3 }, second: { units: 2 } },
  },
  bidirectional: {
    groups: ['both/forward_layer 4: both out'],
    sizes: {},
  },
  bidirectionalOwn: {
    groups: ['both/forward_layer 4: both out'],
    sizes: {},
  },
  bidirectionalSum: {
    groups: ['both/forward_layer 4: both out'],
    sizes: {},
  },
  timeDistributed: {
    groups: ['steps 6: steps rnn', 'rnn 4: rnn out'],
    sizes: { steps: { layer: { module: 'keras.layers', class_name: 'Dense', config: { name: 'inner', units: 3, activation: 'relu' }, registered_name: null } }, rnn: { units: 2 } },
  },
  attention: {
    groups: ['first + heads 6: first heads out', 'heads/heads 4: heads'],
    sizes: { first: { units: 3 }, heads: { num_heads: 2, key_dim: 2 } },
  },
  attentionAlone: {
    groups: ['first 6: first heads', 'second 4: second heads', 'heads/heads 2: heads', 'heads/outputs 8: heads out'],
    sizes: { first: { units: 3 }, second: { units: 2 }, heads: { num_heads: 1, key_dim: 3, output_shape: [4] } },
  },
  groupedQuery: {
    groups: ['first + heads 6: first heads out', 'heads/heads 2: heads'],
    sizes: { first: { units: 3 }, heads: { num_query_heads: 2, num_key_value_heads: 1, head_dim: 2 } },
  },
  arithmetic: {
    groups: ['a + b 6: a b out'],
    sizes: { a: { units: 3 }, b: { units: 3 } },
  },
  reshaped: {
    groups: ['first 4 x 2: first out'],
    sizes: { first: { units: 4 }, rows: { newshape: [-1, 2, 2] } },
  },
  joinedAndCut: {
    groups: ['a 4: a out', 'b 4: b out'],
    sizes: { a: { units: 2 }, b: { units: 2 } },
  },
}

for (const [name, make] of Object.entries(SEQUENCE_TOPOLOGIES)) {
  test(name, () => { checkTopology(make(), EXPECTED[name as keyof typeof EXPECTED]) })
}

test('attention that gives what its query has goes on doing so', () => {
  const shape = (name: 'attention' | 'attentionAlone') => (entryOf(checkTopology(SEQUENCE_TOPOLOGIES[name](), EXPECTED[name]), 'heads').config as Json).output_shape
  assert.deepEqual([shape('attention') ?? null, shape('attentionAlone')], [null, [4]])
})

test('both directions of a bidirectional layer keep as many units, as Keras takes them to be as wide', () => {
  const unitsOf = (name: keyof typeof EXPECTED) => {
    const { layer, backward_layer: backward } = entryOf(checkTopology(SEQUENCE_TOPOLOGIES[name](), EXPECTED[name]), 'both').config as { layer: { config: Json }, backward_layer: { config: Json } }
    return [layer.config.units, backward.config.units, layer.config.go_backwards ?? false, backward.config.go_backwards]
  }
  assert.deepEqual(unitsOf('bidirectional'), [2, 2, false, true])
  assert.deepEqual(unitsOf('bidirectionalOwn'), [2, 2, false, true])
  assert.deepEqual(unitsOf('bidirectionalSum'), [2, 2, false, true])
})

test('a slice across two joined values gets the ends that its channels have now', () => {
  const [call] = entryOf(checkTopology(SEQUENCE_TOPOLOGIES.joinedAndCut(), EXPECTED.joinedAndCut), 'middle').inbound_nodes as Array<{ args: unknown[] }>
  // The places 2, 3 of the first and 0, 1 of the second were read: 2 and 3 stay.
  assert.deepEqual((call!.args[1] as unknown[])[1], { class_name: '__slice__', config: { start: 0, stop: 2, step: null } })
})
