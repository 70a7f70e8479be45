/** ONNX files as the onnx package made them: layers, values, the same bytes back, and after pruning the bytes that Python writes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { OPERATORS } from '../../../src/models/formats/onnx/operators.ts'
import { MODEL_FORMATS, readModel, type ModelFormat } from '../../../src/models/formats/index.ts'
import type { ModelFile } from '../../../src/models/model.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { entryOf, modelOf, PLAIN, pruned, SMALL, weightsOf, write } from './formats-helpers.ts'
import { expectedOf, external, FILES, field, file, fixture, floats, floatsOf, integer, node, sha256, tensor, THRESHOLD, varint, zipOf } from './onnx-helpers.ts'

const TYPES: Record<string, string> = { FLOAT: 'float32', FLOAT16: 'float16', BFLOAT16: 'bfloat16', DOUBLE: 'float64', INT8: 'int8' }
const UNREAD = ['STRING', 'INT4', 'FLOAT8E4M3FN']

const read = async (bytes: Uint8Array) => await readModel(bytesInMemory(bytes))
const tensorsOf = (model: ModelFile) => new Map(model.layers.flatMap(({ weights }) => weights.map(({ tensor }) => [tensor.key, tensor])))

/** What is listed: no integers of one axis at most. */
const isListed = ({ type, shape }: { type: string, shape: number[] }) => !(type.startsWith('INT') && shape.length < 2)

/** Zeros where Python made them, in the tensors it cut. */
async function cut (model: ModelFile, names: readonly string[]): Promise<Map<string, Float32Array>> {
  const tensors = tensorsOf(model)
  const changes = new Map<string, Float32Array>()
  for (const name of names) changes.set(name, (await tensors.get(name)!.read()).map((value) => Math.abs(value) <= THRESHOLD ? 0 : value))
  return changes
}

describe('reading', () => {
  for (const name of FILES) {
    test(`${name}: types, shapes and values are those Python reads`, async () => {
      const model = await read(fixture(name))
      assert.equal(model.format, 'onnx')
      const found = tensorsOf(model)
      const wanted = Object.entries(expectedOf(name).tensors).filter(([, one]) => isListed(one) && !UNREAD.includes(one.type))
      assert.deepEqual([...found.keys()].sort(), wanted.map(([key]) => key).sort())
      for (const [key, one] of wanted) {
        const tensor = found.get(key)!
        assert.deepEqual([tensor.type, tensor.shape], [TYPES[one.type], one.shape], key)
        assert.deepEqual(await tensor.read(), floatsOf(one), key)
        const pieces: number[] = []
        for await (const piece of tensor.chunks(5)) pieces.push(...piece)
        assert.deepEqual(Float32Array.from(pieces), floatsOf(one), key)
      }
    })

    test(`${name}: a layer for each node with initializers, its roles by the operator's schema`, async () => {
      const model = await read(fixture(name))
      const { layers, tensors } = expectedOf(name)
      const wanted = layers.map(({ type, weights }) => ({
        type, weights: weights.filter(([, key]) => isListed(tensors[key]!) && !UNREAD.includes(tensors[key]!.type)).map(([role, key]) => Object.hasOwn(OPERATORS, type) ? [role, key] : key),
      })).filter(({ type, weights }) => weights.length > 0 || type === 'Identity')
      const found = model.layers.filter(({ className }) => className !== 'Initializer')
        .map(({ className, weights }) => ({ type: className, weights: weights.map(({ role, tensor }) => Object.hasOwn(OPERATORS, className) ? [role, tensor.key] : tensor.key) }))
      assert.deepEqual(found, wanted)
    })
  }

  test('paths: names without the slash before them, else of an output or an initializer; each one only once', async () => {
    assert.deepEqual((await modelOf('test/fixtures/onnx/convolutions.onnx')).layers.map(({ path }) => path),
      ['features/conv/Conv', 'features/bn', 'features/depthwise/Conv', 'prelu', 'transposed', 'fc1', 'fc2', 'm1', 'last', 'unused'])
    assert.deepEqual((await modelOf('test/fixtures/onnx/sequences.onnx')).layers.map(({ path }) => path), ['embed', 'norm', 'position', 'rnn', 'r2', 'rnn.W'])
    const same = await read(file({ nodes: ['a', 'b', 'c'].map((one) => node({ name: 'n', output: 'n', inputs: ['x', one] })), tensors: ['a', 'b', 'c'].map((name) => tensor({ name: name === 'c' ? 'c' : name })) }))
    assert.deepEqual(same.layers.map(({ path }) => path), ['n', 'b', 'c'])
    const taken = await read(file({ nodes: [node({ name: 'a', inputs: ['b'] }), node({ name: 'a', output: 'a', inputs: ['a'] })], tensors: [tensor({ name: 'a' }), tensor({ name: 'b' })] }))
    assert.deepEqual(taken.layers.map(({ path }) => path), ['a', 'a_1'])
  })

  test('axes: what tells outputs and inputs apart', async () => {
    const axes = async (name: string, key: string) => (await modelOf(`test/fixtures/onnx/${name}`)).layers.flatMap(({ weights }) => weights).find(({ tensor }) => tensor.key === key)!.spec!.axes
    assert.deepEqual(await axes('convolutions.onnx', 'conv.W'), { output: [0], input: [1], spatial: [2, 3] })
    assert.deepEqual(await axes('convolutions.onnx', 'transposed.W'), { output: [1], input: [0], spatial: [2, 3] })
    assert.deepEqual(await axes('convolutions.onnx', 'gemm.B'), { output: [0], input: [1], spatial: [] })
    assert.deepEqual(await axes('convolutions.onnx', 'gemm2.B'), { output: [1], input: [0], spatial: [] })
    assert.deepEqual(await axes('convolutions.onnx', 'matmul.B'), { output: [1], input: [0], spatial: [] })
    assert.deepEqual(await axes('sequences.onnx', 'table'), { output: [1], input: [0], spatial: [] })
    assert.deepEqual(await axes('sequences.onnx', 'lstm.W'), { output: [1], input: [2], spatial: [0], gates: 4 })
    assert.deepEqual(await axes('sequences.onnx', 'gru.R'), { output: [1], input: [2], spatial: [0], gates: 3 })
    assert.deepEqual(await axes('sequences.onnx', 'rnn.W'), { output: [1], input: [2], spatial: [0] })
  })

  test('a summary says what is pruned, what not and why, who made the file, and what it takes and gives', async () => {
    const summary = await summarizeModel(await modelOf('test/fixtures/onnx/types.onnx'))
    assert.deepEqual([summary.runnable, summary.problem, summary.inputs, summary.outputs.length], [true, undefined, [[null, 4], [null, 4]], 10])
    const reasons = Object.fromEntries(summary.layers.map(({ name, reason }) => [name, reason]))
    assert.match(reasons.text!, /STRING/)
    assert.match(reasons.int4!, /INT4/)
    assert.equal(reasons.int8, 'int8 values are no weights')
    assert.equal(reasons.raw16, undefined)
    assert.deepEqual(summary.producer, { producerName: 'make_onnx', producerVersion: '1', irVersion: '10', opsets: 'ai.onnx 21' })
    const { producer, layers } = await summarizeModel(await modelOf('test/fixtures/onnx/sequences.onnx'))
    assert.equal(producer.shared, 'listed with the first node that takes them: table')
    assert.deepEqual(layers.filter(({ prunable }) => !prunable).map(({ name }) => name), ['norm', 'position'])
  })

  test('numbers with a field each, more of them than are read at once', async () => {
    const values = Float32Array.from({ length: 70_000 }, (_, at) => at % 97 - 48)
    const bits = new Uint8Array(values.buffer)
    const single = Array.from(values, (_, at) => [0x25, ...bits.subarray(4 * at, 4 * at + 4)]).flat()
    const bytes = (data: number[]) => file({ tensors: [tensor({ dims: [values.length, 1], data })] })
    const model = await read(bytes(single))
    assert.deepEqual(await tensorsOf(model).get('w')!.read(), values)
    const zeros = values.map((value) => Math.abs(value) < 10 ? 0 : value)
    for (let at = 0; at < values.length; at++) if (zeros[at] === 0) single.fill(0, 5 * at + 1, 5 * at + 5)
    assert.deepEqual(await write(model, new Map([['w', zeros]]), 'onnx', PLAIN), bytes(single))
  })

  test('sparse initializers, operators of other domains, groups of transposed convolutions, packed dims', async () => {
    const sparse = field(15, [...field(1, tensor({ name: 's' })), ...field(2, tensor({ name: '' }))])
    const own = node({ inputs: ['s', 'w'], more: field(7, 'com.microsoft') })
    const packed = [...field(1, [2, 1, 2]), ...integer(2, 1), ...field(8, 't'), ...field(9, floats(1, 2, 3, 4))]
    const group = field(5, [...field(1, 'group'), ...integer(3, 2), ...integer(20, 2)])
    const model = await read(file({ nodes: [own, node({ operator: 'ConvTranspose', name: 'up', inputs: ['x', 't'], more: group })], tensors: [tensor(), packed], more: sparse }))
    assert.match(model.layers[0]!.layer.problem!, /input_0.*sparse/)
    assert.deepEqual(model.layers[0]!.weights.map(({ role, prunable, spec }) => [role, prunable, spec]), [['input_1', true, undefined]])
    assert.deepEqual(model.layers[1]!.weights[0]!.tensor.shape, [2, 1, 2])
    assert.deepEqual(model.layers[1]!.weights[0]!.spec!.axes, { output: [0, 1], input: [0], spatial: [2] })
  })
})

describe('writing', () => {
  for (const name of FILES) {
    test(`${name}: without changes it is the same file`, async () => {
      for (const options of [PLAIN, SMALL]) assert.deepEqual(await write(await read(fixture(name)), new Map(), 'onnx', options), fixture(name))
    })
  }

  for (const name of FILES.filter((one) => one.endsWith('.onnx'))) {
    test(`${name}: with zeros it is, byte for byte, the file that Python made with them`, async () => {
      const model = await read(fixture(name))
      const { tensors, sha256: wanted } = expectedOf(name).zeroed
      assert.deepEqual(model.layers.flatMap(({ weights }) => weights).flatMap(({ prunable, tensor }) => prunable ? [tensor.key] : []).sort(), [...tensors].sort())
      assert.equal(sha256(await write(model, await cut(model, tensors), 'onnx', SMALL)), wanted)
    })
  }

  test('external data changes where it lies; the other files of the zip stay', async () => {
    const model = await read(fixture('external.zip'))
    const changes = await cut(model, ['first.W', 'second.W'])
    const after = await write(model, changes, 'onnx', SMALL)
    for (const name of ['net/model.onnx', 'net/README.txt']) assert.deepEqual(await entryOf(after, name), await entryOf(fixture('external.zip'), name))
    const weights = await entryOf(after, 'net/weights.bin')
    const wanted = [...new Uint8Array(64).fill(0xee), ...new Uint8Array(changes.get('first.W')!.buffer), ...new Uint8Array(32).fill(0xff)]
    assert.deepEqual([...weights], wanted)
    assert.deepEqual(await weightsOf(await read(after)), await weightsOf(model, changes))
    assert.equal((MODEL_FORMATS.onnx as ModelFormat).extensionOf!(model), '.zip')
  })

  test('lengths of enclosing messages shrink with the varints in them, also where a length becomes shorter itself', async () => {
    const values = [0x3c00, 0xbc00, 0x4000, 0xc000]
    for (const count of [2, 4, 20, 40, 100, 1000, 20_000]) {
      const all = Array.from({ length: 4 * count }, (_, at) => values[at % 4]!)
      const bytes = (numbers: number[]) => file({ tensors: [tensor({ dims: [4, count], type: 10, data: field(5, numbers.flatMap(varint)) })], more: field(10, 'behind') })
      const model = await read(bytes(all))
      const changes = await pruned(model, 0.5)
      const after = await write(model, changes, 'onnx', SMALL)
      const zeros = changes.get('w')!
      assert.deepEqual(after, bytes(all.map((value, at) => zeros[at] === 0 ? 0 : value)))
    }
  })

  test('data that several tensors share is not changed', async () => {
    const place = external({ location: 'd', offset: '0', length: '16' })
    const other = external({ location: 'd', offset: '8', length: '16' })
    const model = await read(await zipOf({ 'm.onnx': file({ tensors: [tensor({ data: place }), tensor({ name: 'v', data: other })] }), d: new Uint8Array(24) }))
    await assert.rejects(write(model, new Map([['w', new Float32Array(4)]]), 'onnx', PLAIN), { code: 'unsupported-format', message: /initializer w cannot be changed/ })
  })

  test('conversion from and to other formats is refused', async () => {
    for (const format of ['keras', 'keras-h5', 'tfjs-layers'] as const) {
      await assert.rejects(write(await read(fixture('convolutions.onnx')), new Map(), format, SMALL), { code: 'unsupported-format', message: /ONNX model .*cannot be converted/ })
    }
    await assert.rejects(write(await modelOf('test/fixtures/models/mlp.keras'), new Map(), 'onnx', SMALL), { code: 'unsupported-format', message: /keras model cannot be converted to ONNX/ })
  })

  test('too few new values, and values of no tensor, are a fault of the caller', async () => {
    const model = await read(file())
    await assert.rejects(write(model, new Map([['w', new Float32Array(3)]]), 'onnx', PLAIN), { code: 'shape-mismatch' })
    await assert.rejects(write(model, new Map([['x', new Float32Array(4)]]), 'onnx', PLAIN), { code: 'internal' })
  })
})
