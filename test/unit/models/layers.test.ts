/** The layer table against what real Keras builds, and its refusals. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { EspalierError } from '../../../src/errors.ts'
import { readArchitecture } from '../../../src/models/architecture/index.ts'
import { LAYER_TYPES, layerTypeOf, type KerasConfig, type LayerType, type LayerTypeName } from '../../../src/models/layers/index.ts'
import { PLAIN_CALL } from '../../../src/models/layers/layer-type.ts'
import { broadcast, slide } from '../../../src/models/layers/shapes.ts'
import { sizeOf, type SymbolicShape } from '../../../src/models/tensor.ts'
import { readCases } from '../../fixtures/layers/cases.ts'

const where = { path: 'outer/here', className: 'Conv2D', keras: 3 } as const

function typeOf (name: LayerTypeName): LayerType<unknown> {
  return LAYER_TYPES[name] as LayerType<unknown>
}

function parse (name: LayerTypeName, config: KerasConfig): unknown {
  return typeOf(name).parse(config, { ...where, className: name })
}

function macs (name: LayerTypeName, config: KerasConfig, ...inputs: SymbolicShape[]): number {
  const [type, c] = [typeOf(name), parse(name, config)]
  return type.macs(c, inputs, type.outputShapes(c, inputs, PLAIN_CALL), PLAIN_CALL)
}

describe('weights, parameters and shapes equal Keras\'', () => {
  for (const { name, config, layers, parameters, outputs, outputShapes } of readCases()) {
    test(name, () => {
      const architecture = readArchitecture(config)
      const byPath = new Map(architecture.layers.map((layer) => [layer.path, layer.weights]))
      for (const { path, weights } of layers) assert.deepEqual((byPath.get(path) ?? []).map(({ shape }) => shape), weights.map(({ shape }) => shape), path)
      const all = architecture.layers.flatMap(({ weights }) => weights!)
      assert.equal(all.reduce((sum, { shape }) => sum + sizeOf(shape), 0), parameters)
      // Keras says that glu keeps the shape, and gives half of it.
      // Of an EinsumDense it does not work out the sizes that its output_shape leaves open.
      const told = architecture.graph!.outputShapes.map((shape, index) => shape.map((size, axis) => name.startsWith('einsum dense') && outputShapes?.[index]?.[axis] === null ? null : size))
      if (outputShapes !== undefined && name !== 'activation glu') assert.deepEqual(told, outputShapes)
      for (const [index, shape] of architecture.graph!.outputShapes.entries()) {
        assert.equal(outputs[index]!.shape.length, shape.length)
        for (const [axis, size] of shape.entries()) assert.ok(size === null || size === outputs[index]!.shape[axis])
      }
    })
  }
})

test('roles are the names that Keras gives its variables', () => {
  for (const { name, config, layers } of readCases().filter(({ store }) => store !== undefined)) {
    const byPath = new Map(readArchitecture(config).layers.map((layer) => [layer.path, layer.weights]))
    for (const { path, weights } of layers) assert.deepEqual(byPath.get(path)?.map(({ role }) => role.slice(role.lastIndexOf('/') + 1)) ?? [], weights.map(({ role }) => role), `${name}: ${path}`)
  }
})

describe('what may be pruned', () => {
  const weights = readCases().flatMap(({ config }) => readArchitecture(config).layers.flatMap(({ weights = [] }) => weights))

  test('kernels may, and only they', () => {
    for (const { role, prunable, trainable, reason } of weights) {
      assert.equal(prunable, /kernel|embeddings/.test(role), role)
      assert.equal(reason === undefined, prunable, role)
      assert.equal(trainable, !/moving|renorm|^mean$|^variance$|^count$/.test(role), role)
    }
  })

  test('every axis has a meaning, and no other is named', () => {
    for (const { role, shape, axes } of weights) {
      const named = new Set([...axes.output, ...axes.input, ...axes.spatial])
      assert.deepEqual([...named].sort(), shape.map((_, axis) => axis), role)
    }
  })

  test('inputs and outputs lie where Keras keeps them', () => {
    const kernel = (name: LayerTypeName, config: KerasConfig, shape: SymbolicShape, index = 0) => typeOf(name).weights(parse(name, config), [shape], PLAIN_CALL)[index]!
    const conv = kernel('Conv2D', { filters: 8, kernel_size: [3, 5], groups: 2 }, [null, 9, 9, 4])
    assert.deepEqual([conv.shape, conv.axes], [[3, 5, 2, 8], { output: [3], input: [2], spatial: [0, 1], groups: 2 }])
    const transposed = kernel('Conv1DTranspose', { filters: 8, kernel_size: 3 }, [null, 9, 4])
    assert.deepEqual([transposed.shape, transposed.axes], [[3, 8, 4], { output: [1], input: [2], spatial: [0] }])
    const depthwise = kernel('DepthwiseConv2D', { kernel_size: 3, depth_multiplier: 2 }, [null, 9, 9, 4])
    assert.deepEqual([depthwise.shape, depthwise.axes], [[3, 3, 4, 2], { output: [2, 3], input: [2], spatial: [0, 1] }])
    const pointwise = kernel('SeparableConv2D', { filters: 5, kernel_size: 3, depth_multiplier: 2 }, [null, 9, 9, 4], 1)
    assert.deepEqual([pointwise.shape, pointwise.axes], [[1, 1, 8, 5], { output: [3], input: [2], spatial: [0, 1] }])
    const dense = kernel('Dense', { units: 3 }, [null, 7, 4])
    assert.deepEqual([dense.shape, dense.axes], [[4, 3], { output: [1], input: [0], spatial: [] }])
  })
})

test('multiplications, counted by hand', () => {
  assert.equal(macs('Dense', { units: 3 }, [null, 4]), 12)
  assert.equal(macs('Dense', { units: 3 }, [null, 5, 4]), 60)
  assert.equal(macs('Conv2D', { filters: 8, kernel_size: 3 }, [null, 6, 7, 4]), 4 * 5 * 8 * 9 * 4)
  assert.equal(macs('Conv2D', { filters: 8, kernel_size: 3, groups: 2, strides: 2, padding: 'same' }, [null, 6, 7, 4]), 3 * 4 * 8 * 9 * 2)
  assert.equal(macs('Conv2D', { filters: 8, kernel_size: 3, data_format: 'channels_first' }, [null, 4, 6, 7]), 4 * 5 * 8 * 9 * 4)
  assert.equal(macs('Conv1DTranspose', { filters: 8, kernel_size: 3, strides: 2 }, [null, 5, 4]), 5 * 3 * 4 * 8)
  assert.equal(macs('DepthwiseConv2D', { kernel_size: 3, depth_multiplier: 2 }, [null, 6, 7, 4]), 4 * 5 * 8 * 9)
  assert.equal(macs('SeparableConv2D', { filters: 5, kernel_size: 3, depth_multiplier: 2 }, [null, 6, 7, 4]), 4 * 5 * (8 * 9 + 8 * 5))
  assert.equal(macs('Dot', { axes: [2, 1] }, [null, 3, 4], [null, 4, 5]), 3 * 5 * 4)
  assert.equal(macs('Conv2D', { filters: 8, kernel_size: 3 }, [null, null, null, 4]), 8 * 9 * 4, 'unknown sizes count as 1')
  assert.equal(macs('MaxPooling2D', {}, [null, 6, 7, 4]), 0)
})

describe('malformed settings name layer, key and value', () => {
  const bad: Array<[LayerTypeName, KerasConfig, RegExp]> = [
    ['Dense', { units: -1 }, /"outer\/here" \(Dense\): "units" is -1, it must be an integer from 1/],
    ['Dense', {}, /"units" is missing/],
    ['Dense', { units: 2 ** 40 }, /"units"/],
    ['Dense', { units: 2, use_bias: 'yes' }, /"use_bias" is "yes", it must be true or false/],
    ['Dense', { units: 2, activation: 7 }, /"activation" is 7/],
    ['Conv2D', { filters: 4, kernel_size: [3, 3, 3] }, /"kernel_size" is \[3,3,3\]/],
    ['Conv2D', { filters: 4, kernel_size: 0 }, /"kernel_size" is 0/],
    ['Conv2D', { filters: 4, kernel_size: 3, padding: 'causal' }, /"padding" is "causal", it must be one of valid, same/],
    ['Conv2D', { filters: 4, kernel_size: 3, groups: 3 }, /"groups" is 3, it must be a divisor of the 4 filters/],
    ['Conv2D', { filters: 4, kernel_size: 3, strides: 2, dilation_rate: 2 }, /"dilation_rate"/],
    ['Conv2DTranspose', { filters: 4, kernel_size: 3, output_padding: 1 }, /"output_padding"/],
    ['BatchNormalization', { epsilon: 'small' }, /"epsilon"/],
    ['BatchNormalization', { axis: [1, 2] }, /"axis"/],
    ['Reshape', { target_shape: [-1, -1] }, /"target_shape"/],
    ['Permute', { dims: [1, 3] }, /"dims"/],
    ['ZeroPadding2D', { padding: [[1, 2], [3]] }, /"padding"/],
    ['Rescaling', { scale: [[1, 2], [3]] }, /"scale"/],
    ['InputLayer', { batch_shape: 'all' }, /"batch_shape"/],
    ['Normalization', { mean: 1 }, /"variance"/],
    ['GroupNormalization', { groups: 0 }, /"groups"/],
  ]
  for (const [name, config, message] of bad) {
    test(`${name} ${JSON.stringify(config)}`, () => assert.throws(() => parse(name, config), { name: 'EspalierError', code: 'invalid-model', message }))
  }

  test('a long value is cut short', () => {
    assert.throws(() => parse('Dense', { units: 'x'.repeat(10_000) }), (error: EspalierError) => error.message.length < 300)
  })
})

test('valid settings that are not run here are told apart from malformed ones', () => {
  assert.throws(() => parse('Dense', { units: 2, activation: 'my_function' }), { code: 'unsupported-layer', message: /layers of type Dense with the activation "my_function" are not run here/ })
  assert.throws(() => parse('Dense', { units: 2, activation: { class_name: 'function', config: 'mine', module: 'builtins' } }), { code: 'unsupported-layer', message: /"mine"/ })
  assert.throws(() => parse('LSTM', { units: 2, stateful: true }), { code: 'unsupported-layer', message: /stateful/ })
  assert.throws(() => parse('UpSampling2D', { interpolation: 'bicubic' }), { code: 'unsupported-layer', message: /bicubic/ })
  assert.throws(() => parse('Dense', { units: 2, activation: 'glu' }), { code: 'unsupported-layer' })
})

test('hard_sigmoid means another function in Keras 2', () => {
  const slope = (keras: 2 | 3) => (typeOf('Activation').parse({ activation: 'hard_sigmoid' }, { ...where, keras }) as { activation: { slope: number } }).activation.slope
  assert.equal(slope(2), 0.2)
  assert.equal(slope(3), 1 / 6)
})

test('inputs that do not fit are refused', () => {
  const shapes = (name: LayerTypeName, config: KerasConfig, ...inputs: SymbolicShape[]) => typeOf(name).outputShapes(parse(name, config), inputs, PLAIN_CALL)
  const refused = { code: 'invalid-model' }
  assert.throws(() => shapes('Conv2D', { filters: 1, kernel_size: 5 }, [null, 4, 4, 1]), refused)
  assert.throws(() => shapes('Conv2D', { filters: 1, kernel_size: 2 }, [null, 4, 4]), refused)
  assert.throws(() => shapes('Add', {}, [null, 4], [null, 5]), refused)
  assert.throws(() => shapes('Add', {}), refused)
  assert.throws(() => shapes('Subtract', {}, [null, 4]), refused)
  assert.throws(() => shapes('Concatenate', { axis: 1 }, [null, 4, 2], [null, 4, 3]), refused)
  assert.throws(() => shapes('Dot', { axes: 1 }, [null, 4], [null, 5]), refused)
  assert.throws(() => shapes('Dot', { axes: 0 }, [null, 4], [null, 4]), refused)
  assert.throws(() => shapes('Reshape', { target_shape: [5, -1] }, [null, 4, 3]), refused)
  assert.throws(() => shapes('Softmax', { axis: 3 }, [null, 4, 3]), refused)
  assert.throws(() => shapes('Cropping1D', { cropping: [2, 2] }, [null, 4, 3]), refused)
  assert.throws(() => typeOf('Dense').weights(parse('Dense', { units: 2 }), [[null, null]], PLAIN_CALL), refused)
  assert.throws(() => typeOf('Conv2D').weights(parse('Conv2D', { filters: 2, kernel_size: 1, groups: 2 }), [[null, 3, 3, 3]], PLAIN_CALL), refused)
})

test('class names lead to types, operations apart from layers', () => {
  assert.equal(layerTypeOf('Conv2D'), 'Conv2D')
  assert.equal(layerTypeOf('Convolution2D'), 'Conv2D')
  assert.equal(layerTypeOf('Add'), 'Add')
  assert.equal(layerTypeOf('Add', true), 'Operation')
  assert.equal(layerTypeOf('TrueDivide', true), 'Operation')
  assert.equal(layerTypeOf('TrueDivide'), undefined)
  assert.equal(layerTypeOf('constructor'), undefined)
})

test('broadcasting does not depend on the order of its inputs', () => {
  const size = fc.constantFrom(null, 1, 3)
  fc.assert(fc.property(fc.array(size, { maxLength: 4 }), fc.array(size, { maxLength: 4 }), (a, b) => assert.deepEqual(broadcast(a, b), broadcast(b, a))))
})

test('a window that slides counts the places it fits in', () => {
  const small = (max: number) => fc.integer({ min: 1, max })
  fc.assert(fc.property(small(20), small(5), small(4), small(3), (size, window, stride, dilation) => {
    const reach = (window - 1) * dilation + 1
    fc.pre(reach <= size)
    const places = Array.from({ length: size }, (_, at) => at).filter((at) => at % stride === 0 && at + reach <= size).length
    assert.deepEqual(slide([size], { sizes: [window], strides: [stride], dilation: [dilation], padding: 'valid' }), [places])
  }))
})
