/** The graph that exports are written from, computed operation by operation, against real Keras' outputs of every layer case. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { runExport } from '../../src/engine/exports/run.ts'
import { loadEngine, type Tf } from '../../src/engine/runtime.ts'
import { EspalierError } from '../../src/errors.ts'
import { readCases, type LayerCase } from '../fixtures/layers/cases.ts'
import { lowerCase } from '../support/lowered.ts'

const TOLERANCE = 1e-4

/** By name of the case: why no export computes it. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'op broadcast to': /it broadcasts to a shape that tells the batch/,
  'simple of steps not known': /only known with the data/,
  'lstm of steps not known': /only known with the data/,
  'gru of steps not known': /only known with the data/,
}

describe('graphs of exports', () => {
  let tf: Tf
  before(async () => { tf = (await loadEngine()).tf })

  for (const one of readCases().filter(({ name }) => REFUSED[name] === undefined)) {
    it(`computes ${one.name}`, async () => { await compare(tf, one) })
  }

  for (const [name, reason] of Object.entries(REFUSED)) {
    it(`refuses ${name}, naming the layer`, () => {
      const one = readCases().find((other) => other.name === name)!
      assert.throws(() => lowerCase(one), (error) => error instanceof EspalierError && error.code === 'unsupported-layer' && reason.test(error.message) && /^the layer "/.test(error.message))
    })
  }
})

async function compare (tf: Tf, one: LayerCase): Promise<void> {
  const tensors = tf.memory().numTensors
  const outputs = await runExport(lowerCase(one), one.inputs)
  assert.equal(tf.memory().numTensors, tensors, 'every tensor is freed')
  for (const [index, { shape, values }] of one.outputs.entries()) {
    assert.deepEqual(outputs[index]!.shape, shape)
    values.forEach((value, at) => {
      const other = outputs[index]!.values[at]!
      assert.ok(Math.abs(value - other) <= TOLERANCE * Math.max(1, Math.abs(value)) || Object.is(value, other), `output ${index} at ${at} is ${other}, Keras gives ${value}`)
    })
  }
}
