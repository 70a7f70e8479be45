/** Models whose form changed, in memory: the new architecture, the new tensors beside the old ones, the shapes that Keras noted, and what does not fit. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { editLayers } from '../../../src/models/architecture/edit-layers.ts'
import { withBuildShapes } from '../../../src/models/architecture/build-shapes.ts'
import { readArchitecture } from '../../../src/models/architecture/index.ts'
import { countModel } from '../../../src/models/counts.ts'
import type { Json } from '../../../src/models/json.ts'
import type { ModelFile } from '../../../src/models/model.ts'
import { remadeModel } from '../../../src/models/remade.ts'
import { sizeOf } from '../../../src/models/tensor.ts'
import { narrowed, narrowing, NARROWINGS } from '../../support/narrowed.ts'
import { modelOf, parametersOf, weightsOf } from './formats-helpers.ts'

const FILES = [
  ['test/fixtures/models/mlp.keras', 'mlp'], ['test/fixtures/models/mlp.h5', 'mlp'], ['test/fixtures/models/mlp-keras2.h5', 'mlp'],
  ['examples/lenet5.keras', 'lenet5'], ['test/fixtures/models/lenet5.h5', 'lenet5'],
  ['test/fixtures/models/resnet8.keras', 'resnet8'], ['test/fixtures/models/resnet8.h5', 'resnet8'],
  ['test/fixtures/formats/nested.keras', 'nested'], ['test/fixtures/formats/nested.h5', 'nested'],
  ['test/fixtures/formats/sequences.keras', 'sequences'], ['test/fixtures/formats/sequences.h5', 'sequences'],
  ['test/fixtures/formats/types.keras', 'types'],
] as const

/** All entries of a configuration by path, models too. */
function entriesOf (config: Json): Map<string, Json> {
  const entries = new Map<string, Json>()
  const note = (path: string, entry: Json) => {
    entries.set(path, entry)
    return entry
  }
  editLayers(config, note, note)
  return entries
}

const tensorsOf = (model: ModelFile) => new Map(model.layers.flatMap(({ path, weights }) => weights.map(({ role, tensor }) => [`${path}/${role}`, tensor])))

describe('remadeModel', () => {
  for (const [file, name] of FILES) {
    test(`${file}: layers, shapes and values`, async () => {
      const model = await modelOf(file)
      const { tensors } = await narrowing(model, NARROWINGS[name])
      const remade = await narrowed(model, NARROWINGS[name])
      assert.equal(remade.remade, true)
      assert.equal(remade.hasOptimizerState, false)
      assert.equal(remade.lostOptimizerState, model.hasOptimizerState ? true : undefined)
      for (const key of ['format', 'source', 'producer', 'rest'] as const) assert.equal(remade[key], model[key])
      const paths = ({ layers }: ModelFile) => layers.map(({ path, className, weights }) => [path, className, weights.map(({ role, tensor }) => [role, tensor.key, tensor.type])])
      assert.deepEqual(paths(remade), paths(model))
      for (const [index, { layer, weights }] of remade.layers.entries()) {
        assert.equal(layer, remade.architecture.layers[index])
        assert.deepEqual(weights.map(({ spec, tensor }) => [spec!.shape, tensor.shape]), layer.weights!.map(({ shape }) => [shape, shape]))
        assert.ok(weights.every(({ spec }, at) => spec === layer.weights![at]))
      }
      const [before, after] = [tensorsOf(model), tensorsOf(remade)]
      for (const [weight, tensor] of after) {
        const given = tensors.get(tensor.key)
        if (given === undefined) assert.equal(tensor, before.get(weight), weight)
        else assert.deepEqual([tensor.shape, await tensor.read()], [given.shape, given.values], weight)
      }
      const gone = [...tensors].reduce((sum, [key, { shape }]) => sum + sizeOf([...before.values()].find((one) => one.key === key)!.shape) - sizeOf(shape), 0)
      assert.equal(parametersOf(remade), parametersOf(model) - gone)
      const counts = await countModel(remade)
      const trained = remade.layers.flatMap(({ weights }) => weights).filter(({ spec }) => spec!.trainable)
      assert.equal(counts.weights, trained.reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0))
      assert.ok(counts.macs! < (await countModel(model)).macs!)
      assert.deepEqual(remade.architecture.graph!.outputShapes, model.architecture.graph!.outputShapes)
    })
  }

  test('by hand: the kernel without its second column, in pieces of any size', async () => {
    const model = await modelOf('test/fixtures/formats/types.keras')
    const { tensor: before } = model.layers.find(({ path }) => path === 'dense_float16')!.weights[0]!
    const { tensor } = (await narrowed(model, NARROWINGS.types)).layers.find(({ path }) => path === 'dense_float16')!.weights[0]!
    const values = await before.read()
    assert.deepEqual([before.shape, tensor.shape], [[4, 6], [4, 5]])
    const wanted = Float32Array.from([0, 1, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 21, 22, 23], (index) => values[index]!)
    assert.deepEqual(await tensor.read(), wanted)
    for (const length of [1, 7, 20, 1000]) {
      const pieces: number[][] = []
      for await (const piece of tensor.chunks(length)) pieces.push([...piece])
      assert.ok(pieces.every((piece, index) => piece.length === Math.min(length, 20 - index * length)))
      assert.deepEqual(Float32Array.from(pieces.flat()), wanted)
    }
  })

  test('values are rounded to the type in which they will be stored', async () => {
    const model = await modelOf('test/fixtures/formats/types.keras')
    const { config, tensors } = await narrowing(model, NARROWINGS.types)
    const third = new Map([...tensors].map(([key, { shape }]) => [key, { shape, values: new Float32Array(sizeOf(shape)).fill(1 / 3) }]))
    const weights = await weightsOf(remadeModel(model, config, third))
    // numpy.float16(1/3), ml_dtypes.bfloat16(1/3), numpy.float32(1/3)
    const expected = { dense_float16: 0.333251953125, dense_bfloat16: 0.333984375, dense_float64: 0.3333333432674408, dense_mixed_float16: 0.3333333432674408 }
    for (const [layer, value] of Object.entries(expected)) assert.deepEqual(new Set(weights.get(`${layer}/kernel`)), new Set([value]))
  })

  test('a remade model is remade again', async () => {
    const model = await modelOf('test/fixtures/models/mlp.keras')
    const first = await narrowed(model, NARROWINGS.mlp)
    const again = await narrowed(first, { settings: { dense_1: { units: 97 } }, dropped: { 'dense_1/kernel': { 1: [97] }, 'dense_1/bias': { 0: [97] }, 'dense_2/kernel': { 0: [97] } } })
    assert.deepEqual([...tensorsOf(again).values()].map(({ shape }) => shape), [[784, 296], [296], [296, 97], [97], [97, 10], [10]])
    assert.equal(tensorsOf(again).get('dense/kernel'), tensorsOf(first).get('dense/kernel'))
    assert.equal(again.lostOptimizerState, true)
  })
})

describe('shapes that Keras noted', () => {
  const buildOf = (entries: ReadonlyMap<string, Json>, path: string) => entries.get(path)!.build_config

  test('follow the graph, one by one and in lists; the batch axis stays', async () => {
    const entries = entriesOf((await narrowed(await modelOf('test/fixtures/models/resnet8.keras'), NARROWINGS.resnet8)).config)
    assert.deepEqual(buildOf(entries, 'conv2d_3'), { input_shape: [null, 28, 28, 6] })
    assert.deepEqual(buildOf(entries, 'batch_normalization_1'), { input_shape: [null, 28, 28, 5] })
    assert.deepEqual(buildOf(entries, 'add'), { input_shape: [[null, 28, 28, 6], [null, 28, 28, 6]] })
    assert.deepEqual(buildOf(entries, 'add_1'), { input_shape: [[null, 14, 14, 16], [null, 14, 14, 16]] })
  })

  test('of nested models, their inputs, and the tensors that calls name', async () => {
    const entries = entriesOf((await narrowed(await modelOf('test/fixtures/formats/nested.keras'), NARROWINGS.nested)).config)
    assert.deepEqual(buildOf(entries, 'encoder/separable'), { input_shape: [null, 3, 3, 2] })
    assert.deepEqual((entries.get('encoder/picture')!.config as Json).batch_shape, [null, 6, 6, 2])
    assert.deepEqual((entries.get('head/input_layer')!.config as Json).batch_shape, [null, 2])
    assert.deepEqual(buildOf(entries, 'head'), { input_shape: [null, 2] })
    assert.deepEqual((entries.get('head')!.config as Json).build_input_shape, [null, 2])
    const shapes = [...JSON.stringify(entries.get('add')!.inbound_nodes).matchAll(/"shape":(\[[^\]]*\])/g)].map(([, shape]) => shape)
    assert.deepEqual(shapes, ['[null,3]', '[null,3]'])
    assert.deepEqual([...JSON.stringify(entries.get('head')!.inbound_nodes).matchAll(/"shape":(\[[^\]]*\])/g)].map(([, shape]) => shape), ['[null,2]', '[null,2]'])
  })

  test('of what layers are made of they are left out where the layer changed', async () => {
    const model = await modelOf('test/fixtures/formats/sequences.keras')
    const [before, after] = [entriesOf(model.config), entriesOf((await narrowed(model, NARROWINGS.sequences)).config)]
    const inner = (entry: Json) => JSON.stringify(entry.config).split('"build_config"').length - 1
    assert.deepEqual(['both', 'stack', 'distributed'].map((path) => [inner(before.get(path)!) > 0, inner(after.get(path)!)]), [[true, 0], [true, 0], [true, 0]])
    // The input of this one is the same as before, its cells are not.
    assert.deepEqual(buildOf(after, 'stack'), { input_shape: [null, 5, 3] })
    assert.deepEqual(buildOf(after, 'distributed'), { input_shape: [null, 5, 5] })
    assert.deepEqual(buildOf(after, 'heads'), { shapes_dict: { query_shape: [null, 5, 4], value_shape: [null, 5, 4] } })
    assert.equal(withBuildShapes(model.config, model.architecture, model.architecture), model.config)
  })

  test('of Keras 2: a nested Sequential tells its input at its first layer; calls name no shapes', () => {
    const written = (units: number) => ({
      class_name: 'Functional',
      config: {
        name: 'm',
        layers: [
          { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_input_shape: [null, 8] }, inbound_nodes: [] },
          { class_name: 'Dense', name: 'wide', config: { name: 'wide', units }, inbound_nodes: [[['x', 0, 0, {}]]] },
          { class_name: 'Sequential', name: 'tail', config: { name: 'tail', layers: [{ class_name: 'Dense', config: { name: 'last', units: 2, batch_input_shape: [null, 6] } }] }, inbound_nodes: [[['wide', 0, 0, {}]]] },
        ],
        input_layers: [['x', 0, 0]],
        output_layers: [['tail', 1, 0]],
      },
    })
    const read = (config: Json) => readArchitecture(config, { kerasVersion: '2.15.0' })
    const after = withBuildShapes(written(4), read(written(6)), read(written(4)))
    assert.deepEqual(after, JSON.parse(JSON.stringify(written(4)).replace('[null,6]', '[null,4]')))
  })

  test('a configuration whose shapes are right already is kept as it is given', async () => {
    const model = await modelOf('test/fixtures/formats/nested.keras')
    const { config } = await narrowed(model, NARROWINGS.nested)
    const { tensors } = await narrowing(model, NARROWINGS.nested)
    assert.deepEqual(remadeModel(model, config, tensors).config, config)
    assert.equal(remadeModel(model, model.config, new Map()).config, model.config)
  })

  test('of several inputs that are told by name: each, or none where two that were the same differ now', async () => {
    const model = await modelOf('test/fixtures/formats/sequences.keras')
    const attention = [...entriesOf(model.config)].filter(([, { class_name: name }]) => name === 'MultiHeadAttention')
    assert.deepEqual(attention.map(([, { build_config: build }]) => build), [{ shapes_dict: { query_shape: [null, 5, 6], value_shape: [null, 5, 6] } }])
    const [first, ...others] = ['a', 'b'].map((name) => ({ class_name: 'InputLayer', name, config: { name, batch_shape: [null, 5, 6] }, inbound_nodes: [] }))
    const tensor = (name: string) => ({ class_name: '__keras_tensor__', config: { shape: [null, 5, 6], dtype: 'float32', keras_history: [name, 0, 0] } })
    const dense = (name: string, of: string, units: number) => ({ class_name: 'Dense', name, config: { name, units }, build_config: { input_shape: [null, 5, 6] }, inbound_nodes: [{ args: [tensor(of)], kwargs: {} }] })
    const built = { shapes_dict: { query_shape: [null, 5, 6], value_shape: [null, 5, 6] } }
    const mixed = (left: number, right: number) => ({
      class_name: 'Functional',
      config: {
        name: 'm',
        layers: [
          first, ...others, dense('left', 'a', left), dense('right', 'b', right),
          { class_name: 'MultiHeadAttention', name: 'mixed', config: { name: 'mixed', num_heads: 2, key_dim: 3, output_shape: [6] }, build_config: built, inbound_nodes: [{ args: [tensor('left'), tensor('right')], kwargs: {} }] },
        ],
        input_layers: [['a', 0, 0], ['b', 0, 0]],
        output_layers: [['mixed', 0, 0]],
      },
    })
    const remade = (left: number, right: number) => {
      const config = mixed(6, 6)
      const architecture = readArchitecture(config)
      const source: ModelFile = { ...model, config, architecture, layers: architecture.layers.map((layer) => ({ path: layer.path, className: layer.className, layer, weights: layer.weights!.map((spec) => ({ role: spec.role, spec, prunable: spec.prunable, tensor: { ...tensorsOf(model).values().next().value!, key: `${layer.path}/${spec.role}`, shape: spec.shape } })) })) }
      const specs = readArchitecture(mixed(left, right)).layers.flatMap(({ path, weights }) => weights!.map(({ role, shape }) => [`${path}/${role}`, { shape, values: new Float32Array(sizeOf(shape)) }] as const))
      return buildOf(entriesOf(remadeModel(source, mixed(left, right), new Map(specs)).config), 'mixed')
    }
    assert.deepEqual(remade(4, 4), { shapes_dict: { query_shape: [null, 5, 4], value_shape: [null, 5, 4] } })
    assert.equal(remade(4, 6), undefined)
  })
})

describe('what does not fit', () => {
  test('names layer and weight', async () => {
    const model = await modelOf('test/fixtures/models/mlp.keras')
    const { config, tensors } = await narrowing(model, NARROWINGS.mlp)
    const { tensor } = model.layers.find(({ path }) => path === 'dense_1')!.weights[0]!
    const others = new Map(tensors)
    others.delete(tensor.key)
    const wrong = (given: typeof tensors, message: RegExp) => assert.throws(() => remadeModel(model, config, given), { code: 'internal', message })
    wrong(others, /layer dense_1: its kernel has the shape \[300, 100\], by the new configuration it must have \[296, 98\]/)
    wrong(new Map([...tensors, [tensor.key, { shape: [296, 98], values: new Float32Array(5) }]]), /layer dense_1: its kernel is given 5 values, the shape \[296, 98\] needs 29008/)
    wrong(new Map([...tensors, ['nowhere', { shape: [1], values: new Float32Array(1) }]]), /no tensor nowhere/)
  })

  test('other layers, or other weights of them', async () => {
    const model = await modelOf('test/fixtures/models/mlp.keras')
    const edited = (edit: (config: Json) => Json) => editLayers(model.config, (path, entry) => path === 'dense_2' ? { ...entry, config: edit(entry.config as Json) } : entry)
    const wrong = (config: Json, message: RegExp) => assert.throws(() => remadeModel(model, config, new Map()), { code: 'internal', message })
    wrong(edited((config) => ({ ...config, name: 'last' })), /has a layer last, which the model does not have/)
    wrong(edited((config) => ({ ...config, use_bias: false })), /layer dense_2: by the new configuration it has 1 weights, the model has 2/)
    const layers = ((model.config.config as Json).layers as Json[]).slice(0, -1)
    wrong({ ...model.config, config: { ...model.config.config as Json, layers } }, /has no layer dense_2/)
    wrong(edited((config) => ({ ...config, activation: 'own>activation' })), /gives no layer graph/)
  })

  test('models without a layer graph', async () => {
    for (const file of ['formats/unknown.keras', 'onnx/convolutions.onnx', 'tfjs-graph/convolutions.zip']) {
      const model = await modelOf(`test/fixtures/${file}`)
      assert.throws(() => remadeModel(model, model.config, new Map()), { code: 'unsupported-format', message: new RegExp(`the form of this ${model.format} model cannot be changed`) })
    }
  })
})
