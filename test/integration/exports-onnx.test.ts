/** Every layer case written as ONNX, run by onnxruntime, against real Keras' outputs. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { loadOnnxRuntime, type OnnxRuntime } from '../../src/engine/onnx/library.ts'
import { EspalierError } from '../../src/errors.ts'
import { writeOnnx } from '../../src/models/exports/onnx/encode.ts'
import { readCases, type LayerCase } from '../fixtures/layers/cases.ts'
import { lowerCase } from '../support/lowered.ts'

const TOLERANCE = 1e-4

describe('ONNX exports', () => {
  let ort: OnnxRuntime
  before(async () => { ort = await loadOnnxRuntime() })

  for (const one of readCases()) {
    it(`computes ${one.name}, or refuses it by name`, async () => {
      const bytes = written(one)
      if (bytes !== undefined) await compare(ort, one, bytes)
    })
  }

  it('refuses four cases', () => {
    assert.equal(readCases().filter((one) => written(one) === undefined).length, 4)
  })
})

function written (one: LayerCase): Uint8Array | undefined {
  try {
    return writeOnnx(lowerCase(one))
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'unsupported-layer') return undefined
    throw error
  }
}

async function compare (ort: OnnxRuntime, one: LayerCase, bytes: Uint8Array): Promise<void> {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['cpu'], intraOpNumThreads: 1, logSeverityLevel: 3 })
  const results = await session.run(Object.fromEntries(one.inputs.map(({ values, shape }, index) => [session.inputNames[index]!, new ort.Tensor('float32', values.slice(), shape)])))
  for (const [index, { shape, values }] of one.outputs.entries()) {
    const result = results[session.outputNames[index]!]!
    assert.deepEqual(result.dims, shape)
    values.forEach((value, at) => {
      const other = Number(result.data[at])
      assert.ok(Math.abs(value - other) <= TOLERANCE * Math.max(1, Math.abs(value)) || Object.is(value, other), `output ${index} at ${at} is ${other}, Keras gives ${value}`)
    })
  }
  await session.release()
}
