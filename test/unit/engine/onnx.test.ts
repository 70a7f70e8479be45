/** Batches for onnxruntime: exact types, fixed sizes, classes in front, and its errors as ours. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cutBatch, fixedBatch, joinBatches } from '../../../src/engine/session/batches.ts'
import { onnxFailure } from '../../../src/engine/onnx/failure.ts'
import { loadOnnxRuntime } from '../../../src/engine/onnx/library.ts'
import { batchOf, tensorOf } from '../../../src/engine/onnx/values.ts'
import { classesLast, hasClassesFirst } from '../../../src/engine/metrics/layout.ts'
import { areProbabilities } from '../../../src/engine/metrics/probabilities.ts'

const of = (...values: number[]) => ({ values: Float32Array.from(values), shape: [values.length] })

describe('tensors of onnxruntime', async () => {
  const ort = await loadOnnxRuntime()

  test('whole numbers are exact, and only those that fit', () => {
    assert.deepEqual([...tensorOf(ort, 'x', 'int64', of(-3, 2 ** 24)).data as BigInt64Array], [-3n, 16_777_216n])
    assert.deepEqual([...tensorOf(ort, 'x', 'uint8', of(0, 255)).data as Uint8Array], [0, 255])
    assert.deepEqual([...tensorOf(ort, 'x', 'bool', of(0, 1)).data as Uint8Array], [0, 1])
    const wrong = [['int64', 2 ** 25], ['int32', 0.5], ['uint8', 256], ['int8', -129], ['uint64', -1], ['bool', 2], ['int16', NaN], ['uint32', Infinity]] as const
    for (const [type, value] of wrong) assert.throws(() => tensorOf(ort, 'ids', type, of(1, value)), { code: 'shape-mismatch', message: new RegExp(`ids takes ${type}, the features have ${value}`) })
  })

  test('float16 and float64 there and back', () => {
    for (const type of ['float16', 'float64', 'float32'] as const) assert.deepEqual(batchOf(tensorOf(ort, 'x', type, of(0.5, -2, 65_504))), of(0.5, -2, 65_504))
  })
})

describe('batches of a fixed size', () => {
  test('the size that all inputs share', () => {
    assert.deepEqual([fixedBatch([[4, 3], [4]]), fixedBatch([[4], [null]]), fixedBatch([[4], [2]]), fixedBatch([[null, 4]])], [4, null, null, null])
  })

  test('the last batch repeats its last example, which is left out again', () => {
    const all = { values: Float32Array.from([1, 2, 3, 4, 5, 6]), shape: [3, 2] }
    const parts = [cutBatch(all, 0, 2), cutBatch(all, 2, 2)]
    assert.deepEqual([...parts[1]!.values], [5, 6, 5, 6])
    assert.deepEqual(joinBatches(parts, 3), all)
    assert.deepEqual([...cutBatch(all, 2, 4).values], [5, 6, 5, 6, 5, 6, 5, 6])
  })
})

describe('classes in front', () => {
  const first = (output: number[], target: number[], classAxis: number | null = null) => hasClassesFirst({ output, target, classAxis }, 'output y')

  test('are told by the targets, and by the axis of a softmax', () => {
    assert.deepEqual([first([4, 8, 9], [8, 9]), first([4, 8, 9], [8, 9, 1]), first([4, 8, 9], [8, 9, 4]), first([1, 8, 9], [8, 9]), first([4, 7], [7])], [true, true, true, true, true])
    assert.deepEqual([first([8, 9, 4], [8, 9]), first([8, 9, 4], [8, 9, 4]), first([10], []), first([4, 8, 9], [7, 7]), first([4, 8, 9], [4, 8, 9])], [false, false, false, false, false])
    // Of a cube only the axis tells.
    assert.deepEqual([first([8, 8, 8], [8, 8]), first([8, 8, 8], [8, 8], 1), first([8, 8, 8], [8, 8], -1), first([8, 8, 8], [8, 8], -3)], [false, true, false, true])
    assert.throws(() => first([4, 8, 9], [4, 8, 9], 1), { code: 'shape-mismatch', message: /class indices \[8, 9\] or values \[8, 9, 4\]/ })
  })

  test('are turned round, example by example', () => {
    const turned = classesLast({ values: Float32Array.from([1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6]), shape: [2, 2, 3] })
    assert.deepEqual([[...turned.values], turned.shape], [[1, 4, 2, 5, 3, 6, -1, -4, -2, -5, -3, -6], [2, 3, 2]])
  })

  test('rows in [0, 1] that sum to 1 are probabilities', () => {
    const rows = (...values: number[]) => areProbabilities({ values: Float32Array.from(values), shape: [values.length / 2, 2] })
    assert.deepEqual([rows(0.25, 0.75, 1, 0), rows(0.25, 0.75, 0.5, 0.6), rows(-0.25, 1.25), rows(NaN, 1), areProbabilities({ values: of(1, 1).values, shape: [2, 1] })], [true, false, false, false, false])
  })
})

test('what onnxruntime throws has a code, and no place on this machine', () => {
  const { code, message } = onnxFailure(new Error('Load model from /var/x/model.onnx failed:/onnxruntime_src/core/a.h:46 void f(int, std::string) Opset 99 is\n under development'), 'load the model', '/var/x')
  assert.deepEqual([code, message], ['unsupported-layer', 'onnxruntime cannot load the model: Load model from model.onnx failed:Opset 99 is under development'])
  assert.equal(onnxFailure(new Error('Got invalid dimensions for input: x'), 'run it').code, 'shape-mismatch')
  assert.equal(onnxFailure(new Error('Failed to allocate memory for requested buffer'), 'run it').code, 'limit-exceeded')
})
