/** Initialisers against theory, in every spelling, and what is refused. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { mulberry32 } from '../../../src/datasets/random.ts'
import { readArchitecture } from '../../../src/models/architecture/index.ts'
import { INITIALIZERS, initialValues } from '../../../src/models/initializers/index.ts'
import { initializersOf } from '../../../src/models/initializers/settings.ts'
import { sizeOf, type Shape } from '../../../src/models/tensor.ts'
import { readCases } from '../../fixtures/layers/cases.ts'
import { modelOf } from './formats-helpers.ts'
import { drawn, layerOf, modelLayer, momentsOf, unknownWeight } from './initializers-helpers.ts'

const keras3 = (name: string, config: object = {}) => ({ module: 'keras.initializers', class_name: name, config, registered_name: null })

/** A kernel that begins with this initialiser. */
const kernel = (initializer: unknown, shape: Shape, seed = 1) => drawn(layerOf('Dense', { kernel_initializer: initializer }, 'kernel', shape), 'kernel', mulberry32(seed))!

const near = (actual: number, expected: number, tolerance: number) => assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} within ${tolerance}`)

describe('distributions', () => {
  const SHAPE = [400, 250]
  /** Five standard errors of a mean or deviation of so many values. */
  const ERROR = 5 / Math.sqrt(sizeOf(SHAPE))

  test('uniform: mean, variance and bounds', () => {
    const { mean, deviation, min, max } = momentsOf(kernel(keras3('RandomUniform', { minval: -1, maxval: 3 }), SHAPE))
    near(mean, 1, 2 * ERROR)
    near(deviation, 4 / Math.sqrt(12), ERROR)
    assert.ok(min >= -1 && min < -0.999 && max <= 3 && max > 2.999)
  })

  test('normal: the share within one and two deviations', () => {
    const values = kernel(keras3('RandomNormal', { mean: 2, stddev: 0.5 }), SHAPE)
    const { mean, deviation } = momentsOf(values)
    near(mean, 2, ERROR)
    near(deviation, 0.5, ERROR)
    const within = (limit: number) => values.filter((value) => Math.abs(value - 2) < limit * 0.5).length / values.length
    near(within(1), 0.682689, ERROR)
    near(within(2), 0.954500, ERROR)
  })

  test('truncated normal: nothing beyond two deviations, and what is left as a normal has it', () => {
    const values = kernel(keras3('TruncatedNormal', { mean: -1, stddev: 0.5 }), SHAPE)
    const { mean, deviation, min, max } = momentsOf(values)
    near(mean, -1, ERROR)
    near(deviation, 0.5 * 0.87962566103423978, ERROR)
    assert.ok(min > -2 && max < 0)
    near(values.filter((value) => Math.abs(value + 1) < 0.5).length / values.length, 0.682689 / 0.954500, ERROR)
  })

  test('scaling by fans: variance is scale / fan in every distribution', () => {
    for (const distribution of ['uniform', 'truncated_normal', 'untruncated_normal']) {
      for (const [mode, fan] of [['fan_in', 400], ['fan_out', 250], ['fan_avg', 325]] as const) {
        const { mean, deviation } = momentsOf(kernel(keras3('VarianceScaling', { scale: 3, mode, distribution }), SHAPE))
        near(mean, 0, deviation * ERROR)
        near(deviation, Math.sqrt(3 / fan), deviation * ERROR)
      }
    }
  })

  test('orthogonal: columns, or rows where these are fewer, at right angles, of length gain', () => {
    for (const shape of [[40, 40], [90, 30], [30, 90], [3, 3, 5, 20], [2, 2, 2, 30], [1, 7]]) {
      const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape.at(-1)!]
      const values = kernel(keras3('Orthogonal', { gain: 2 }), shape)
      const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)]
      const at = (vector: number, index: number) => rows < columns ? values[vector * columns + index]! : values[index * columns + vector]!
      for (let a = 0; a < count; a++) {
        for (let b = 0; b <= a; b++) {
          let product = 0
          for (let index = 0; index < length; index++) product += at(a, index) * at(b, index)
          near(product, a === b ? 4 : 0, 1e-5)
        }
      }
    }
  })

  test('orthogonal: no direction is preferred', () => {
    // The first entry of a random rotation in the plane is a cosine: mean 0, deviation 1 / sqrt(2); without Keras' change of signs it would be negative.
    const firsts = Float32Array.from({ length: 4000 }, (_, seed) => kernel('orthogonal', [2, 2], seed)[0]!)
    const { mean, deviation } = momentsOf(firsts)
    near(mean, 0, 0.06)
    near(deviation, Math.SQRT1_2, 0.03)
  })

  test('constants and the identity', () => {
    assert.deepEqual([...kernel('zeros', [2, 2])], [0, 0, 0, 0])
    assert.deepEqual([...kernel('ones', [2, 2])], [1, 1, 1, 1])
    assert.deepEqual([...kernel(keras3('Constant', { value: 0.5 }), [2, 2])], [0.5, 0.5, 0.5, 0.5])
    assert.deepEqual([...kernel(keras3('Constant', { value: [[1, 2], [3, 4]] }), [2, 2])], [1, 2, 3, 4])
    assert.deepEqual([...kernel({ class_name: 'Identity', config: { gain: 2 } }, [2, 3])], [2, 0, 0, 0, 2, 0])
  })

  test('the same generator draws the same values, another one others', () => {
    for (const name of ['glorot_uniform', 'he_normal', 'orthogonal', 'random_normal']) {
      assert.deepEqual(kernel(name, [5, 4], 3), kernel(name, [5, 4], 3))
      assert.notDeepEqual(kernel(name, [5, 4], 3), kernel(name, [5, 4], 4))
      assert.deepEqual(kernel(keras3(name, { seed: 9 }), [5, 4], 3), kernel(name, [5, 4], 3))
    }
  })
})

test('one initialiser in every spelling', () => {
  const spellings = {
    glorotuniform: ['glorot_uniform', 'GlorotUniform', 'glorotUniform', keras3('GlorotUniform', { seed: null, input_axes: null, output_axes: null }), { class_name: 'VarianceScaling', config: { scale: 1, mode: 'fan_avg', distribution: 'uniform', seed: null } }, { class_name: 'VarianceScaling', config: { scale: 1, mode: 'fanAvg', distribution: 'uniform' } }, null, undefined],
    lecunnormal: ['lecun_normal', 'LecunNormal', 'leCunNormal', { class_name: 'LeCunNormal', config: {} }, { class_name: 'VarianceScaling', config: {} }, { class_name: 'VarianceScaling', config: { distribution: 'normal', mode: 'fanIn' } }],
    henormal: ['he_normal', 'HeNormal', { class_name: 'VarianceScaling', config: { scale: 2, distribution: 'truncatedNormal' } }],
    randomuniform: ['uniform', 'random_uniform', 'randomUniform', { class_name: 'RandomUniform', config: { minval: -0.05, maxval: 0.05, seed: 3, dtype: 'float32' } }],
    randomnormal: ['normal', 'RandomNormal'],
    orthogonal: ['orthogonal', 'Orthogonal', { class_name: 'OrthogonalInitializer', config: { gain: 1 } }],
    identity: ['identity', { class_name: 'IdentityInitializer', config: {} }],
    zeros: ['zero', 'Zeros', { module: 'tf_keras.initializers', class_name: 'Zeros', config: {} }],
    ones: ['one', 'Ones'],
  }
  for (const [name, all] of Object.entries(spellings)) for (const one of all) assert.deepEqual(kernel(one, [6, 6]), kernel(name, [6, 6]), JSON.stringify(one))
  for (const name of Object.keys(INITIALIZERS)) assert.equal(kernel(name, [6, 6]).length, 36)
})

test('settings belong to the weight that Keras means, and have Keras\' defaults', () => {
  const numbers = ['kernel', 'bias', 'depthwise', 'pointwise', 'recurrent', 'embeddings', 'gamma', 'beta', 'alpha', 'moving_mean', 'moving_variance']
  const settings = Object.fromEntries(numbers.map((name, index) => [`${name}_initializer`, keras3('Constant', { value: index })]))
  const first = (className: string, role: string, config: Record<string, unknown> = settings) => drawn(layerOf(className, config, role, [8]), role, mulberry32(1))?.[0]
  assert.deepEqual(['kernel', 'bias'].map((role) => first('DepthwiseConv2D', role)), [2, 1])
  assert.deepEqual(['depthwise_kernel', 'pointwise_kernel', 'bias'].map((role) => first('SeparableConv2D', role)), [2, 3, 1])
  assert.deepEqual(['kernel', 'recurrent_kernel', 'bias'].map((role) => first('GRU', role)), [0, 4, 1])
  assert.deepEqual(['query/kernel', 'attention_output/bias'].map((role) => first('MultiHeadAttention', role)), [0, 1])
  assert.deepEqual(['gamma', 'beta', 'moving_mean', 'moving_variance'].map((role) => first('BatchNormalization', role)), [6, 7, 9, 10])
  assert.deepEqual(['moving_stddev', 'renorm_mean', 'renorm_stddev'].map((role) => first('BatchNormalization', role)), [Math.fround(Math.sqrt(10)), 9, Math.fround(Math.sqrt(10))])
  assert.deepEqual(['bias', 'gamma', 'beta', 'alpha', 'moving_mean', 'moving_variance', 'scale', 'concat_score_weight'].map((role) => first('Layer', role, {})), [0, 1, 0, 0, 0, 1, 1, 1])
  assert.ok(Math.abs(first('AdditiveAttention', 'scale', {})!) < 1)
  for (const role of ['mean', 'variance', 'count']) assert.equal(first('Normalization', role, {}), undefined)
})

test('an LSTM\'s forget gate begins with ones', () => {
  const bias = (className: string, config: Record<string, unknown>, role = 'bias') => [...drawn(layerOf(className, config, role, [8]), role, mulberry32(1))!]
  const two = { bias_initializer: keras3('Constant', { value: 2 }) }
  assert.deepEqual(bias('LSTM', {}), [0, 0, 1, 1, 0, 0, 0, 0])
  assert.deepEqual(bias('LSTM', two), [2, 2, 1, 1, 2, 2, 2, 2])
  assert.deepEqual(bias('LSTM', { ...two, unit_forget_bias: false }), new Array(8).fill(2))
  assert.deepEqual(bias('GRU', two), new Array(8).fill(2))
  const stack = { class_name: 'RNN', config: { cell: { class_name: 'StackedRNNCells', config: { cells: [{ class_name: 'GRUCell', config: {} }, { class_name: 'LSTMCell', config: two }] } } } }
  assert.deepEqual(bias('Bidirectional', { layer: stack }, 'backward_layer/cell_1/bias'), [2, 2, 1, 1, 2, 2, 2, 2])
  assert.deepEqual(bias('Bidirectional', { layer: stack }, 'forward_layer/cell_0/bias'), new Array(8).fill(0))
})

describe('refusals', () => {
  const refused = (code: string, message: RegExp) => ({ name: 'EspalierError', code, message })

  test('initialisers that we do not know, naming layer and initialiser', () => {
    assert.throws(() => kernel({ module: 'mine', class_name: 'Zeros', config: {}, registered_name: 'mine>Zeros' }, [2, 2]), refused('unsupported-layer', /layer "outer\/here" \(Dense\): the initializer mine>Zeros of its kernel is not known/))
    assert.throws(() => kernel({ module: 'my.own', class_name: 'Zeros', config: {} }, [2, 2]), refused('unsupported-layer', /initializer my\.own\.Zeros of/))
    for (const [value, shown] of [['toString', /toString/], [{ class_name: 'STFT', config: {} }, /STFT/], [7, /initializer 7 of/], [{ class_name: 3 }, /\{"class_name":3\}/]] as const) {
      assert.throws(() => kernel(value, [2, 2]), refused('unsupported-layer', shown))
    }
  })

  test('layers that we do not know', async () => {
    const { layers } = await modelOf('test/fixtures/formats/unknown.keras')
    const unknown = layers.find(({ weights }) => weights.some(({ spec }) => spec === undefined))!
    assert.throws(() => initialValues(unknown, unknown.weights[0]!, mulberry32(1)), refused('unsupported-layer', new RegExp(`layer "${unknown.path}": how .* of a layer of type ${unknown.className} begins is not known`)))
    assert.throws(() => initialValues(modelLayer(layerOf('Dense', {}, 'kernel', [2, 2])), unknownWeight('vars/0', [2, 2]), mulberry32(1)), refused('unsupported-layer', /how vars\/0 of/))
  })

  test('shapes that are no matrix', () => {
    assert.throws(() => kernel('orthogonal', [4]), refused('unsupported-layer', /outer\/here\/kernel cannot begin with the initializer orthogonal: its shape \[4\] is no matrix/))
    assert.throws(() => kernel('identity', [2, 2, 2]), refused('unsupported-layer', /no matrix/))
  })

  test('malformed settings', () => {
    const wrong: Array<[string, object, RegExp]> = [
      ['RandomNormal', { stddev: 'wide' }, /layer "outer\/here\/kernel" \(RandomNormal\): "stddev" is "wide", it must be a number/],
      ['VarianceScaling', { scale: 0 }, /"scale" is 0, it must be above 0/],
      ['VarianceScaling', { mode: 'fan' }, /"mode" is "fan", it must be one of fan_in/],
      ['VarianceScaling', { distribution: 3 }, /"distribution"/],
      ['HeNormal', { input_axes: [7], output_axes: [0] }, /"input_axes" is \[7\], it must be axes of the shape \[2, 2\]/],
      ['Constant', { value: [1, 2, 3] }, /"value" is \[1,2,3\], it must be a number or 4 of them/],
    ]
    for (const [name, config, message] of wrong) assert.throws(() => kernel(keras3(name, config), [2, 2]), refused('invalid-model', message))
  })

  test('no value of a setting makes the model unreadable', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.constantFrom('kernel', 'forward_layer/cell_0/bias', 'moving_stddev', 'vars/0'), (value, role) => {
      initializersOf('LSTM', { kernel_initializer: value, bias_initializer: value, moving_variance_initializer: value, layer: value, cell: value }, [role])
    }))
  })
})

test('every weight of the layers of Keras 2 and Keras 3 can begin anew', () => {
  const random = mulberry32(8)
  for (const { name, config } of readCases()) {
    for (const layer of readArchitecture(config).layers) {
      for (const { role, shape } of layer.weights ?? []) {
        const values = drawn(layer, role, random)
        if (values === undefined) assert.match(role, /^(mean|variance|count)$/)
        else assert.ok(values.length === sizeOf(shape) && values.every(Number.isFinite), `${name}: ${layer.path}/${role}`)
      }
    }
  }
})
