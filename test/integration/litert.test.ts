/** TFLite files in LiteRT, the runtime of their format, against real Keras' outputs of every layer case. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { loadLitert, type LoadedLitert } from '../../src/engine/litert/library.ts'
import { createLitertPredictor, litertRefusal } from '../../src/engine/litert/predictor.ts'
import { EspalierError } from '../../src/errors.ts'
import { EXPORTS, NO_RANGES, type ExportName } from '../../src/models/exports/index.ts'
import { readTflite } from '../../src/models/exports/tflite/read.ts'
import { readCases, type LayerCase } from '../fixtures/layers/cases.ts'
import { lowerCase } from '../support/lowered.ts'

const TOLERANCE = 1e-4

/** By name of the case: outputs that mix examples, which are run one by one here. */
const MIXED = new Set(['op mean of all', 'op ravel'])
/** Most layers, and not all: with strides and sizes that the runtime does not take. */
const LEAST = 595

function written (one: LayerCase, format: ExportName): Uint8Array | undefined {
  try {
    return EXPORTS[format].write(lowerCase(one), NO_RANGES)
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'unsupported-layer') return undefined
    throw error
  }
}

describe('LiteRT', () => {
  let litert: LoadedLitert
  before(async () => { litert = await loadLitert() })

  it('computes what Keras does, and says which files it is not given', async () => {
    const refused: string[] = []
    let computed = 0
    for (const one of readCases()) {
      const bytes = MIXED.has(one.name) ? undefined : written(one, 'tflite')
      if (bytes === undefined) continue
      if (litertRefusal(bytes, readTflite(bytes)) !== undefined) {
        refused.push(one.name)
        continue
      }
      await compare(one, bytes)
      computed++
    }
    assert.ok(computed >= LEAST, `${computed} cases`)
    assert.ok(refused.length > 0 && refused.every((name) => /transposed|unknown size|^keras 2 layers$/.test(name)), refused.join(', '))
  })

  async function compare (one: LayerCase, bytes: Uint8Array): Promise<void> {
    const predictor = await createLitertPredictor(litert, bytes)
    try {
      const outputs = await predictor.predict(one.inputs)
      for (const [index, { shape, values }] of one.outputs.entries()) {
        assert.deepEqual(outputs[index]!.shape, shape, one.name)
        values.forEach((value, at) => {
          const other = outputs[index]!.values[at]!
          assert.ok(Math.abs(value - other) <= TOLERANCE * Math.max(1, Math.abs(value)) || Object.is(value, other), `${one.name}: output ${index} at ${at} is ${other}, Keras gives ${value}`)
        })
      }
    } finally {
      predictor.dispose()
    }
  }

  it('frees what it held', async () => {
    const one = readCases().find(({ name }) => name === 'dense')!
    const bytes = written(one, 'tflite')!
    const heap = async (times: number): Promise<number> => {
      for (let run = 0; run < times; run++) await compare(one, bytes)
      return litert.litert.HEAPU8.length
    }
    const begun = await heap(10)
    assert.equal(await heap(500), begun)
  })

  it('refuses what is no TFLite file, and is as it was afterwards', async () => {
    const one = readCases().find(({ name }) => name === 'dense')!
    const bytes = written(one, 'tflite')!
    const refused = async (damaged: Uint8Array) => { await assert.rejects(async () => await createLitertPredictor(litert, damaged), (error) => error instanceof EspalierError && ['invalid-model', 'unsupported-layer'].includes(error.code)) }
    await refused(bytes.slice(0, 100))
    await refused(new Uint8Array(64))
    await compare(one, bytes)
  })
})
