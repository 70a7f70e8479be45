/** Dead channels of chains of layers: what goes, what is taken up, and what stays for which reason. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../../../../src/models/json.ts'
import { deadModel, type DeadModel, type Value } from '../../../support/dead-model.ts'
import type { GraphBuilder } from '../../../support/graph-builder.ts'

const add = (graph: GraphBuilder, name: string, config: Json, ...inputs: Value[]): Value => graph.add(name, config, inputs)[0]!

/** Two units, then a layer that reads them; all weights are 1. */
const pair = (activation = 'relu', reader: Json = {}): DeadModel => deadModel([3], (graph, x) => {
  const hidden = add(graph, 'Dense', { units: 2, activation }, x)
  return [add(graph, 'Dense', { units: 2, ...reader }, hidden)]
})

/** A convolution of two filters, layers behind it, and a last convolution that reads them. */
function images (between: (graph: GraphBuilder, x: Value) => Value, reader: Json, first: Json = {}): DeadModel {
  return deadModel([8, 8, 1], (graph, x) => {
    const filters = add(graph, 'Conv2D', { filters: 2, kernel_size: 3, ...first }, x)
    return [add(graph, 'Conv2D', { filters: 1, kernel_size: 3, ...reader }, between(graph, filters))]
  })
}

const same = (_: GraphBuilder, x: Value): Value => x

describe('units', () => {
  test('that nothing reads go, whatever they are', () => {
    const { gone, weight } = pair().set('dense_2/kernel', [1, null], 0).find()
    assert.deepEqual(gone, { dense_1: [1] })
    assert.equal(weight('dense_2/bias'), undefined)
    assert.deepEqual(pair().set('dense_2/kernel', [1, 0], 0).find().gone, {})
  })

  test('that are one number go, and the number goes into the biases', () => {
    const zero = pair().set('dense_1/kernel', [null, 1], 0)
    const none = zero.set('dense_1/bias', [1], 0).find()
    assert.deepEqual([none.gone, none.weight('dense_2/bias'), none.stays], [{ dense_1: [1] }, undefined, []])
    const half = zero.set('dense_1/bias', [1], 0.5).set('dense_2/kernel', [1, 0], 2).set('dense_2/kernel', [1, 1], 3).find()
    assert.deepEqual([half.gone, half.weight('dense_2/bias')], [{ dense_1: [1] }, [1 + 0.5 * 2, 1 + 0.5 * 3]])
    // relu(-1) = 0
    assert.deepEqual(zero.set('dense_1/bias', [1], -1).find().weight('dense_2/bias'), undefined)
    const sigmoid = pair('sigmoid').set('dense_1/kernel', [null, 1], 0).set('dense_1/bias', [1], 0).find()
    assert.deepEqual([sigmoid.gone, sigmoid.weight('dense_2/bias')], [{ dense_1: [1] }, [1.5, 1.5]])
  })

  test('stay where nothing can take their number up', () => {
    const { gone, stays } = pair('relu', { use_bias: false }).set('dense_1/kernel', [null, 1], 0).find()
    assert.deepEqual([gone, stays], [{}, ['1 of dense_1: read by dense_2 as numbers other than 0, and it has no bias']])
    const narrow = pair().set('dense_1/kernel', [null, 1], 0).narrow('dense_2/bias').find()
    assert.match(narrow.stays[0]!, /half precision/)
    // A 0 needs nothing.
    assert.deepEqual(pair('relu', { use_bias: false }).set('dense_1/kernel', [null, 1], 0).set('dense_1/bias', [1], 0).find().gone, { dense_1: [1] })
  })

  test('that only dead units read are dead, and of units that are fed by constants alone the constants are passed on', () => {
    const chain = () => deadModel([3], (graph, x) => [add(graph, 'Dense', { units: 1 }, add(graph, 'Dense', { units: 2, activation: 'relu' }, add(graph, 'Dense', { units: 2, activation: 'relu' }, x)))])
    const read = chain().set('dense_3/kernel', [1, null], 0).set('dense_2/kernel', [0, 0], 0)
    assert.deepEqual(read.find().gone, { dense_1: [0], dense_2: [1] })
    const fed = chain().set('dense_1/kernel', [null, 1], 0).set('dense_1/bias', [1], 2).set('dense_2/kernel', [0, 1], 0).set('dense_2/kernel', [1, 1], 3).find()
    // relu(2) * 3 + 1 = 7
    assert.deepEqual([fed.gone, fed.weight('dense_3/bias')], [{ dense_1: [1], dense_2: [1] }, [1 + 7]])
  })

  test('one of each layer stays, cut off', () => {
    const { gone, weight, stays } = pair().set('dense_1/kernel', [null, null], 0).find()
    assert.deepEqual([gone, weight('dense_2/bias'), weight('dense_2/kernel')], [{ dense_1: [1] }, [3, 3], [0, 0, 0, 0]])
    assert.deepEqual(stays, ['1 of dense_1: a layer keeps one channel at least', '2 of dense_2: its channels are the outputs of the model'])
  })

  test('that are outputs of the model stay', () => {
    const { gone, stays } = pair().set('dense_2/kernel', [null, 1], 0).find()
    assert.deepEqual([gone, stays], [{}, ['1 of dense_2: its channels are the outputs of the model']])
  })

  test('of a layer that is applied twice, with numbers that differ, stay', () => {
    const twice = (): DeadModel => deadModel([2], (graph, x) => {
      const [a, b] = [add(graph, 'Dense', { units: 2, use_bias: true }, x), add(graph, 'Dense', { units: 2, use_bias: true }, x)]
      const first = add(graph, 'Dense', { units: 1 }, a)
      return [first, graph.again(first, b)]
    })
    const dead = () => twice().set('dense_1/kernel', [null, 1], 0).set('dense_2/kernel', [null, 1], 0)
    assert.deepEqual(dead().set('dense_2/bias', [1], 2).find().gone, {})
    const { gone, weight } = dead().find()
    assert.deepEqual([gone, weight('dense_3/bias')], [{ dense_1: [1], dense_2: [1] }, [2]])
  })

  test('looked up in a table', () => {
    const { gone, weight } = deadModel([4], (graph, x) => [add(graph, 'Dense', { units: 1 }, add(graph, 'Embedding', { input_dim: 5, output_dim: 3 }, x))]).set('embedding_1/embeddings', [null, 0], 0.5).set('embedding_1/embeddings', [2, 1], 0.25).set('embedding_1/embeddings', [2, 2], 0.75).find()
    assert.deepEqual([gone, weight('dense_2/bias')], [{ embedding_1: [0] }, [1.5]])
  })

  test('of equations, whose bias must tell the columns apart', () => {
    const equation = (biasAxes: string | null) => deadModel([2, 3], (graph, x) => [add(graph, 'EinsumDense', { equation: 'abc,cde->abde', output_shape: [null, 2, 2], bias_axes: biasAxes }, add(graph, 'Dense', { units: 2 }, x))]).set('dense_1/kernel', [null, 1], 0).set('einsumdense_2/kernel', [1, 0, 1], 4)
    const { gone, weight } = equation('de').find()
    assert.deepEqual([gone, weight('einsumdense_2/bias')], [{ dense_1: [1] }, [2, 5, 2, 2]])
    assert.match(equation('e').find().stays[0]!, /bias is shared/)
    assert.match(equation(null).find().stays[0]!, /no bias/)
  })
})

describe('filters', () => {
  const dead = (model: DeadModel, bias: number) => model.set('conv2d_1/kernel', [null, null, null, 1], 0).set('conv2d_1/bias', [1], bias)

  test('borders see only zeros as they see the rest', () => {
    assert.deepEqual(dead(images(same, { padding: 'same' }), 0).find().gone, { conv2d_1: [1] })
    const { gone, stays } = dead(images(same, { padding: 'same' }), 0.5).find()
    assert.deepEqual([gone, stays], [{}, ['1 of conv2d_1: read by conv2d_2 as numbers other than 0, and it pads its input with zeros, so that positions at the borders differ']])
    const { gone: valid, weight } = dead(images(same, { padding: 'valid' }), 0.5).find()
    assert.deepEqual([valid, weight('conv2d_2/bias')], [{ conv2d_1: [1] }, [1 + 9 * 0.5]])
    for (const unpadded of [{ kernel_size: 1, padding: 'same' }, { kernel_size: 2, strides: 2, padding: 'same' }]) assert.deepEqual(dead(images(same, unpadded), 0.5).find().gone, { conv2d_1: [1] })
    assert.deepEqual(dead(images(same, { kernel_size: 2, padding: 'same' }), 0.5).find().gone, {})
  })

  test('a normalisation behind takes numbers up where there is no bias', () => {
    const normalized = (outputs: (last: Value, before: Value) => Value[]) => deadModel([8, 8, 1], (graph, x) => {
      const before = add(graph, 'Conv2D', { filters: 2, kernel_size: 1, use_bias: false }, add(graph, 'Conv2D', { filters: 2, kernel_size: 3 }, x))
      return outputs(add(graph, 'BatchNormalization', {}, before), before)
    })
    const { gone, weight } = dead(normalized((last) => [last]), 0.5).set('conv2d_2/kernel', [null, null, 1, 1], 4).find()
    assert.deepEqual([gone, weight('batchnormalization_3/moving_mean')], [{ conv2d_1: [1] }, [1 - 0.5, 1 - 2]])
    assert.match(dead(normalized((last, before) => [last, before]), 0.5).find().stays[0]!, /no bias/)
  })

  test('a scale of 0 makes a shift of everything', () => {
    const normalized = () => images((graph, x) => add(graph, 'BatchNormalization', {}, x), { padding: 'valid' }).set('batchnormalization_2/gamma', [1], 0)
    const { gone, weight } = normalized().set('batchnormalization_2/beta', [1], 2).find()
    assert.deepEqual([gone, weight('conv2d_3/bias')], [{ conv2d_1: [1] }, [1 + 9 * 2]])
    assert.deepEqual(images((graph, x) => add(graph, 'BatchNormalization', {}, x), {}).find().gone, {})
    // (1 - 3) * 1 / sqrt(0.249 + 0.001) + 1 = -3
    const shifted = dead(images((graph, x) => add(graph, 'BatchNormalization', {}, x), {}), 1).set('batchnormalization_2/moving_mean', [1], 3).set('batchnormalization_2/moving_variance', [1], 0.249).find()
    assert.ok(Math.abs(shifted.weight('conv2d_3/bias')![0]! - (1 - 27)) < 1e-5)
  })

  test('pools and selections of positions leave numbers as they are, padding only zeros', () => {
    for (const [name, config] of [['MaxPooling2D', { pool_size: 3, padding: 'same' }], ['AveragePooling2D', { pool_size: 3, padding: 'same' }], ['Cropping2D', { cropping: 1 }], ['UpSampling2D', { size: 2 }], ['Dropout', { rate: 0.5 }]] as const) {
      const { gone, weight } = dead(images((graph, x) => add(graph, name, config, x), { kernel_size: 1 }), 0.5).find()
      assert.deepEqual([gone, weight('conv2d_3/bias')], [{ conv2d_1: [1] }, [1.5]], name)
    }
    const padded = () => images((graph, x) => add(graph, 'ZeroPadding2D', { padding: 1 }, x), {})
    assert.deepEqual(dead(padded(), 0).find().gone, { conv2d_1: [1] })
    assert.deepEqual(dead(padded(), 0.5).find().stays, ['1 of conv2d_1: not one number any more behind zeropadding2d_2'])
  })

  test('through a depthwise convolution, which pads or not', () => {
    const depthwise = (padding: string) => dead(images((graph, x) => add(graph, 'DepthwiseConv2D', { kernel_size: 3, padding }, x), { kernel_size: 1 }), 0.5)
    const { gone, weight } = depthwise('valid').find()
    assert.deepEqual([gone, weight('conv2d_3/bias')], [{ conv2d_1: [1] }, [1 + 9 * 0.5 + 1]])
    assert.deepEqual(depthwise('same').find().gone, {})
    // A kernel of zeros leaves its bias of what is live.
    const zero = images((graph, x) => add(graph, 'DepthwiseConv2D', { kernel_size: 3, padding: 'same' }, x), { kernel_size: 1 }).set('depthwiseconv2d_2/kernel', [null, null, 1, null], 0).find()
    assert.deepEqual([zero.gone, zero.weight('conv2d_3/bias')], [{ conv2d_1: [1] }, [2]])
  })

  test('a transposed convolution spreads only zeros evenly', () => {
    const transposed = () => deadModel([8, 8, 1], (graph, x) => [add(graph, 'Conv2DTranspose', { filters: 1, kernel_size: 3 }, add(graph, 'Conv2D', { filters: 2, kernel_size: 3 }, x))])
    assert.deepEqual(dead(transposed(), 0).find().gone, { conv2d_1: [1] })
    assert.match(dead(transposed(), 1).find().stays[0]!, /spreads them over positions/)
  })

  test('every position of a flattened filter is read, or none', () => {
    const flat = () => deadModel([4, 4, 1], (graph, x) => [add(graph, 'Dense', { units: 1 }, add(graph, 'Flatten', {}, add(graph, 'Conv2D', { filters: 2, kernel_size: 3 }, x)))])
    const model = flat()
    for (const position of [0, 1, 2]) model.set('dense_3/kernel', [2 * position + 1, null], 0)
    assert.deepEqual(model.find().gone, {})
    assert.deepEqual(model.set('dense_3/kernel', [7, null], 0).find().gone, { conv2d_1: [1] })
    const { gone, weight } = dead(flat(), 0.5).find()
    assert.deepEqual([gone, weight('dense_3/bias')], [{ conv2d_1: [1] }, [1 + 4 * 0.5]])
  })
})
