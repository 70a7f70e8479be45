/** Keras configurations become graphs; what is malformed, endless or not known is told. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { EspalierError } from '../../../src/errors.ts'
import { kerasStorePath, readArchitecture } from '../../../src/models/architecture/index.ts'
import { snakeCase } from '../../../src/models/architecture/register.ts'
import type { Architecture } from '../../../src/models/architecture/types.ts'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { sizeOf, type SymbolicShape } from '../../../src/models/tensor.ts'
import { openZip } from '../../../src/models/zip.ts'
import { readCases } from '../../fixtures/layers/cases.ts'

type Json = Record<string, unknown>

const ROOT = new URL('../../../', import.meta.url)

async function architectureOf (file: string): Promise<Architecture> {
  const entries = await openZip(bytesInMemory(readFileSync(new URL(file, ROOT))))
  const source = await entries.find(({ name }) => name === 'config.json')!.source()
  return readArchitecture(JSON.parse(new TextDecoder().decode(await source.read(0, source.size))) as Json)
}

function total (architecture: Architecture): { parameters: number, macs: number } {
  const weights = architecture.layers.flatMap(({ weights }) => weights!)
  return {
    parameters: weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    macs: architecture.graph!.nodes.reduce((sum, { macs }) => sum + macs, 0),
  }
}

/** A layer of a functional model; `from` are names, or [name, call, output]. */
function layer (className: string, name: string, config: Json, ...calls: Array<Array<string | [string, number, number]>>): Json {
  return {
    class_name: className,
    name,
    config: { name, ...config },
    inbound_nodes: calls.map((from) => from.map((ref) => [...(typeof ref === 'string' ? [ref, 0, 0] : ref), {}])),
  }
}

function functional (name: string, layers: Json[], inputs: string[], outputs: Array<[string, number, number]>): Json {
  return { class_name: 'Functional', config: { name, layers, input_layers: inputs.map((input) => [input, 0, 0]), output_layers: outputs } }
}

const input = (name: string, shape: Array<number | null> = [null, 4]) => layer('InputLayer', name, { batch_input_shape: shape })

function sequential (...layers: Json[]): Json {
  return { class_name: 'Sequential', config: { name: 'model', layers } }
}

const refused = (message: RegExp, code = 'invalid-model') => ({ name: 'EspalierError', code, message })

describe('real models', () => {
  test('lenet5', async () => {
    const architecture = await architectureOf('examples/lenet5.keras')
    const macs = 24 * 24 * 20 * 25 + 8 * 8 * 50 * 25 * 20 + 800 * 500 + 500 * 10
    assert.deepEqual(total(architecture), { parameters: 431_080, macs })
    assert.deepEqual(architecture.graph!.inputShapes, [[null, 28, 28, 1]])
    assert.deepEqual(architecture.graph!.outputShapes, [[null, 10]])
    assert.equal(architecture.graph!.nodes.length, architecture.layers.length)
  })

  test('mlp', async () => {
    assert.deepEqual(total(await architectureOf('test/fixtures/models/mlp.keras')), { parameters: 266_610, macs: 784 * 300 + 300 * 100 + 100 * 10 })
  })

  test('resnet8', async () => {
    const architecture = await architectureOf('test/fixtures/models/resnet8.keras')
    const [at28, at14, at7] = [28 * 28, 14 * 14, 7 * 7]
    const blocks = at28 * 9 * 8 * 8 * 2 + at14 * (9 * 8 * 16 + 9 * 16 * 16 + 8 * 16) + at7 * (9 * 16 * 32 + 9 * 32 * 32 + 16 * 32)
    const expected = JSON.parse(readFileSync(new URL('test/fixtures/models/expected.json', ROOT), 'utf8')) as { resnet8: { parameters: number } }
    assert.deepEqual(total(architecture), { parameters: expected.resnet8.parameters, macs: at28 * 9 * 8 + blocks + 32 * 10 })
    assert.equal(kerasStorePath(architecture, architecture.layers.filter(({ className }) => className === 'Conv2D')[1]!), 'layers/conv2d_1')
  })
})

describe('places in a .keras file', () => {
  for (const { name, config, store } of readCases()) {
    if (store === undefined) continue
    test(name, () => {
      const architecture = readArchitecture(config)
      const places: Record<string, SymbolicShape[]> = {}
      for (const layer of architecture.layers) {
        for (const { store: within = '', shape } of layer.weights!) (places[path.posix.join(kerasStorePath(architecture, layer), within)] ??= []).push(shape)
      }
      assert.deepEqual(places, store)
    })
  }

  test('class names are written as Keras writes them', () => {
    const names = { Conv2D: 'conv2d', BatchNormalization: 'batch_normalization', PReLU: 'p_re_lu', LeakyReLU: 'leaky_re_lu', Conv2DTranspose: 'conv2d_transpose', RMSNormalization: 'rms_normalization', 'My>Thing': 'my_thing' }
    for (const [className, name] of Object.entries(names)) assert.equal(snakeCase(className), name)
  })
})

describe('graphs', () => {
  test('every value comes before its use, and layers stand in the file\'s order', () => {
    for (const { config } of readCases()) {
      const { graph, layers } = readArchitecture(config)
      for (const [index, { inputs, inputShapes }] of graph!.nodes.entries()) {
        for (const [at, ref] of inputs.entries()) {
          assert.ok(ref.node < index)
          assert.deepEqual(graph!.nodes[ref.node]!.outputShapes[ref.output], inputShapes[at])
        }
      }
      for (const ref of graph!.inputs) assert.equal(layers[graph!.nodes[ref.node]!.layer]!.type, 'InputLayer')
      assert.equal(new Set(layers.map(({ path }) => path)).size, layers.length)
    }
  })

  test('nested and shared models are unrolled, their layers are listed once', () => {
    const { config } = readCases().find(({ name }) => name === 'shared nested model')!
    const { layers, graph } = readArchitecture(config)
    const inner = layers.filter(({ containers }) => containers.length > 0)
    assert.ok(inner.every(({ path, containers }) => containers[0] === 'encoder' && path.startsWith('encoder/')))
    assert.deepEqual(inner.map(({ indexInContainer }) => indexInContainer), [0, 1, 2, 3])
    const conv = layers.findIndex(({ className }) => className === 'Conv2D')
    assert.equal(graph!.nodes.filter((node) => node.layer === conv).length, 3)
    assert.deepEqual(graph!.outputNames, ['first', 'encoder'])
  })

  test('outputs of a dictionary have its keys as names', () => {
    const { config, outputNames } = readCases().find(({ name }) => name === 'dictionaries')!
    assert.deepEqual(readArchitecture(config).graph!.outputNames, outputNames)
  })

  test('a sequential model of before Keras 2.2, which is a list, with its input shape at the first layer', () => {
    const { graph, layers } = readArchitecture({ class_name: 'Sequential', config: [{ class_name: 'Dense', config: { name: 'd', units: 3, batch_input_shape: [null, 4] } }] })
    assert.deepEqual(graph!.outputShapes, [[null, 3]])
    assert.deepEqual(layers.map(({ path, indexInContainer }) => [path, indexInContainer]), [['d_input', -1], ['d', 0]])
  })

  test('a fixed batch size is not kept', () => {
    assert.deepEqual(readArchitecture(sequential(input('in', [32, 4]))).graph!.outputShapes, [[null, 4]])
  })

  test('a chain of 5,000 layers', () => {
    const chain = Array.from({ length: 5000 }, (_, index) => layer('ReLU', `r${index}`, {}, [index === 0 ? 'in' : `r${index - 1}`]))
    assert.equal(readArchitecture(functional('m', [...chain.reverse(), input('in')], ['in'], [['r4999', 0, 0]])).graph!.nodes.length, 5001)
  })

  test('layers are trainable where they and the models around them are', () => {
    const { config } = functional('inner', [input('i'), layer('Dense', 'd', { units: 4 }, ['i'])], ['i'], [['d', 0, 0]])
    const inner = { class_name: 'Functional', name: 'inner', config: { ...config as Json, trainable: false }, inbound_nodes: [[['in', 0, 0, {}]]] }
    const { layers } = readArchitecture(functional('m', [input('in'), inner, layer('Dense', 'e', { units: 1, trainable: true }, [['inner', 1, 0]])], ['in'], [['e', 0, 0]]))
    assert.deepEqual(layers.filter(({ className }) => className === 'Dense').map(({ path, trainable }) => [path, trainable]), [['inner/d', false], ['e', true]])
  })
})

describe('models that cannot be run here keep their layers', () => {
  test('unknown layers are named; those behind them are known by the shapes Keras noted', () => {
    const dense = { ...layer('Dense', 'd', { units: 3 }), build_config: { input_shape: [null, 7] } }
    const { graph, problem, layers } = readArchitecture(sequential(input('in', [null, 5, 4]), layer('Dense', 'before', { units: 2 }), layer('ConvLSTM1D', 'l', { filters: 7 }), dense, layer('Dense', 'unknown', { units: 3 })))
    assert.equal(graph, undefined)
    assert.equal(problem, 'layers of type ConvLSTM1D are not run here (l)')
    assert.deepEqual(layers.map(({ path, type, problem, weights }) => [path, type, problem, weights?.map(({ shape }) => shape)]), [
      ['in', 'InputLayer', undefined, []],
      ['before', 'Dense', undefined, [[4, 2], [2]]],
      ['l', undefined, 'layers of type ConvLSTM1D are not run here', undefined],
      ['d', 'Dense', undefined, [[7, 3], [3]]],
      ['unknown', 'Dense', undefined, undefined],
    ])
  })

  test('Lambda, custom layers, custom activations, quantised layers', () => {
    const problem = (one: Json) => readArchitecture(sequential(input('in'), one)).problem ?? ''
    assert.match(problem(layer('Lambda', 'x', {})), /layers of type Lambda are not run here \(x\)/)
    assert.match(problem({ ...layer('Dense', 'x', { units: 1 }), module: 'my_code', registered_name: 'mine>Dense' }), /layers of type mine>Dense are not run here/)
    assert.match(problem({ ...layer('Dense', 'x', { units: 1 }), module: 'my_code', registered_name: null }), /layers of type my_code.Dense/)
    assert.match(problem(layer('Dense', 'x', { units: 1, activation: 'mine' })), /with the activation "mine"/)
    assert.match(problem(layer('Dense', 'x', { units: 1, dtype: { class_name: 'QuantizedDTypePolicy', config: { mode: 'int8', name: 'int8_from_float32' } } })), /quantised as int8_from_float32/)
    assert.equal(problem({ ...layer('Dense', 'x', { units: 1, dtype: 'mixed_float16' }), module: 'keras.layers', registered_name: null }), '')
  })

  test('models of classes of their own', () => {
    const own = readArchitecture({ class_name: 'MyModel', config: { name: 'mine', size: 3 } })
    assert.deepEqual(own, { name: 'mine', layers: [], problem: 'models of class MyModel do not list their layers and are not run here' })
    const derived = readArchitecture({ ...functional('m', [input('in')], ['in'], [['in', 0, 0]]), class_name: 'MyModel', module: 'my_code', registered_name: 'mine>MyModel' })
    assert.match(derived.problem!, /models of class mine>MyModel/)
    assert.equal(derived.graph, undefined)
    assert.equal(derived.layers.length, 1)
  })

  test('calls with masks, and in training mode', () => {
    const call = (kwargs: Json): Json => ({ ...layer('BatchNormalization', 'b', {}), inbound_nodes: [{ args: [tensorOf('in')], kwargs }] })
    const read = (kwargs: Json) => readArchitecture(functional('m', [input('in'), call(kwargs)], ['in'], [['b', 0, 0]]))
    assert.equal(read({ mask: null, training: false }).problem, undefined)
    assert.equal(read({ training: true }).problem, 'calls with the argument "training" are not run here (b)')
    assert.deepEqual(read({ mask: tensorOf('in') }).graph!.nodes[1]!.masks, [{ node: 0, output: 0 }])
  })

  test('a model that was never built', () => {
    assert.match(readArchitecture(sequential(layer('Dense', 'd', { units: 1 }))).problem!, /"model" has no input shape/)
  })
})

function tensorOf (name: string): Json {
  return { class_name: '__keras_tensor__', config: { shape: [null, 4], dtype: 'float32', keras_history: [name, 0, 0] } }
}

test('operations in a file that names no module, with their constants', () => {
  const add: Json = { ...layer('Add', 'add', {}), inbound_nodes: [{ args: [tensorOf('in'), 2.5], kwargs: {} }] }
  const { layers } = readArchitecture(functional('m', [input('in'), add], ['in'], [['add', 0, 0]]))
  assert.deepEqual([layers[1]!.type, layers[1]!.config, layers[1]!.storePath], ['Operation', { operation: 'Add', settings: null, operands: [{ input: 0 }, { values: [2.5], shape: [], kind: 'number' }] }, ''])
})

test('the version, where it is told, decides what hard_sigmoid means', () => {
  const config = sequential(input('in'), layer('Activation', 'a', { activation: 'hard_sigmoid' }))
  const slope = (kerasVersion?: string) => (readArchitecture(config, kerasVersion === undefined ? {} : { kerasVersion }).layers[1]!.config as { activation: { slope: number } }).activation.slope
  assert.deepEqual([slope(), slope('2.15.0'), slope('3.15.1'), slope('tfjs-layers v4.22.0')], [0.2, 0.2, 1 / 6, 0.2])
})

describe('malformed configurations', () => {
  const dense = layer('Dense', 'd', { units: 1 }, ['in'])
  const bad: Array<[string, unknown, RegExp, string?]> = [
    ['no class', { config: {} }, /"class_name"/],
    ['no config', { class_name: 'Sequential' }, /"config"/],
    ['a layer that is no object', sequential(null as unknown as Json), /layer 1 of "model" must be an object/],
    ['a layer without a name', sequential({ class_name: 'Dense', config: { units: 1 } }), /"name" of layer 1/],
    ['a name that is too long', sequential(input('x'.repeat(1000))), /1000 characters/, 'limit-exceeded'],
    ['two layers of one name', sequential(input('a'), layer('ReLU', 'a', {})), /two layers of "model" have the name "a"/],
    ['two layers of one path', functional('m', [input('a/b'), { ...functional('a', [input('b')], ['b'], [['b', 0, 0]]), name: 'a', inbound_nodes: [[['a/b', 0, 0, {}]]] }], ['a/b'], [['a', 1, 0]]), /the path "a\/b"/],
    ['a cycle', functional('m', [input('in'), layer('Add', 'x', {}, ['in', 'y']), layer('ReLU', 'y', {}, ['x'])], ['in'], [['y', 0, 0]]), /has a cycle through/],
    ['a layer that feeds itself', functional('m', [input('in'), layer('Add', 'x', {}, ['in', 'x'])], ['in'], [['x', 0, 0]]), /has a cycle through "x"/],
    ['a reference to nothing', functional('m', [input('in'), dense], ['in'], [['e', 0, 0]]), /refers to a layer "e"/],
    ['a use that there is not', functional('m', [input('in'), dense], ['in'], [['d', 3, 0]]), /use 3 of "d", which is used 1 times/],
    ['an output that there is not', functional('m', [input('in'), dense], ['in'], [['d', 0, 1]]), /"d" has no output 1/],
    ['an input that is no input', functional('m', [input('in'), input('other'), layer('Add', 'x', {}, ['in', 'other'])], ['in'], [['x', 0, 0]]), /"other" of "m" is used and has no inputs/],
    ['calls that are no list', functional('m', [{ ...input('in'), inbound_nodes: 3 }], ['in'], [['in', 0, 0]]), /"inbound_nodes" of "in"/],
    ['a call of another form', functional('m', [input('in'), { ...dense, inbound_nodes: [[['in', 'first', 0]]] }], ['in'], [['d', 0, 0]]), /a call of "d" must name/],
    ['a tensor without history', functional('m', [input('in'), { ...dense, inbound_nodes: [{ args: [{ class_name: '__keras_tensor__' }] }] }], ['in'], [['d', 0, 0]]), /"keras_history"/],
    ['inputs of another form', { class_name: 'Functional', config: { name: 'm', layers: [input('in')], input_layers: 5, output_layers: [['in', 0, 0]] } }, /"input_layers" of "m"/],
    ['shapes that do not fit', functional('m', [input('in', [null, 2, 2]), layer('Conv2D', 'c', { filters: 1, kernel_size: 1 }, ['in'])], ['in'], [['c', 0, 0]]), /layer "c" \(Conv2D\): its input must have 4 axes/],
    ['one layer for two shapes', functional('m', [input('in'), input('on', [null, 5]), layer('Dense', 'd', { units: 5 }, ['in'], ['on'])], ['in', 'on'], [['d', 0, 0], ['d', 1, 0]]), /layer "d" \(Dense\): it is applied to inputs that need a "kernel" of another shape/],
    ['a model that contains itself', selfContaining(), /contains itself/],
    ['models within models without end', nested(40), /models within models/, 'limit-exceeded'],
    ['a model that unrolls without end', doubling(20), /applications of layers/, 'limit-exceeded'],
  ]
  for (const [name, config, message, code] of bad) {
    test(name, () => assert.throws(() => readArchitecture(config as Json), refused(message, code)))
  }
})

function selfContaining (): Json {
  const inner = { ...sequential(input('i')), name: 'inner', shared_object_id: 1 }
  const outer = { ...sequential(input('o'), inner), name: 'outer', shared_object_id: 1 }
  return sequential(input('in'), outer)
}

function nested (depth: number): Json {
  return depth === 0 ? layer('ReLU', 'r', {}) : { ...sequential(nested(depth - 1)), name: `m${depth}` }
}

/** A model that applies a model twice that applies a model twice, ... and none of them holds a layer. */
function doubling (depth: number): Json {
  if (depth === 0) return functional('m0', [input('in')], ['in'], [['in', 0, 0]])
  const inner = { ...doubling(depth - 1), name: 'inner', inbound_nodes: [[['in', 0, 0, {}]], [['inner', 1, 0, {}]]] }
  return functional(`m${depth}`, [input('in'), inner], ['in'], [['inner', 2, 0]])
}

test('a damaged configuration is read or refused, and nothing else happens', () => {
  const configs = readCases().filter(({ name }) => /nested|residual|keras 2|several|dictionaries|operations/.test(name)).map(({ config }) => JSON.stringify(config))
  const junk = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(-1, 0, 1e308, 2 ** 31, '', '__proto__', null, [], {}, [[]], 'constructor'))
  fc.assert(fc.property(fc.constantFrom(...configs), fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 3 }), (text, changes) => {
    const config = JSON.parse(text) as Json
    for (const [at, value] of changes) change(config, at, value)
    try {
      readArchitecture(config)
    } catch (error) {
      if (!(error instanceof EspalierError) || !['invalid-model', 'limit-exceeded'].includes(error.code)) throw error
    }
  }), { numRuns: 1500 })
})

/** Puts `value` in the place of value number `at` of all values within `root`. */
function change (root: Json, at: number, value: unknown): void {
  const places: Array<[Record<string, unknown>, string]> = []
  const stack: unknown[] = [root]
  while (stack.length > 0) {
    const one = stack.pop()
    if (typeof one !== 'object' || one === null) continue
    for (const [key, inner] of Object.entries(one)) {
      places.push([one as Record<string, unknown>, key])
      stack.push(inner)
    }
  }
  const place = places[at % Math.max(places.length, 1)]
  if (place !== undefined) place[0][place[1]] = value
}
