/** Every layer type, with each of its options, computes what real Keras computes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { runGraph, type Weights } from '../../src/engine/forward.ts'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { LAYER_TYPES } from '../../src/models/layers/index.ts'
import { OPERATIONS, type OperationConfig, type OperationName } from '../../src/models/layers/operations/index.ts'
import { readCases, type LayerCase } from '../fixtures/layers/cases.ts'

const TOLERANCE = 1e-5

const cases = readCases()

/** Largest |a - b| / max(1, |b|). */
function distance (a: Float32Array, b: Float32Array): number {
  return b.reduce((worst, value, index) => {
    const error = Math.abs(a[index]! - value) / Math.max(1, Math.abs(value))
    return error <= worst ? worst : error
  }, 0)
}

function run ({ config, layers, inputs }: LayerCase): tf.Tensor[] {
  const architecture = readArchitecture(config)
  assert.equal(architecture.problem, undefined)
  const byPath = new Map(layers.map(({ path, weights }) => [path, weights]))
  const weights = architecture.layers.map(({ path, weights: specs }) => {
    const given = byPath.get(path) ?? []
    return Object.fromEntries(specs!.map(({ role }, index) => [role, tf.tensor(given[index]!.values, given[index]!.shape)]))
  })
  const fed = inputs.map(({ shape, values }) => tf.tensor(values, shape))
  const before = tf.memory().numTensors
  const outputs = runGraph(architecture, (layer) => weights[layer]!, fed)
  assert.equal(tf.memory().numTensors - before, outputs.length, 'only the outputs are left')
  assert.ok([...fed, ...weights.flatMap((one) => Object.values(one))].every((tensor) => !tensor.isDisposed), 'inputs and weights stay the caller\'s')
  return outputs
}

describe('outputs equal Keras\'', () => {
  for (const one of cases) {
    test(one.name, () => {
      tf.tidy(() => {
        const outputs = run(one)
        assert.equal(outputs.length, one.outputs.length)
        for (const [index, output] of outputs.entries()) {
          const expected = one.outputs[index]!
          assert.deepEqual(output.shape, expected.shape)
          const error = distance(output.dataSync() as Float32Array, expected.values)
          assert.ok(error <= TOLERANCE, `output ${index} is off by ${error}`)
        }
      })
    })
  }
})

test('every layer type is among the cases', () => {
  const seen = new Set(cases.flatMap(({ config }) => readArchitecture(config).layers.map(({ type }) => type)))
  assert.deepEqual(Object.keys(LAYER_TYPES).filter((type) => !seen.has(type as keyof typeof LAYER_TYPES)), [])
})

test('every operation is among the cases', () => {
  const configs = cases.flatMap(({ config }) => readArchitecture(config).layers.filter(({ type }) => type === 'Operation').map(({ config: one }) => one as OperationConfig))
  const seen = new Set(configs.map(({ operation }) => operation))
  assert.deepEqual(Object.keys(OPERATIONS).filter((name) => !seen.has(name as OperationName)), [])
})

test('unequal strides of a depthwise convolution, which TensorFlow has no kernel for, equal every second position', () => {
  const config = (strides: number[]) => ({
    class_name: 'Sequential',
    config: {
      layers: [
        { class_name: 'InputLayer', config: { name: 'in', batch_shape: [null, 6, 7, 2] } },
        { class_name: 'DepthwiseConv2D', config: { name: 'd', kernel_size: 3, strides, use_bias: false } },
      ]
    },
  })
  tf.tidy(() => {
    const [x, kernel] = [tf.randomNormal([2, 6, 7, 2]), tf.randomNormal([3, 3, 2, 1])]
    const run = (strides: number[]) => runGraph(readArchitecture(config(strides)), (layer): Weights => layer === 1 ? { kernel } : {}, [x])[0]!
    const [every, second] = [run([1, 1]), run([1, 2])]
    const expected = tf.stridedSlice(every, [0, 0, 0, 0], every.shape, [1, 1, 2, 1])
    assert.ok(distance(second.dataSync() as Float32Array, expected.dataSync() as Float32Array) <= TOLERANCE)
  })
})
