/** SavedModels that TensorFlow and Keras wrote: names, shapes, types and values as TensorFlow says, and what may be pruned. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { countModel } from '../../../src/models/counts.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import type { ModelFile } from '../../../src/models/model.ts'
import { modelOf } from './formats-helpers.ts'
import { EXPECTED, FOLDER, sha256 } from './savedmodel-helpers.ts'

const open = async (name: string): Promise<ModelFile> => await modelOf(`${FOLDER}/${name}.zip`)

function weightsIn (model: ModelFile) {
  return model.layers.flatMap(({ path, weights }) => weights.map((weight) => ({ name: `${path}/${weight.role}`, ...weight })))
}

/** Names of weights that are pruned by default. */
const prunableIn = (model: ModelFile): string[] => weightsIn(model).filter(({ prunable }) => prunable).map(({ name }) => name)

describe('every tensor is as TensorFlow reads it', () => {
  for (const name of ['exported', 'compiled', 'sharded', 'keras2', 'mixed', 'first']) {
    test(name, async () => {
      const model = await open(name)
      const { tensors } = EXPECTED[name]!
      let compared = 0
      for (const { tensor } of weightsIn(model)) {
        if (/^\0/.test(tensor.key)) continue
        const expected = tensors[tensor.key]!
        assert.deepEqual([tensor.shape, tensor.type], [expected.shape, expected.type], tensor.key)
        const values = await tensor.read()
        assert.equal(sha256(values), expected.sha256, tensor.key)
        const pieces = []
        for await (const piece of tensor.chunks(7)) pieces.push(...piece)
        assert.deepEqual(pieces, [...values], `${tensor.key} in pieces`)
        compared++
      }
      assert.ok(compared >= 3)
    })
  }
})

describe('the weights of a Keras model are its own, each once, under the names Keras gives them', () => {
  for (const name of ['exported', 'compiled', 'sharded', 'keras2']) {
    test(name, async () => {
      const model = await open(name)
      const found = new Map<string, { shape: number[], sha256: string }>()
      for (const { name: weight, tensor } of weightsIn(model)) found.set(weight, { shape: [...tensor.shape], sha256: sha256(await tensor.read()) })
      assert.deepEqual(Object.fromEntries(found), EXPECTED[name]!.weights)
      assert.equal(model.hasOptimizerState, name !== 'exported')
    })
  }
})

test('kernels are pruned; biases of two axes, normalisation and statistics are not', async () => {
  for (const name of ['exported', 'compiled', 'sharded']) {
    const model = await open(name)
    assert.deepEqual(prunableIn(model).sort(), [
      'attention/attention_output/kernel', 'attention/key/kernel', 'attention/query/kernel', 'attention/value/kernel', 'conv/kernel', 'head/kernel',
    ])
    const reasons = Object.fromEntries(weightsIn(model).map(({ name, reason }) => [name, reason]))
    assert.match(reasons['attention/query/bias']!, /biases/)
    assert.match(reasons['norm/gamma']!, /normalisation/)
    assert.match(reasons['norm/moving_mean']!, /measured/)
  }
  assert.deepEqual(prunableIn(await open('keras2')).sort(), ['conv/kernel', 'head/kernel', 'lstm/lstm_cell/kernel', 'lstm/lstm_cell/recurrent_kernel'])
})

test('a module of named variables: types, lists, variables of one name, and what is no weight', async () => {
  const model = await open('mixed')
  const weights = Object.fromEntries(weightsIn(model).map(({ name, tensor, prunable }) => [name, `${tensor.type}${prunable ? ' pruned' : ''}`]))
  assert.deepEqual(weights, {
    'first/w': 'float32 pruned', 'first/b': 'float32', 'half/w': 'float16 pruned', 'half/b': 'float16', 'brain/w': 'bfloat16 pruned', 'brain/b': 'bfloat16',
    'wide/w': 'float64 pruned', 'wide/b': 'float64', 'stack/0/twin': 'float32 pruned', 'stack/1/twin': 'float32 pruned', 'table/table': 'int32', 'steps/steps': 'int64',
  })
  assert.match(weightsIn(model).find(({ name }) => name === 'table/table')!.reason!, /int32 values are no weights/)
  const problems = Object.fromEntries(model.layers.flatMap(({ path, layer }) => layer.problem === undefined ? [] : [[path, layer.problem]]))
  assert.deepEqual(Object.keys(problems).sort(), ['phase', 'words'])
  assert.match(problems.words!, /string values .* kept/)
  assert.match(problems.phase!, /complex64 values .* kept/)
})

test('TensorFlow 1: no object graph, moments beside their variables, variables in parts', async () => {
  const model = await open('first')
  const weights = Object.fromEntries(weightsIn(model).map(({ name, tensor, prunable }) => [name, `${tensor.shape}${prunable ? ' pruned' : ''}`]))
  // The reader of TensorFlow puts parts together; ours does along the first axis, and keeps the rest in parts.
  assert.deepEqual(weights, { 'conv1/weights': '6,8 pruned', 'conv1/biases': '8', 'cut/weights': '8,4 pruned', 'side/weights_part_0': '4,3', 'side/weights_part_1': '4,3', 'global_step/global_step': '' })
  assert.match(weightsIn(model).find(({ name }) => name === 'side/weights_part_0')!.reason!, /partitioned along other axes/)
  assert.equal(model.hasOptimizerState, true)
  const sides = weightsIn(model).filter(({ name }) => name.startsWith('side/'))
  let nonzeros = 0
  for (const { tensor } of sides) nonzeros += (await tensor.read()).filter((value) => value !== 0).length
  assert.equal(nonzeros, EXPECTED.first!.tensors['side/weights']!.nonzeros)
})

test('the summary counts every weight once and says what its graph takes and gives', async () => {
  for (const name of ['exported', 'compiled', 'sharded', 'keras2']) {
    const model = await open(name)
    const summary = await summarizeModel(model)
    const sizes = Object.values(EXPECTED[name]!.weights!).map(({ shape }) => shape.reduce((product, size) => product * size, 1))
    assert.equal(summary.weights, sizes.reduce((sum, size) => sum + size, 0))
    assert.equal((await countModel(model)).weights, summary.weights)
    assert.deepEqual([summary.runnable, summary.problem, summary.macs], [true, undefined, null])
    assert.deepEqual([summary.inputs, summary.outputs], name === 'keras2' ? [[[null, 5, 4]], [[null, 3]]] : [[[null, 6, 6, 2]], [[null, 5]]])
    assert.equal(summary.format, 'savedmodel')
  }
})

test('a model whose weights are constants of its graph is refused with the reason', async () => {
  await assert.rejects(open('frozen'), { code: 'unsupported-format', message: /variables\.index.*constants/ })
})
