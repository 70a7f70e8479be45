/** Graph edits of configurations: the order that Keras keeps, layers put in before others, layers taken out, and what is refused. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { insertBefore, takeOut } from '../../../src/models/architecture/insert-layers.ts'
import { inKerasOrder } from '../../../src/models/architecture/keras-order.ts'
import { readArchitecture } from '../../../src/models/architecture/index.ts'
import type { Json } from '../../../src/models/json.ts'
import { modelOf } from './formats-helpers.ts'

const dense = (name: string, units: number): Json => ({ module: 'keras.layers', class_name: 'Dense', config: { name, units }, registered_name: null })
const tensor = (layer: string, node: number, size: number): Json => ({ class_name: '__keras_tensor__', config: { shape: [null, size], dtype: 'float32', keras_history: [layer, node, 0] } })
const call = (...tensors: Json[]): Json => ({ args: tensors.length === 1 ? tensors : [tensors], kwargs: {} })

/** x -> shared -> add(shared(x), shared(y)) -> out, in Keras 3's form. */
const TWICE: Json = {
  class_name: 'Functional', module: 'keras.src.models.functional', registered_name: 'Functional',
  config: {
    name: 'twice', trainable: true,
    layers: [
      { class_name: 'InputLayer', config: { name: 'x', batch_shape: [null, 6] }, name: 'x', inbound_nodes: [] },
      { class_name: 'InputLayer', config: { name: 'y', batch_shape: [null, 6] }, name: 'y', inbound_nodes: [] },
      { ...dense('shared', 5), name: 'shared', inbound_nodes: [call(tensor('x', 0, 6)), call(tensor('y', 0, 6))] },
      { class_name: 'Add', config: { name: 'add' }, name: 'add', inbound_nodes: [call(tensor('shared', 0, 5), tensor('shared', 1, 5))] },
      { ...dense('out', 2), name: 'out', inbound_nodes: [call(tensor('add', 0, 5))] },
    ],
    input_layers: [['x', 0, 0], ['y', 0, 0]],
    output_layers: [['out', 0, 0]],
  },
}

const insertion = (name: string, units: number) => ({ entry: { ...dense(name, units), name }, output: (shape: readonly (number | null)[]) => [...shape.slice(0, -1), units] })
const namesOf = (config: Json): unknown[] => ((config.config as Json).layers as Json[]).map((layer) => (layer.config as Json).name)
const nodesOf = (config: Json): Array<[string, string[], unknown]> => {
  const { layers, graph } = readArchitecture(config)
  const name = (node: number): string => layers[graph!.nodes[node]!.layer]!.path
  return graph!.nodes.map(({ layer, inputs, outputShapes }) => [layers[layer]!.path, inputs.map(({ node }) => name(node)), outputShapes[0]])
}

describe('the order of Keras', () => {
  for (const file of ['test/fixtures/models/resnet8.keras', 'test/fixtures/models/resnet8.h5', 'test/fixtures/formats/nested.keras', 'test/fixtures/formats/nested.h5', 'test/fixtures/formats/sequences.keras', 'test/fixtures/formats/convolutions.keras']) {
    test(`${file}, which Keras wrote, is in it, from any other order`, async () => {
      const { config } = await modelOf(file)
      const layers = (config.config as Json).layers as Json[]
      if ((config.config as Json).output_layers === undefined) return
      assert.deepEqual(inKerasOrder(config, [...layers].reverse()).map(({ name }) => name), layers.map(({ name }) => name))
    })
  }
})

describe('insertBefore', () => {
  test('a layer that is called twice is fed by two calls of each new one, in their order', () => {
    const edited = insertBefore(TWICE, 'shared', [insertion('a', 3), insertion('b', 4)])
    assert.deepEqual(namesOf(edited), ['x', 'y', 'a', 'b', 'shared', 'add', 'out'])
    assert.deepEqual(nodesOf(edited), [
      ['x', [], [null, 6]], ['y', [], [null, 6]],
      ['a', ['x'], [null, 3]], ['b', ['a'], [null, 4]], ['shared', ['b'], [null, 5]],
      ['a', ['y'], [null, 3]], ['b', ['a'], [null, 4]], ['shared', ['b'], [null, 5]],
      ['add', ['shared', 'shared'], [null, 5]], ['out', ['add'], [null, 2]],
    ])
    const shared = ((edited.config as Json).layers as Json[])[4]!
    assert.deepEqual(shared.inbound_nodes, [call(tensor('b', 0, 4)), call(tensor('b', 1, 4))], 'the shape that is noted is that of the new input')
    assert.deepEqual(namesOf(TWICE), ['x', 'y', 'shared', 'add', 'out'], 'the configuration that was given stays as it is')
  })

  test('Keras 2 writes calls as lists', () => {
    const legacy: Json = {
      class_name: 'Functional',
      config: {
        name: 'm',
        layers: [
          { class_name: 'InputLayer', config: { name: 'x', batch_input_shape: [null, 6] }, name: 'x', inbound_nodes: [] },
          { class_name: 'Dense', config: { name: 'one', units: 5 }, name: 'one', inbound_nodes: [[['x', 0, 0, {}]]] },
        ],
        input_layers: [['x', 0, 0]], output_layers: [['one', 0, 0]],
      },
    }
    const edited = insertBefore(legacy, 'one', [insertion('a', 3)])
    assert.deepEqual(((edited.config as Json).layers as Json[]).map(({ inbound_nodes: nodes }) => nodes), [[], [[['x', 0, 0, {}]]], [[['a', 0, 0, {}]]]])
    assert.deepEqual(readArchitecture(edited).graph!.outputShapes, [[null, 5]])
  })

  test('a Sequential, a bare list, and a path that is not there', () => {
    const config = { class_name: 'Sequential', config: [{ class_name: 'Dense', config: { name: 'p', units: 3, batch_input_shape: [null, 4] } }, { class_name: 'Dense', config: { name: 'q', units: 2 } }] }
    const edited = insertBefore(config, 'q', [insertion('a', 1)])
    assert.deepEqual((edited.config as Json[]).map((layer) => (layer.config as Json).name), ['p', 'a', 'q'])
    assert.throws(() => insertBefore(config, 'r', [insertion('a', 1)]), { code: 'internal', message: /layer r is written in 0 places/ })
  })
})

describe('takeOut', () => {
  test('readers read what the layer read, call by call', () => {
    const edited = takeOut(insertBefore(TWICE, 'shared', [insertion('a', 6)]), 'a')
    assert.deepEqual(nodesOf(edited), nodesOf(TWICE))
  })

  test('an output of the model becomes that of the layer before', () => {
    const edited = takeOut(TWICE, 'out')
    assert.deepEqual((edited.config as Json).output_layers, [['add', 0, 0]])
    assert.deepEqual(readArchitecture(edited).graph!.outputShapes, [[null, 5]])
  })

  test('a layer of two inputs cannot be taken out', () => {
    assert.throws(() => takeOut(TWICE, 'add'), { code: 'internal', message: /takes 2 inputs/ })
  })
})
