/** Graph models made by hand: how constants reach their nodes, quantized kernels, shards cut anywhere, and everything that can be wrong. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { uniformAt } from '../../../src/pruning/draws.ts'
import { entryOf, PLAIN, write } from './formats-helpers.ts'
import { bytesFrom, constant, float, graphFile, node, read, text, weightsIn, type Node, type Parts } from './tfjs-graph-helpers.ts'

const x = node('Placeholder', 'x', [])

/** `path role` of the one weight, whether it is pruned, and its axes or the reason. */
async function described (nodes: Node[], shape = [2, 3], parts: Parts = {}): Promise<unknown[]> {
  const data = new Uint8Array(4 * shape.reduce((product, size) => product * size, 1))
  const [weight, ...others] = weightsIn(await read(await graphFile({ nodes: [constant('w'), x, ...nodes], weights: [float('w', ...shape)], data, ...parts })))
  assert.equal(others.length, 0)
  return [`${weight!.path} ${weight!.role}`, weight!.prunable, weight!.prunable ? weight!.spec?.axes : weight!.reason]
}

describe('which node takes a constant', () => {
  const axes = { input: [0], output: [1], spatial: [] }
  test('by way of Identity and Enter, with a port, and not by a control input', async () => {
    assert.deepEqual(await described([node('Identity', 'i', ['w:0']), node('Enter', 'e', ['i']), node('MatMul', 'm', ['x', 'e:0'])]), ['m b', true, axes])
    assert.deepEqual(await described([node('MatMul', 'm', ['x', 'x', '^w'])]), ['w value', false, 'no node of the graph takes it'])
  })

  test('transposed operands, also as the first one', async () => {
    assert.deepEqual(await described([node('MatMul', 'm', ['x', 'w'], { transpose_b: { b: true } })]), ['m b', true, { input: [1], output: [0], spatial: [] }])
    assert.deepEqual(await described([node('MatMul', 'm', ['w', 'x'])]), ['m a', true, { input: [1], output: [0], spatial: [] }])
    assert.deepEqual(await described([node('BatchMatMulV2', 'm', ['w', 'x'], { adj_x: { b: true } })], [4, 2, 3]), ['m x', true, { input: [1], output: [2], spatial: [0] }])
  })

  test('what is reshaped on its way has no known axes', async () => {
    assert.deepEqual(await described([node('Reshape', 'r', ['w', 'x']), node('MatMul', 'm', ['x', 'r'])]), ['m b', true, undefined])
    assert.deepEqual(await described([node('Transpose', 't', ['w', 'x']), node('MatMul', 'm', ['x', 't'])]), ['t input_0', false, 'as input_0 of Transpose it is not known to be a kernel'])
  })

  test('equations: shared labels are products of their own; others tell nothing', async () => {
    const einsum = (equation: string) => [node('Einsum', 'e', ['x', 'w'], { equation: text(equation) })]
    assert.deepEqual(await described(einsum('bgi,gio->bgo'), [2, 3, 4]), ['e y', true, { input: [1], output: [2], spatial: [0] }])
    for (const equation of ['bi,oi->b', 'i,io', 'bi,...o->bo', 'nonsense', 'b,cd,de->e']) assert.equal((await described(einsum(equation)))[1], equation === 'i,io', equation)
  })

  test('a kernel of another rank, and an operation that is not known, are left alone', async () => {
    assert.match(String((await described([node('Conv2D', 'c', ['x', 'w'])]))[2]), /filter of Conv2D it is not known/)
    assert.match(String((await described([node('MyOwn', 'c', ['x', 'w'])]))[2]), /input_1 of MyOwn/)
    assert.match(String((await described([node('constructor', 'c', ['x', 'w'])]))[2]), /input_1 of constructor/)
  })

  test('of several nodes the one that takes it as a kernel has it, and the producer says so', async () => {
    const file = await graphFile({ nodes: [constant('w'), x, node('Mul', 'p', ['x', 'w']), node('MatMul', 'm', ['x', 'w']), node('MatMul', 'n', ['x', 'w'])] })
    const model = await read(file)
    assert.deepEqual(weightsIn(model).map(({ name }) => name), ['m/b'])
    assert.match(model.producer.shared!, /: w$/)
  })

  test('functions are graphs of their own; what the initializer takes is never pruned', async () => {
    const library = { function: [{ signature: { name: 'f' }, nodeDef: [constant('w'), node('MatMul', 'm', ['arg', 'w:output:0'])] }] }
    assert.deepEqual(await described([], [2, 3], { nodes: [x], topology: { library } }), ['m b', true, axes])
    const named = await described([node('MatMul', 'm', ['x', 'w'])], [2, 3], { json: { modelInitializer: { node: [constant('w')] } } })
    assert.deepEqual(named, ['m b', false, 'the initializer of the model takes it'])
  })

  test('a chain of 100,000 nodes, and nodes that hand each other on', async () => {
    const chain = Array.from({ length: 100_000 }, (_, index) => node('Identity', `i${index}`, [index === 99_999 ? 'w' : `i${index + 1}`]))
    assert.deepEqual((await described([...chain, node('MatMul', 'm', ['x', 'i0'])]))[1], true)
    assert.deepEqual(await described([node('Identity', 'a', ['b']), node('Identity', 'b', ['a']), node('MatMul', 'm', ['x', 'a']), node('MatMul', 'n', ['x', 'w'])]), ['n b', true, axes])
  })
})

describe('quantized kernels', () => {
  const quantized = (dtype: string, scale: number, min: number, type = 'float32') => [{ name: 'w', shape: [2, 3], dtype: type, quantization: { dtype, scale, min } }]
  const uint8 = Uint8Array.of(0, 1, 2, 3, 4, 255)

  test('zeros become the integer that stands for zero; others stay', async () => {
    const model = await read(await graphFile({ weights: quantized('uint8', 0.5, -1), data: uint8 }))
    const [weight] = weightsIn(model)
    assert.deepEqual([...await weight!.tensor.read()], [-1, -0.5, 0, 0.5, 1, 126.5])
    const after = await write(model, new Map([['w', Float32Array.of(0, -0.5, 0, 0, 1, 126.5)]]), 'tfjs-graph', PLAIN)
    assert.deepEqual([...await entryOf(after, 'shard0.bin')], [2, 1, 2, 2, 4, 255])
    const wide = await read(await graphFile({ weights: quantized('uint16', 0.25, -2), data: new Uint8Array(Uint16Array.of(0, 8, 9, 256, 257, 65_535).buffer) }))
    const values = await weightsIn(wide)[0]!.tensor.read()
    const narrow = await write(wide, new Map([['w', values.map((value, at) => at === 3 ? 0 : value)]]), 'tfjs-graph', PLAIN)
    assert.deepEqual([...new Uint16Array((await entryOf(narrow, 'shard0.bin')).buffer)], [0, 8, 9, 8, 257, 65_535])
  })

  test('other new numbers are refused', async () => {
    const model = await read(await graphFile({ weights: quantized('uint8', 0.5, -1), data: uint8 }))
    await assert.rejects(write(model, new Map([['w', new Float32Array(6).fill(0.5)]]), 'tfjs-graph', PLAIN), { code: 'unsupported-format', message: /weight w .*only become zero; 0\.5 was asked/ })
  })

  test('where no integer stands for zero, the kernel is left alone', async () => {
    for (const [scale, min] of [[0.5, 0.25], [0.5, 1], [0.5, -200], [0, 3], [0.1, -0.30001]] as const) {
      const model = await read(await graphFile({ weights: quantized('uint8', scale, min), data: uint8 }))
      const [weight] = weightsIn(model)
      assert.deepEqual([weight!.prunable, weight!.reason], [false, 'it is quantized as uint8, and none of these integers stands for zero'], `${scale} ${min}`)
      await assert.rejects(write(model, new Map([['w', new Float32Array(6)]]), 'tfjs-graph', PLAIN), { code: 'unsupported-format', message: /can not be changed/ })
    }
    assert.equal(weightsIn(await read(await graphFile({ weights: quantized('uint8', 0, 0), data: uint8 })))[0]!.prunable, true)
  })

  test('integers that stand for integers are settings', async () => {
    assert.deepEqual(weightsIn(await read(await graphFile({ weights: quantized('uint8', 1, 0, 'int32'), data: uint8 }))), [])
  })
})

test('shards may end within a number; other weights and texts around it stay', async () => {
  const words = Uint8Array.of(2, 0, 0, 0, 97, 98, 0, 0, 0, 0)
  const data = new Uint8Array([...words, ...bytesFrom(1, -2, 3, -4, 5, -6), ...words.slice(0, 6), ...new Uint8Array(8).fill(7)])
  const weights = [{ name: 'words', shape: [2], dtype: 'string' }, float('w', 2, 3), { name: 'word', shape: [], dtype: 'string' }, { name: 'c', shape: [1], dtype: 'complex64' }]
  for (const cuts of [[data.length], [11, 2, 1, 20, 14], [...new Array<number>(data.length).fill(1)], [0, 9, 0, data.length - 9]]) {
    const model = await read(await graphFile({ weights, data, cuts }))
    const after = await write(model, new Map([['w', Float32Array.of(0, -2, 0, -4, 0, -6)]]), 'tfjs-graph', PLAIN)
    const shards = await Promise.all(cuts.map(async (_, index) => await entryOf(after, `shard${index}.bin`)))
    assert.deepEqual(shards.map(({ length }) => length), cuts)
    assert.deepEqual([...Buffer.concat(shards)], [...words, ...bytesFrom(0, -2, 0, -4, 0, -6), ...words.slice(0, 6), ...new Uint8Array(8).fill(7)])
  }
})

test('new values of another number are refused, and so is another format', async () => {
  const model = await read(await graphFile())
  await assert.rejects(write(model, new Map([['w', new Float32Array(5)]]), 'tfjs-graph', PLAIN), { code: 'shape-mismatch' })
  await assert.rejects(write(model, new Map(), 'keras', PLAIN), { code: 'unsupported-format', message: /TensorFlow graph/ })
  await assert.rejects(write({ ...model, format: 'keras' }, new Map(), 'tfjs-graph', PLAIN), { code: 'unsupported-format', message: /from keras to tfjs-graph/ })
})

describe('files that are wrong', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => constant(`n${index}`))
  const cases: Record<string, [Parts, string, RegExp]> = {
    'no nodes': [{ nodes: null, topology: { node: undefined } }, 'invalid-model', /list of nodes/],
    'no topology': [{ json: { modelTopology: null } }, 'invalid-model', /no "modelTopology"/],
    'nodes that are no objects': [{ nodes: [1] }, 'invalid-model', /node 0 of the graph has no "name"/],
    'a node without a name': [{ nodes: [{ op: 'Const' }] }, 'invalid-model', /node 0/],
    'a node twice': [{ nodes: [constant('w'), constant('w')] }, 'invalid-model', /two nodes of the graph are called w/],
    'inputs that are no names': [{ nodes: [{ ...constant('w'), input: [1] }] }, 'invalid-model', /"input" is no list/],
    'attributes that are none': [{ nodes: [{ ...constant('w'), attr: [] }] }, 'invalid-model', /"attr" is no object/],
    'more nodes than are read': [{ nodes: many(262_145) }, 'limit-exceeded', /262144 nodes/],
    'more inputs than are read': [{ nodes: [node('Concat', 'c', new Array<string>(65_537).fill('x'))] }, 'limit-exceeded', /65537 inputs/],
    'a library that is none': [{ topology: { library: 7 } }, 'invalid-model', /list of functions/],
    'functions that are none': [{ topology: { library: { function: [null] } } }, 'invalid-model', /list of functions/],
    'an initializer that is none': [{ json: { modelInitializer: [] } }, 'invalid-model', /modelInitializer/],
    'an initializer without nodes': [{ json: { modelInitializer: {} } }, 'invalid-model', /the initializer has no list of nodes/],
    'no manifest': [{ json: { weightsManifest: undefined } }, 'invalid-model', /weightsManifest/],
    'a weight twice': [{ weights: [float('w', 3), float('w', 3)] }, 'invalid-model', /the weight w is there twice/],
    'shards too short': [{ data: bytesFrom(1) }, 'invalid-model', /w needs 24 bytes/],
    'shards too long': [{ data: bytesFrom(1, 2, 3, 4, 5, 6, 7) }, 'invalid-model', /needs 24 bytes.*28/],
    'a shard that is missing': [{ entries: [] }, 'invalid-model', /shard0\.bin, which is not in the zip/],
    'a huge shape': [{ weights: [float('w', 2 ** 40, 2 ** 40)] }, 'invalid-model', /w needs/],
    'more texts than bytes': [{ weights: [{ name: 'w', shape: [2 ** 40], dtype: 'string' }] }, 'invalid-model', /texts of the weight w reach past/],
    'a text longer than the shard': [{ weights: [{ name: 'w', shape: [2], dtype: 'string' }], data: Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0) }, 'invalid-model', /texts of the weight w reach past/],
    'texts of complex numbers': [{ weights: [{ name: 'w', shape: [3], dtype: 'complex64', quantization: { dtype: 'uint8' } }], data: new Uint8Array(3) }, 'unsupported-format', /complex64 and quantized/],
    'a dtype that TF.js does not have': [{ weights: [{ name: 'w', shape: [6], dtype: 'toString' }] }, 'unsupported-format', /"toString"/],
    'a scale that is no number': [{ weights: [{ name: 'w', shape: [6], dtype: 'float32', quantization: { dtype: 'uint8', scale: '1', min: 0 } }], data: new Uint8Array(6) }, 'invalid-model', /"scale" and "min"/],
  }
  for (const [name, [parts, code, message]] of Object.entries(cases)) {
    test(name, async () => { await assert.rejects(read(await graphFile(parts)), { name: 'EspalierError', code, message }) })
  }

  test('keys of prototypes are names like others', async () => {
    const json = '{"format":"graph-model","modelTopology":{"node":[{"name":"__proto__","op":"Const"},{"name":"x","op":"Placeholder"},{"name":"m","op":"MatMul","input":["x","__proto__"],"attr":{"__proto__":{"b":true}}}]},' +
      '"weightsManifest":[{"paths":["w"],"weights":[{"name":"__proto__","shape":[2,1],"dtype":"float32"}]}]}'
    const file = await graphFile({ json: JSON.parse(json) as object, entries: [{ name: 'w', content: bytesFrom(1, 2) }] })
    assert.deepEqual(weightsIn(await read(file)).map(({ name, tensor, prunable }) => [name, tensor.key, prunable]), [['m/b', '__proto__', true]])
  })

  test('200 files in which a value is swapped each give an EspalierError or a model', async () => {
    const parts = { nodes: [constant('w'), x, node('Identity', 'i', ['w']), node('MatMul', 'm', ['x', 'i'], { transpose_b: { b: false } })], topology: { library: { function: [] } }, json: { modelInitializer: { node: [] } } }
    const model = new TextDecoder().decode(await entryOf(await graphFile(parts), 'model.json'))
    const junk = ['null', '-1', '1e99', '"x"', '[]', '{}', 'true', '[[[1]]]', '4294967296', '0.5']
    const places = [...model.matchAll(/("[^"]*"|\d+|\[[^[\]{}]*\])(?=[,\]}])/g)]
    for (let index = 0; index < 200; index++) {
      const place = places[Math.floor(uniformAt(9, index) * places.length)]!
      const changed = `${model.slice(0, place.index)}${junk[index % junk.length]}${model.slice(place.index + place[0].length)}`
      try {
        await summarizeModel(await read(await graphFile({ json: JSON.parse(changed) as object })))
      } catch (error) {
        assert.ok(error instanceof EspalierError && error.code !== 'internal', `${changed}: ${error instanceof Error ? error.stack : String(error)}`)
      }
    }
  })
})
