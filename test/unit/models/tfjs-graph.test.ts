/** Graph models that the converter of TF.js wrote: values as its own reader says, kernels as in the Keras model, and files written again. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { countModel } from '../../../src/models/counts.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { openZip } from '../../../src/models/zip.ts'
import { bytesOf, entryOf, modelOf, PLAIN, pruned, SMALL, write } from './formats-helpers.ts'
import { EXPECTED, FOLDER, NAMES, read, weightsIn } from './tfjs-graph-helpers.ts'

const open = async (name: string) => await modelOf(`${FOLDER}/${name}.zip`)
const sha256 = (values: Float32Array) => createHash('sha256').update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).digest('hex')

for (const name of NAMES) {
  describe(name, () => {
    test('values are as tensorflowjs reads them; numbers with axes are all there', async () => {
      const model = await open(name)
      const { weights } = EXPECTED[name]!
      const found = weightsIn(model)
      assert.deepEqual(found.map(({ tensor }) => tensor.key).sort(), Object.keys(weights).filter((key) => weights[key]!.dtype === 'float32' && weights[key]!.shape.length > 0).sort())
      for (const { tensor } of found) {
        assert.deepEqual(tensor.shape, weights[tensor.key]!.shape)
        assert.equal(sha256(await tensor.read()), weights[tensor.key]!.sha256, tensor.key)
      }
      assert.equal(model.architecture.graph, undefined)
      const { runnable, problem, inputs } = await summarizeModel(model)
      if (name === 'lookup') assert.match(problem!, /fills tables when it is loaded/)
      else assert.deepEqual([runnable, problem, inputs], [true, undefined, [/sequences|functions/.test(name) ? [null, 6] : [null, 8, 8, 3]]])
    })

    test('without changes every entry stays', async () => {
      const file = bytesOf(`${FOLDER}/${name}.zip`)
      for (const options of [PLAIN, SMALL]) {
        const after = await write(await read(file), new Map(), 'tfjs-graph', options)
        for (const entry of await openZip(bytesInMemory(file))) assert.deepEqual(await entryOf(after, entry.name), await entryOf(file, entry.name))
      }
    })

    test('pruned: values that stay keep their bits, everything else its bytes', async () => {
      const file = bytesOf(`${FOLDER}/${name}.zip`)
      const model = await read(file)
      const changes = await pruned(model, 0.6)
      const after = await write(model, changes, 'tfjs-graph', SMALL)
      const before = await openZip(bytesInMemory(file))
      assert.deepEqual((await openZip(bytesInMemory(after))).map((entry) => [entry.name, entry.size]), before.map((entry) => [entry.name, entry.size]))
      const json = before.find((entry) => entry.name.endsWith('model.json'))!.name
      assert.deepEqual(await entryOf(after, json), await entryOf(file, json))
      const again = new Map(weightsIn(await read(after)).map(({ tensor }) => [tensor.key, tensor]))
      for (const { tensor } of weightsIn(model)) {
        assert.equal(again.get(tensor.key)!.type, tensor.type)
        assert.deepEqual(await again.get(tensor.key)!.read(), changes.get(tensor.key) ?? await tensor.read(), tensor.key)
      }
      const { prunableWeights } = await countModel(model)
      const zeros = [...changes.values()].reduce((sum, values) => sum + values.filter((value) => value === 0).length, 0)
      assert.equal(zeros, Math.floor(0.6 * prunableWeights + 0.5))
    })
  })
}

test('pruned by default are the kernels of the Keras model', async () => {
  for (const name of ['convolutions', 'quantized', 'sharded', 'lookup']) {
    assert.deepEqual(weightsIn(await open(name)).filter(({ prunable }) => prunable).map(({ tensor }) => tensor.key).sort(), EXPECTED[name]!.kernels, name)
  }
  // The converter leaves behind what a loop took before it was unrolled into nodes of the graph; with functions, the loop takes its kernels itself.
  for (const [name, others] of [['sequences', /^Func\//], ['functions', /^unknown/]] as const) {
    assert.deepEqual(weightsIn(await open(name)).filter(({ prunable }) => prunable).map(({ tensor }) => tensor.key).sort(), EXPECTED[name]!.kernels.filter((key) => !others.test(key)), name)
  }
})

test('what the axes of kernels mean', async () => {
  const found = Object.fromEntries([...weightsIn(await open('convolutions')), ...weightsIn(await open('sequences')), ...weightsIn(await open('lookup'))].map(({ path, role, spec }) => [`${path.split('/').slice(-2).join('/')} ${role}`, spec?.axes]))
  assert.deepEqual(found['plain_1/convolution filter'], { output: [3], input: [2], spatial: [0, 1] })
  assert.deepEqual(found['depthwise_1/depthwise filter'], { output: [2, 3], input: [2], spatial: [0, 1] })
  assert.deepEqual(found['transposed_1/conv_transpose filter'], { output: [2], input: [3], spatial: [0, 1] })
  assert.deepEqual(found['volume_1/convolution filter'], { output: [4], input: [3], spatial: [0, 1, 2] })
  assert.deepEqual(found['head_1/Relu b'], { input: [0], output: [1], spatial: [] })
  assert.deepEqual(found['query_1/MatMul y'], { input: [0], output: [1], spatial: [] })
  // nij,oij->no
  assert.deepEqual(found['einsum/Einsum y'], { input: [1, 2], output: [0], spatial: [] })
})

test('biases, normalisation, slopes and what the initializer takes are left alone, with the reason', async () => {
  const reasons = (list: ReturnType<typeof weightsIn>) => Object.fromEntries(list.map(({ path, role, reason }) => [`${path.split('/').slice(-2).join('/')} ${role}`, reason]))
  const convolutions = reasons(weightsIn(await open('convolutions')))
  assert.match(convolutions['head_1/Relu bias']!, /biases/)
  assert.match(convolutions['depthwise_1/depthwise slope']!, /slopes/)
  assert.match(convolutions['batchnorm/mul_1 y']!, /constants that are added or multiplied/)
  const lookup = weightsIn(await open('lookup'))
  assert.deepEqual(lookup.filter(({ reason }) => reason === 'the initializer of the model takes it').map(({ tensor }) => tensor.shape), [[4]])
  assert.match(reasons(weightsIn(await open('functions')))['lstm_1/while input_7']!, /of While it is not known to be a kernel/)
  assert.match(Object.entries(reasons(weightsIn(await open('sequences')))).find(([name]) => name.startsWith('input/_14'))![1]!, /no node of the graph takes it/)
})

test('float16 stays float16, and the producer says what is quantized', async () => {
  const model = await open('quantized')
  assert.match(model.producer.quantized!, /float16.*stays so/)
  const types = Object.fromEntries(weightsIn(model).map(({ path, role, tensor }) => [`${path.split('/').at(-2)} ${role}`, tensor.type]))
  assert.equal(types['plain_1 filter'], 'float16')
  assert.equal(types['volume_1 filter'], 'float32')
  assert.equal(model.architecture.name, 'models/quantized')
})
