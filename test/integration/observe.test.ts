/** Observations over calibration data, compiled and eager, are what numpy and real Keras compute. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-core'
import { createProgram } from '../../src/engine/compile/program.ts'
import { OBSERVATIONS, spreadNorms, type ObservationName } from '../../src/engine/observe/index.ts'
import { columnsOf, linearPart, squaresOf, type LinearPart } from '../../src/engine/observe/linear.ts'
import { observe, type ObserveRequest } from '../../src/engine/observe/observe.ts'
import { compensatedSum } from '../../src/engine/observe/sums.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import { EspalierError } from '../../src/errors.ts'
import type { ArchitectureLayer } from '../../src/models/architecture/types.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseEquation } from '../../src/models/layers/einsum.ts'
import type { NodeCall } from '../../src/models/layers/layer-type.ts'
import type { LayerTypeName } from '../../src/models/layers/index.ts'
import type { ModelFile } from '../../src/models/model.ts'

interface Packed { readonly shape: number[], readonly data: string }
type Table<T = Packed> = Readonly<Record<string, T>>
interface Expected {
  readonly inputs: Packed[]
  readonly targets: Packed[]
  readonly batch: number
  readonly inputNorms: Table
  readonly hessians: Table
  readonly activations: Table<Record<'mean' | 'meanAbsolute' | 'variance' | 'zeros' | 'max', Packed> & { readonly rows: number }>
  readonly lossGradients: Table<Table>
  readonly perExample: Table<Table>
}

const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/observe/${name}`, import.meta.url))
const ALL = Object.keys(OBSERVATIONS) as ObservationName[]

function unpacked ({ data }: Packed): Float32Array {
  const bytes = Buffer.from(data, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

async function read (name: string): Promise<{ model: ModelFile, data: ObserveRequest<ObservationName>['data'], expected: Expected }> {
  const expected = JSON.parse(file(`${name}.json`).toString()) as Expected
  const arrays = (list: readonly Packed[]) => list.map((one) => ({ shape: one.shape.slice(1), values: unpacked(one) }))
  return {
    model: await readModel(bytesInMemory(file(`${name}.keras`))),
    data: { examples: expected.inputs[0]!.shape[0]!, features: arrays(expected.inputs), targets: arrays(expected.targets) },
    expected,
  }
}

/** Relative to the largest value of the array. */
function near (actual: Float32Array, packed: Packed, what: string, tolerance = 1e-5): void {
  const expected = unpacked(packed)
  assert.equal(actual.length, expected.length, `${what} has ${actual.length} values, not ${expected.length}`)
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  assert.ok(scale > 0, `${what} is not all 0`)
  expected.forEach((value, at) => {
    assert.ok(Math.abs(actual[at]! - value) <= tolerance * scale, `${what}[${at}] is ${actual[at]}, ${value} expected`)
  })
}

const sorted = (names: Iterable<string>): string[] => [...names].sort()

before(async () => { await loadEngine() })

for (const name of ['images', 'shared', 'sequences', 'volumes']) {
  for (const mode of ['compiled', 'eager'] as const) {
    test(`${name}, ${mode}`, async () => {
      const { model, data, expected } = await read(name)
      const before = tf.memory().numTensors
      const progress: number[] = []
      const { results, skipped, examples, execution } = await observe({
        model, data, mode, observations: ALL, batchSize: expected.batch, onProgress: (done) => { progress.push(done) },
      })
      assert.equal(tf.memory().numTensors, before)
      assert.equal(examples, data.examples)
      assert.equal(execution.compiled, mode === 'compiled')
      assert.deepEqual(progress, [8, 16, 22, 30, 38, 44])

      assert.deepEqual(sorted(results.inputNorms.keys()), sorted(Object.keys(expected.inputNorms)))
      for (const [weight, { values, shape }] of results.inputNorms) {
        near(values, expected.inputNorms[weight]!, `norms of ${weight}`)
        const kernel = model.layers.flatMap(({ path, weights }) => weights.map(({ role, tensor }) => [`${path}/${role}`, tensor.shape] as const)).find(([key]) => key === weight)![1]
        assert.ok(shape.length === kernel.length && shape.every((size, axis) => kernel[axis]! % size === 0), `${weight} of [${kernel.join(', ')}] has norms [${shape.join(', ')}]`)
      }
      assert.deepEqual(sorted(results.hessians.keys()), sorted(Object.keys(expected.hessians)))
      for (const [weight, { blocks, size, groups, rows }] of results.hessians) {
        near(blocks, expected.hessians[weight]!, `Hessian of ${weight}`)
        assert.deepEqual([groups, size, size], expected.hessians[weight]!.shape)
        assert.equal(rows, results.inputNorms.get(weight)!.rows)
      }
      assert.deepEqual(sorted(results.activations.keys()), sorted(Object.keys(expected.activations)))
      for (const [layer, { rows, ...statistics }] of results.activations) {
        assert.equal(rows, expected.activations[layer]!.rows)
        for (const what of ['mean', 'meanAbsolute', 'variance', 'max'] as const) near(statistics[what], expected.activations[layer]![what], `${what} of ${layer}`)
        unpacked(expected.activations[layer]!.zeros).forEach((share, channel) => { assert.ok(Math.abs(statistics.zeros[channel]! - share) < 1e-6, `zeros of ${layer}: ${statistics.zeros[channel]}, ${share}`) })
      }
      assert.deepEqual(sorted(results.lossGradients.keys()), sorted(Object.keys(expected.lossGradients)))
      for (const [weight, one] of results.lossGradients) {
        for (const what of ['mean', 'meanSquare', 'unitMeanSquare'] as const) near(one[what], expected.lossGradients[weight]![what]!, `${what} of the gradient by ${weight}`, 1e-4)
      }
      assert.deepEqual([...skipped.hessians.keys()], name === 'sequences' ? ['words/embeddings'] : [])
      for (const other of ['inputNorms', 'lossGradients', 'activations'] as const) assert.equal(skipped[other].size, 0)
    })
  }

  test(`${name}, the gradients of each example by itself`, async () => {
    const { model, data, expected } = await read(name)
    const { results, execution } = await observe({ model, data, observations: ['lossGradients'], perExample: true })
    assert.ok(execution.compiled, '22 steps are enough')
    for (const [weight, one] of results.lossGradients) {
      for (const what of ['mean', 'meanSquare', 'unitMeanSquare'] as const) near(one[what], expected.perExample[weight]![what]!, `${what} of the gradient by ${weight}`, 1e-4)
    }
  })
}

describe('what is asked for', () => {
  let images: Awaited<ReturnType<typeof read>>
  before(async () => { images = await read('images') })

  test('one weight, one layer, other values of the weights', async () => {
    const { model, data, expected } = images
    const kernel = model.layers.find(({ path }) => path === 'strided')!.weights[0]!.tensor
    const doubled = new Map([[kernel.key, (await kernel.read()).map((value) => 2 * value)]])
    const { results } = await observe({ model, data, observations: ['inputNorms', 'activations'], weights: ['strided/kernel'], layers: ['strided'], changes: doubled })
    assert.deepEqual([[...results.inputNorms.keys()], [...results.activations.keys()]], [['strided/kernel'], ['strided']])
    near(results.inputNorms.get('strided/kernel')!.values, expected.inputNorms['strided/kernel']!, 'the input is the same')
    assert.ok(results.activations.get('strided')!.max[0]! > unpacked(expected.activations.strided!.max)[0]! * 1.2, 'the output is not')
  })

  test('names that are not there', async () => {
    await assert.rejects(observe({ ...images, observations: ['hessians'], weights: ['strided/bias'] }), /there is no prunable weight "strided\/bias"; there are strided\/kernel, /)
    await assert.rejects(observe({ ...images, observations: ['activations'], layers: ['none'] }), /there is no layer "none"; there are /)
  })

  test('Hessian blocks above the limit', async () => {
    const before = tf.memory().numTensors
    const asked = { ...images, observations: ['hessians'] as const, weights: ['classes/kernel', 'strided/kernel'] }
    await assert.rejects(observe({ ...asked, hessianBytes: 10_000 }), (error: unknown) =>
      error instanceof EspalierError && error.code === 'limit-exceeded' && /take 14400 bytes, more than the 10000 allowed: .*classes\/kernel \(1 of 48 x 48, 9216 bytes\)/.test(error.message))
    assert.equal(tf.memory().numTensors, before)
  })

  test('gradients without targets', async () => {
    const { model, data } = images
    await assert.rejects(observe({ model, data: { ...data, targets: [] } as typeof data, observations: ['lossGradients'] }), { code: 'shape-mismatch' })
  })

  test('an end in between leaves nothing', async () => {
    const before = tf.memory().numTensors
    for (const mode of ['compiled', 'eager'] as const) {
      const stop = new AbortController()
      const { model, data } = images
      await assert.rejects(observe({ model, data, mode, observations: ALL, batchSize: 4, signal: stop.signal, onProgress: (done) => { if (done === 8) stop.abort() } }), { name: 'AbortError' })
      assert.equal(tf.memory().numTensors, before)
    }
  })

  test('norms spread over a kernel', async () => {
    const { model, data } = images
    const { results: { inputNorms } } = await observe({ model, data, observations: ['inputNorms'] })
    const { values, shape } = inputNorms.get('grouped/kernel')!
    assert.deepEqual(shape, [3, 3, 3, 2])
    const spread = spreadNorms({ values, shape, rows: 1 }, [3, 3, 3, 4])
    // Filters 0 and 1 are of the first group, 2 and 3 of the second.
    for (let column = 0; column < 27; column++) for (let filter = 0; filter < 4; filter++) assert.equal(spread[column * 4 + filter], values[column * 2 + (filter >> 1)])
    const depthwise = inputNorms.get('depthwise/kernel')!
    assert.deepEqual(depthwise.shape, [3, 3, 5, 1])
    assert.deepEqual([...spreadNorms(depthwise, [3, 3, 5, 2])].filter((_, at) => at % 2 === 1), [...depthwise.values])
  })
})

describe('layers whose kernels see their input as it is', () => {
  const layerOf = (type: LayerTypeName, config: unknown): ArchitectureLayer => ({ path: type, className: type, type, config, trainable: true, containers: [], indexInContainer: 0 })
  const values = Float32Array.from({ length: 2 * 3 * 4 }, (_, at) => at / 8 - 1)

  test('the steps of a recurrent layer, and not its states', () => {
    tf.tidy(() => {
      const x = tf.tensor(values, [2, 3, 4])
      for (const [type, role] of [['SimpleRNN', 'kernel'], ['LSTM', 'kernel'], ['GRU', 'kernel'], ['Bidirectional', 'backward_layer/kernel']] as const) {
        const part = linearPart(layerOf(type, {}), role, [4, 20]) as LinearPart
        const { squares, rows } = squaresOf(part, part.input([x], {}))
        const expected = [0, 1, 2, 3].map((column) => values.filter((_, at) => at % 4 === column).reduce((sum, value) => sum + value ** 2, 0))
        assert.deepEqual([squares.shape, [...squares.dataSync()], rows, part.normShape], [[4, 1], expected, 6, [4, 1]])
      }
      assert.match(linearPart(layerOf('LSTM', {}), 'recurrent_kernel', [5, 20]) as string, /recurrent_kernel of a layer of type LSTM .* cannot be seen from outside/)
    })
  })

  test('the arguments that attention projects', () => {
    tf.tidy(() => {
      const [query, value] = [tf.tensor(values, [2, 3, 4]), tf.tensor(values.map((one) => 2 * one), [2, 3, 4])]
      const squares = (role: string, call?: NodeCall) => {
        const part = linearPart(layerOf('MultiHeadAttention', {}), role, [4, 2, 3]) as LinearPart
        return [...squaresOf(part, part.input([value, query], {}, call)).squares.dataSync()]
      }
      const columns = (factor: number) => [0, 1, 2, 3].map((column) => values.filter((_, at) => at % 4 === column).reduce((sum, one) => sum + (factor * one) ** 2, 0))
      const call = { roles: ['value', 'query'], flags: [] }
      assert.deepEqual([squares('query/kernel', call), squares('value/kernel', call), squares('key/kernel', call)], [columns(1), columns(2), columns(2)])
      assert.deepEqual([squares('query/kernel'), squares('key/kernel')], [columns(2), columns(1)])
      assert.match(linearPart(layerOf('MultiHeadAttention', {}), 'attention_output/kernel', [2, 3, 4]) as string, /cannot be seen from outside/)
    })
  })

  test('the axes that an equation sums over', () => {
    tf.tidy(() => {
      const x = tf.tensor(values, [2, 3, 2, 2])
      const config = (equation: string) => ({ equation: parseEquation(equation) })
      const part = linearPart(layerOf('EinsumDense', config('abde,dec->abc')), 'kernel', [2, 2, 5]) as LinearPart
      const { squares, rows } = squaresOf(part, part.input([x], {}))
      const expected = [0, 1, 2, 3].map((column) => values.filter((_, at) => at % 4 === column).reduce((sum, value) => sum + value ** 2, 0))
      assert.deepEqual([squares.shape, [...squares.dataSync()], rows, part.normShape], [[2, 2, 1], expected, 6, [2, 2, 1]])
      assert.match(linearPart(layerOf('EinsumDense', config('abc,bd->adc')), 'kernel', [3, 5]) as string, /its equation does not multiply/)
    })
  })

  test('a layer at every step is as the layer over all examples and steps', () => {
    tf.tidy(() => {
      const config = { rank: 1, kernelSize: [2], strides: [1], dilation: [1], padding: 'valid', format: 'channels_last', useBias: true, activation: { name: 'relu' }, filters: 5, groups: 1 }
      const x = tf.tensor(values, [2, 3, 4, 1])
      const inner = linearPart(layerOf('Conv1D', config), 'kernel', [2, 1, 5]) as LinearPart
      const part = linearPart(layerOf('TimeDistributed', { inner: { type: 'Conv1D', config } }), 'kernel', [2, 1, 5]) as LinearPart
      const [wanted, found] = [columnsOf(inner, tf.reshape(x, [6, 4, 1])), columnsOf(part, part.input([x], {}))]
      assert.deepEqual(found.shape, [18, 2])
      assert.deepEqual(found.dataSync(), wanted.dataSync())
      assert.deepEqual([...found.dataSync()].slice(0, 6), [-1, -0.875, -0.875, -0.75, -0.75, -0.625])
    })
  })
})

test('a compensated sum keeps what a float32 sum loses, in the graph too', () => {
  const sum = compensatedSum('sum', [2])
  const program = createProgram(sum.variables, { add: (value) => { sum.add(value!); return [] } })
  const steps = 20_000
  const [large, small] = [tf.tensor1d([1000, -3000]), tf.tensor1d([1e-5, 1e-5])]
  try {
    program.run('add', [large])
    for (let at = 0; at < steps; at++) program.run('add', [small])
    const [total] = program.read(['sum'])
    const [first, second] = total!.dataSync() as Float32Array
    // Each addend is less than half of the last place of the sum: one after the other they would all vanish.
    assert.ok(Math.abs(first! - (1000 + steps * 1e-5)) < 1e-3, `${first}`)
    assert.ok(Math.abs(second! - (-3000 + steps * 1e-5)) < 1e-3, `${second}`)
    total!.dispose()
  } finally {
    program.dispose()
    tf.dispose([large, small, ...Object.values(sum.variables)])
  }
})
