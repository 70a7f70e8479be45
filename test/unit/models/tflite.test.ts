/** TFLite files: read back as written, refused when damaged; numbers, sparse rows and C arrays worked out by hand. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import fc from 'fast-check'
import { EspalierError } from '../../../src/errors.ts'
import { EXPORTS, type ModelExport } from '../../../src/models/exports/index.ts'
import { cArrayOf } from '../../../src/models/exports/tflite/c-array.ts'
import { encodeTflite } from '../../../src/models/exports/tflite/encode.ts'
import type { TfliteModel, TfliteTensor } from '../../../src/models/exports/tflite/model.ts'
import { halvesOf, quantizationOf, quantizeBias, quantizeWeights } from '../../../src/models/exports/tflite/numbers.ts'
import { readTflite } from '../../../src/models/exports/tflite/read.ts'
import { withSparseWeights } from '../../../src/models/exports/tflite/sparse.ts'
import { writeTflite } from '../../../src/models/exports/tflite/write.ts'
import { readCases } from '../../fixtures/layers/cases.ts'
import { lowerCase } from '../../support/lowered.ts'

const float = (name: string, shape: number[], values?: number[]): TfliteTensor =>
  ({ name, shape, type: 'float32', ...values && { data: new Uint8Array(Float32Array.from(values).buffer) } })

/** y = x W + b, with W [units, inputs]. */
function denseModel (weights: number[], [units, inputs]: [number, number]): TfliteModel {
  return {
    description: 'made by hand',
    tensors: [{ ...float('x', [1, inputs]), signature: [-1, inputs] }, float('w', [units, inputs], weights), float('b', [units], new Array<number>(units).fill(0)), { ...float('y', [1, units]), signature: [-1, units] }],
    operators: [{ builtin: 'FULLY_CONNECTED', version: 1, inputs: [0, 1, 2], outputs: [3], options: { activation: 1, weightsFormat: 0, keepAxes: false, asymmetricInputs: false } }],
    inputs: [0],
    outputs: [3],
    inputNames: ['x'],
    outputNames: ['y'],
  }
}

describe('TFLite files', () => {
  const cases = readCases()
  const residual = () => lowerCase(cases.find(({ name }) => name === 'residual')!)
  let small: Uint8Array
  before(() => { small = writeTflite(denseModel([1, 2, 3, 4, 5, 6], [2, 3])) })

  it('are read back as they were written, with constants at multiples of 16', () => {
    const model = denseModel([1, 2, 3, 4, 5, 6], [2, 3])
    const read = readTflite(small)
    assert.deepEqual(read, model)
    for (const { data } of read.tensors) if (data !== undefined) assert.equal((data.byteOffset - small.byteOffset) % 16, 0)
    assert.equal(new TextDecoder().decode(small.subarray(4, 8)), 'TFL3')
  })

  for (const { name, write, read, calibrates } of Object.values<ModelExport>(EXPORTS).filter((one) => one.read !== undefined)) {
    it(`hold the numbers of a residual network as ${name}`, () => {
      const graph = residual()
      const ranges = new Map(calibrates ? [...graph.inputs, ...graph.operations.map(({ output }) => output)].map((value) => [value.name, { min: -1, max: 3 }]) : [])
      const model = read!(write(graph, ranges))
      const types = new Set(model.tensors.filter(({ data, shape }) => data !== undefined && shape.length === 4).map(({ type }) => type))
      assert.deepEqual([...types], [calibrates ? 'int8' : name === 'tflite-float16' ? 'float16' : 'float32'])
      assert.deepEqual(model.outputs.map((index) => model.tensors[index]!.signature), [[-1, 3]])
    })
  }

  it('have batch normalisation and activations within the convolutions', () => {
    const operators = encodeTflite(residual()).operators.map(({ builtin }) => builtin)
    assert.deepEqual(operators, ['CONV_2D', 'MUL', 'ADD', 'CONV_2D', 'ADD', 'RESHAPE', 'FULLY_CONNECTED', 'SOFTMAX'])
  })

  it('are refused with a code when they are cut off', () => {
    for (let length = 0; length < small.length; length += 3) assertHeld(() => readTflite(small.subarray(0, length)))
    assert.throws(() => readTflite(small.subarray(0, 40)), (error) => error instanceof EspalierError && error.code === 'invalid-model')
  })

  it('are read or refused with a code whatever a byte of them is', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(small.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
      const damaged = small.slice()
      for (const [at, value] of changes) damaged[at] = value
      assertHeld(() => readTflite(damaged))
    }), { numRuns: 5_000, seed: 7 })
  })

  it('are refused when all of their parts are one and the same', () => {
    // A root whose subgraphs are 100,000 references to the root.
    const count = 100_000
    const bytes = new Uint8Array(64 + 4 * count)
    const view = new DataView(bytes.buffer)
    new TextEncoder().encodeInto('TFL3', bytes.subarray(4))
    const [table, fields, list] = [24, 8, 40]
    view.setUint32(0, table, true)
    view.setInt32(table, table - fields, true)
    view.setUint16(fields, 14, true)
    // Fields 2 (subgraphs), 1 (operator codes) and 0, which a subgraph has as tensors, are the list.
    for (const id of [0, 1, 2]) view.setUint16(fields + 4 + 2 * id, 4 + 4 * id, true)
    for (const id of [0, 1, 2]) view.setUint32(table + 4 + 4 * id, list - (table + 4 + 4 * id), true)
    view.setUint32(list, count, true)
    for (let at = list + 4; at < bytes.length - 20; at += 4) view.setUint32(at, (table - at) >>> 0, true)
    assert.throws(() => readTflite(bytes), (error) => error instanceof EspalierError && error.code === 'invalid-model')
  })

  it('are no C arrays above 64 MiB', () => {
    assert.throws(() => cArrayOf(new Uint8Array(64 * 2 ** 20 + 1), 'model'), (error) => error instanceof EspalierError && error.code === 'limit-exceeded' && /67108864 are written/.test(error.message))
  })

  it('hold float16 as numpy rounds them', () => {
    // numpy: np.array([1, -0.1, 65504, 2**-24, 1/3], np.float16).view(np.uint16)
    const halves = halvesOf(Float32Array.of(1, -0.1, 65504, 2 ** -24, 1 / 3))
    assert.deepEqual([...new Uint16Array(halves.buffer)], [0x3c00, 0xae66, 0x7bff, 0x0001, 0x3555])
  })

  it('hold int8 weights within half a step, with a scale for each channel', () => {
    const { data, quantization } = quantizeWeights(Float32Array.of(1.27, -0.64, 0, 254, 1, -3), [2, 3], 0)
    assert.deepEqual([...new Int8Array(data.buffer)], [127, -64, 0, 127, 1, -2])
    assert.deepEqual(quantization.scales, [Math.fround(Math.fround(1.27) / 127), 2])
    fc.assert(fc.property(fc.float32Array({ minLength: 12, maxLength: 12, noNaN: true, min: -100, max: 100 }), fc.constantFrom(0, 1, null), (values, axis) => {
      const quantized = quantizeWeights(values, [3, 4], axis)
      values.forEach((value, at) => {
        const scale = quantized.quantization.scales[axis === 0 ? Math.floor(at / 4) : axis === 1 ? at % 4 : 0]!
        assert.ok(Math.abs(new Int8Array(quantized.data.buffer)[at]! * scale - value) <= scale * 0.501)
      })
    }))
  })

  it('hold activations so that 0 is a stored number, and biases in steps of both scales', () => {
    assert.deepEqual(quantizationOf({ min: 0, max: 255 }), { scales: [1], zeroPoints: [-128], axis: 0 })
    assert.deepEqual(quantizationOf({ min: -127.5, max: 127.5 }), { scales: [1], zeroPoints: [-0], axis: 0 })
    assert.deepEqual(quantizationOf({ min: 2, max: 51 }).zeroPoints, [-128])
    assert.deepEqual([...new Int32Array(quantizeBias(Float32Array.of(1, -2.6), [0.5, 0.25]).data.buffer)], [2, -10])
  })

  it('hold sparse weights as compressed rows, where these are smaller', () => {
    const weights = new Array<number>(40).fill(0)
    for (const [at, value] of [[3, 7], [11, 8], [19, 9]] as const) weights[at] = value
    const { tensors, operators } = readTflite(writeTflite(withSparseWeights(denseModel(weights, [4, 10]))))
    assert.deepEqual(operators.map(({ builtin }) => builtin), ['DENSIFY', 'FULLY_CONNECTED'])
    const { data, sparsity } = tensors[operators[0]!.inputs[0]!]!
    assert.deepEqual([...new Float32Array(data!.slice().buffer)], [7, 8, 9])
    assert.deepEqual(sparsity, { order: [0, 1], blockMap: [], axes: [{ kind: 'dense', size: 4 }, { kind: 'csr', segments: Int32Array.of(0, 1, 3, 3, 3), indices: Int32Array.of(3, 1, 9) }] })
    assert.deepEqual(withSparseWeights(denseModel([1, 2, 3, 0, 5, 0], [2, 3])).operators.length, 1)
  })
})

/** An expected failure or none; anything else is thrown on. */
function assertHeld (run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof EspalierError) || error.code !== 'invalid-model') throw error
  }
}
