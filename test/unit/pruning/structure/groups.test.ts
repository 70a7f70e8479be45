/** Groups of channels: their names, who makes them, who knows of them, why they stay. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readArchitecture } from '../../../../src/models/architecture/index.ts'
import type { Json } from '../../../../src/models/json.ts'
import { coupleChannels, followChannels } from '../../../../src/pruning/structure/couple.ts'
import { freeAxes, groupChannels, type ChannelGroup } from '../../../../src/pruning/structure/groups.ts'
import { OVER_CHANNELS } from '../../../../src/pruning/structure/rules/normalization.ts'
import { GraphBuilder, slice, tensorOf, type Value } from '../../../support/graph-builder.ts'
import { IMAGE_TOPOLOGIES } from '../../../support/topologies/images.ts'
import { SEQUENCE_TOPOLOGIES } from '../../../support/topologies/sequences.ts'

const groupsOf = (config: Json): ChannelGroup[] => groupChannels(coupleChannels(readArchitecture(config)))

/** [6] -> dense of 6 `first` -> what is built -> dense `out`. */
function between (build: (graph: GraphBuilder, first: Value) => Value): ChannelGroup[] {
  const graph = new GraphBuilder()
  const x = graph.input([6])
  const first = graph.one('Dense', { name: 'first', units: 6 }, x)
  return groupsOf(graph.config([x], [graph.one('Dense', { name: 'out', units: 2 }, build(graph, first))]))
}

test('a group of one maker', () => {
  const [first] = groupsOf(IMAGE_TOPOLOGIES.cascade())
  assert.deepEqual(first, { name: 'first', makers: ['first'], layers: ['first', 'bn', 'second'], channels: Array.from({ length: 8 }, (_, root) => ({ root, places: 1 })), size: 8, frozen: [], notes: [] })
})

test('of several makers it has the name of the first, and layers stand in the order of the model', () => {
  const [first, inner] = groupsOf(IMAGE_TOPOLOGIES.residual())
  assert.deepEqual([first!.name, first!.makers, first!.layers], ['first', ['first', 'back'], ['first', 'inner', 'back', 'bn', 'last']])
  assert.deepEqual([inner!.name, inner!.makers, inner!.layers], ['inner', ['inner'], ['inner', 'back']])
})

test('layers that make several kinds are named with the kind', () => {
  assert.deepEqual(groupsOf(SEQUENCE_TOPOLOGIES.attentionAlone()).map(({ name }) => name), ['first', 'second', 'heads/heads', 'heads/outputs', 'out'])
  assert.deepEqual(groupsOf(SEQUENCE_TOPOLOGIES.bidirectional()).map(({ name, makers }) => [name, ...makers]), [['both/forward_layer', 'both'], ['out', 'out']])
})

test('a channel that stands at several places of its maker', () => {
  const [first, second] = groupsOf(IMAGE_TOPOLOGIES.grouped())
  assert.deepEqual([first!.size, first!.channels.map(({ places }) => places)], [8, [2, 2, 2, 2]])
  assert.deepEqual([second!.size, second!.channels.map(({ places }) => places)], [6, [2, 2, 2]])
})

test('channels of one maker of which some are joined with others make two groups', () => {
  const groups = between((graph, first) => {
    const half = graph.add('GetItem', { name: 'half' }, [first], [tensorOf(first), [slice(null, null), slice(0, 2)]])[0]!
    const sum = graph.one('Add', { name: 'sum' }, half, graph.one('Dense', { name: 'other', units: 2 }, first))
    return graph.one('Concatenate', { name: 'both' }, first, sum)
  })
  assert.deepEqual(groups.map(({ name, makers, size, channels }) => [name, makers, size, channels.length]), [['first', ['first', 'other'], 2, 2], ['first', ['first'], 4, 4], ['out', ['out'], 2, 0]])
})

test('a group of which some channels stay counts their places, and says why they stay', () => {
  const groups = between((graph, first) => {
    const half = graph.add('GetItem', { name: 'half' }, [first], [tensorOf(first), [slice(null, null), slice(0, 2)]])[0]!
    return graph.one('Concatenate', { name: 'both' }, first, graph.one('Softmax', { name: 'softmax' }, half))
  })
  assert.deepEqual([groups[0]!.size, groups[0]!.channels.length, groups[0]!.frozen], [6, 4, ['softmax compares its channels with one another']])
})

test('layers that are to be left alone keep their channels, with the reason that is given', () => {
  const architecture = readArchitecture(IMAGE_TOPOLOGIES.residual())
  const groups = groupChannels(coupleChannels(architecture, { keep: (layer) => layer === 'back' ? 'the recipe skips back' : undefined }))
  assert.deepEqual(groups.map(({ name, channels, frozen }) => [name, channels.length, ...frozen]), [
    ['first', 0, 'the recipe skips back'], ['inner', 4], ['last', 5], ['out', 0, 'its channels are the outputs of the model'],
  ])
})

test('outputs of the model stay unless they may go', () => {
  const architecture = readArchitecture(IMAGE_TOPOLOGIES.cascade())
  assert.deepEqual(groupChannels(followChannels(architecture)).map(({ name, channels }) => [name, channels.length]), [['first', 8], ['second', 6], ['out', 2]])
})

test('axes that may go are told once each, those with a channel that stays are not', () => {
  const { sets, ...structure } = coupleChannels(readArchitecture(IMAGE_TOPOLOGIES.split()))
  const axes = freeAxes({ sets, ...structure }).map((roots) => roots.join())
  // The whole, its two parts, and what is made of them; the model's outputs stay.
  assert.deepEqual(axes, ['0,1,2,3,4,5,6,7', '0,1,2,3', '4,5,6,7', '8,9,10,11', '12,13', '8,9,10,11,12,13'])
})

test('a model without a layer graph is refused with the reason', () => {
  const lambda = { class_name: 'Sequential', config: { name: 'm', layers: [{ class_name: 'Dense', config: { name: 'd', units: 2, batch_input_shape: [null, 3] } }, { class_name: 'Lambda', config: { name: 'f' } }] } }
  assert.throws(() => coupleChannels(readArchitecture(lambda)), { code: 'unsupported-layer', message: /^channels are taken out along the layer graph .*Lambda/ })
})

const IN_STEPS = (graph: GraphBuilder, first: Value): Value => graph.one('Reshape', { target_shape: [1, 6] }, first)

describe('channels of `first` stay, and the group says why', () => {
  const cases: Array<[string, (graph: GraphBuilder, first: Value) => Value, string]> = [
    ['softmax', (graph, first) => graph.one('Softmax', {}, first), 'softmax compares its channels with one another'],
    ['softmax of a dense layer', (graph, first) => graph.one('Activation', { activation: 'softmax' }, first), 'softmax compares its channels with one another'],
    ['log softmax', (graph, first) => graph.one('Activation', { activation: 'log_softmax' }, first), 'log_softmax compares its channels with one another'],
    ['products of two values', (graph, first) => graph.one('Flatten', {}, graph.one('Dot', { axes: 1 }, first, first)), 'products of its channels are summed'],
    ['masking', (graph, first) => graph.one('Flatten', {}, graph.one('Masking', { mask_value: 0 }, IN_STEPS(graph, first))), 'it is masked by its values'],
    ['rescaling by a list', (graph, first) => graph.one('Rescaling', { scale: [1, 2, 3, 4, 5, 6], offset: 0 }, first), 'it is scaled by numbers in the configuration'],
    ['normalisation by numbers of the configuration', (graph, first) => graph.one('Normalization', { axis: -1, mean: [1, 2, 3, 4, 5, 6], variance: [1, 1, 1, 1, 1, 1] }, first), 'it is normalised by numbers in the configuration'],
    ['the size in a dropout', (graph, first) => graph.one('Dropout', { rate: 0.5, noise_shape: [null, 6] }, first), 'its size stands in the noise_shape of a dropout'],
    ['a mean over channels', (graph, first) => graph.one('Mean', { axis: -1, keepdims: true }, first), 'an operation goes over all of its channels'],
    ['one channel that is picked', (graph, first) => graph.one('Reshape', { target_shape: [1] }, graph.add('GetItem', {}, [first], [tensorOf(first), [slice(null, null), 2]])[0]!), 'one of its channels is picked by number'],
    ['what a model is given is added', (graph, first) => graph.one('Add', {}, first, { layer: graph.layers[0]!.name as string, node: 0, output: 0, shape: [null, 6] }), 'its channels are joined with values that stay as they are'],
    ['lookups', (graph, first) => graph.one('Flatten', {}, graph.one('Embedding', { input_dim: 4, output_dim: 3 }, first)), 'its values are looked up as indices'],
    ['attention without weights', (graph, first) => graph.one('Flatten', {}, graph.one('Attention', {}, IN_STEPS(graph, first), IN_STEPS(graph, first))), 'query and key are compared over their channels'],
    ['steps of a sequence', (graph, first) => graph.one('LSTM', { units: 3 }, graph.one('Reshape', { target_shape: [6, 1] }, first)), 'its channels are steps of a sequence'],
    ['positions of a convolution', (graph, first) => graph.one('Flatten', {}, graph.one('Conv1D', { filters: 3, kernel_size: 2 }, graph.one('Reshape', { target_shape: [6, 1] }, first))), 'its channels are positions of a convolution'],
    ['positions that are pooled', (graph, first) => graph.one('GlobalMaxPooling1D', {}, graph.one('Reshape', { target_shape: [6, 1] }, first)), 'its channels are positions'],
    ['channels taken apart', (graph, first) => graph.one('Flatten', {}, graph.add('Unstack', { num: 6, axis: 1 }, [graph.one('Reshape', { target_shape: [6, 1] }, first)])[0]!), 'its channels are taken apart'],
  ]
  for (const [name, build, reason] of cases) {
    test(name, () => {
      const [first] = between(build)
      assert.deepEqual([first!.name, first!.channels.length, first!.frozen], ['first', 0, [reason]])
    })
  }
})

describe('channels that are normalised together may go, with a note', () => {
  for (const [className, config] of [['LayerNormalization', {}], ['RMSNormalization', {}], ['UnitNormalization', {}]] as const) {
    test(className, () => {
      const [first] = between((graph, value) => graph.one(className, config, value))
      assert.deepEqual([first!.channels.length, first!.notes], [6, [OVER_CHANNELS]])
    })
  }

  test('batch normalisation and groups of channels need none', () => {
    for (const [className, config] of [['BatchNormalization', {}], ['GroupNormalization', { groups: 3 }]] as const) {
      assert.deepEqual(between((graph, value) => graph.one(className, config, value))[0]!.notes, [])
    }
  })
})
