/** Jobs that write exports: what the files hold, what the receipt says, and what is refused. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { EspalierError } from '../../src/errors.ts'
import { EXPORTS, type ExportName, type ModelExport } from '../../src/models/exports/index.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const LENET = 'examples/lenet5.keras'
const NAMES = (Object.keys(EXPORTS) as ExportName[]).filter((name) => !name.startsWith('onnx-'))

describe('jobs with exports', () => {
  let jobs: Jobs
  before(async () => { jobs = await createJobs(600) })
  after(async () => { await jobs.close() })

  it('writes every export beside the model, and says how each was verified', async () => {
    const { receipt } = await jobs.start('all', LENET, { method: 'magnitude', target: { sparsity: 0.9 }, output: ['keras', ...NAMES] }, { dataset: jobs.dataset })
    assert.deepEqual(receipt.outputs.map(({ format }) => format), ['keras', ...NAMES])
    for (const { name, format, bytes, verified, verification, maxDifference, edge } of receipt.outputs.slice(1)) {
      const written = await readFile(path.join(jobs.home, 'all', name))
      assert.equal(written.length, bytes)
      const model = (EXPORTS[format as ExportName] as ModelExport).read!(written)
      assert.deepEqual(model.tensors[model.inputs[0]!]!.signature, [-1, 28, 28, 1])
      assert.equal(model.tensors[model.inputs[0]!]!.type, format.includes('int8') ? 'int8' : 'float32')
      assert.equal(verified, true)
      assert.match(verification, /run by LiteRT 2\S+ \(WebAssembly\)/)
      const rounded = (EXPORTS[format as ExportName] as ModelExport).rounds === true
      assert.ok(maxDifference! < (rounded ? 0.1 : 1e-5), `${name} differs by ${maxDifference}`)
      assert.equal(maxDifference! > 1e-5, rounded)
      assert.equal(edge!.bytes, bytes)
      // The file is evaluated as it runs, on the examples that the receipt reports.
      assert.equal(edge!.accuracy!.examples, 120)
      assert.equal(edge!.accuracy!.modelTop1, receipt.after.metrics!.accuracy)
      assert.ok(edge!.accuracy!.agreement! >= (rounded ? 0.95 : 1))
      assert.ok(edge!.latencyMs!.threads1.p50 > 0 && edge!.latencyMs!.threadsN === null)
      assert.equal(edge!.macs, receipt.after.macs)
      // Of float32: the first convolution's 24 x 24 x 20 beside its pooled 12 x 12 x 20.
      assert.equal(edge!.peakActivationBytes, (format.includes('int8') ? 1 : 4) * (24 * 24 * 20 + 12 * 12 * 20))
    }
    // 431,080 parameters: of 4 bytes, of 2, of 1, and a tenth of them with an index each.
    const size = Object.fromEntries(receipt.outputs.map(({ format, bytes }) => [format, bytes]))
    assert.ok(Math.abs(size.tflite! - 4 * 431_080) < 8_000)
    assert.ok(Math.abs(size['tflite-float16']! - 2 * 431_080) < 8_000)
    assert.ok(Math.abs(size['tflite-int8']! - 431_080) < 12_000)
    assert.ok(size['tflite-sparse']! < 0.25 * size.tflite!)
  })

  it('runs ONNX exports by onnxruntime, in the job', async () => {
    const { receipt: { outputs: [output] } } = await jobs.start('onnx', LENET, { method: 'magnitude', target: { sparsity: 0.9 }, output: ['onnx-export'] })
    assert.equal(output!.name, 'model.export.onnx')
    assert.match(output!.verification, /run by onnxruntime 1\S+ it predicts 8 examples within 0.0001 of the model$/)
    assert.ok(output!.maxDifference! < 1e-5)
    // There is no data set: it is timed, on one thread and on all, and not evaluated.
    assert.match(output!.edge!.runtime!, /^onnxruntime 1/)
    assert.equal(output!.edge!.accuracy, null)
    assert.ok(output!.edge!.latencyMs!.threads1.p50 > 0)
    assert.ok(output!.edge!.latencyMs!.threadsN === null ? cpus().length === 1 : output!.edge!.latencyMs!.threadsN.threads === cpus().length)
    // It is a model of its own here: it can be evaluated, and pruned again.
    const weights = await jobs.weights(path.join(jobs.home, 'onnx', output!.name))
    const zeros = [...weights.values()].reduce((sum, values) => sum + values.filter((value) => value === 0).length, 0)
    assert.ok(zeros >= 387_450, `${zeros} zeros of 430,500 prunable weights`)
  })

  it('measures nothing with evaluation: false, but tells sizes and memory', async () => {
    const { receipt: { outputs } } = await jobs.start('bare', LENET, { method: 'magnitude', target: { sparsity: 0.9 }, evaluation: false, output: ['tflite', 'onnx-export'] })
    for (const { edge, bytes } of outputs) {
      assert.ok(edge!.peakActivationBytes >= 4 * (24 * 24 * 20 + 12 * 12 * 20))
      assert.ok(edge!.arenaBytes! >= edge!.peakActivationBytes && edge!.bytes === bytes && edge!.gzipBytes < bytes)
      assert.deepEqual([edge!.runtime, edge!.latencyMs, edge!.accuracy], [null, null, null])
    }
  })

  it('runs ONNX exports of fewer bits by onnxruntime too', async () => {
    const { receipt: { outputs } } = await jobs.start('onnx-rounded', LENET, { method: 'magnitude', target: { sparsity: 0.9 }, output: ['onnx-int8', 'onnx-int4'] }, { dataset: jobs.dataset })
    assert.deepEqual(outputs.map(({ name }) => name), ['model.int8.onnx', 'model.int4.onnx'])
    for (const { bytes, verification, maxDifference, edge } of outputs) {
      assert.ok(edge!.accuracy!.agreement! >= 0.9, `agrees on ${edge!.accuracy!.agreement}`)
      assert.match(verification, /run by onnxruntime 1\S+; how far predictions of 8 examples move by rounding is told, not judged$/)
      assert.ok(maxDifference! > 0 && maxDifference! < 0.3, `differs by ${maxDifference}`)
      assert.ok(bytes < 445_000, `${bytes} bytes`)
    }
    assert.ok(outputs[1]!.bytes < 0.65 * outputs[0]!.bytes)
  })

  it('takes the ranges of int8 from calibration examples, none of which is reported', async () => {
    const { receipt } = await jobs.start('int8', LENET, { method: 'evaluate' }, { dataset: jobs.dataset })
    const { receipt: exported } = await jobs.start('int8-held-out', LENET, { method: 'magnitude', target: { sparsity: 0.5 }, output: ['tflite-int8'] }, { dataset: jobs.dataset })
    assert.equal(receipt.evaluation!.examples, 600)
    assert.equal(exported.evaluation!.examples, 120)
    assert.ok(exported.timings.calibrate! > 0)
  })

  it('refuses int8 without examples, models without a layer graph, and unknown names', async () => {
    const refused = async (file: string, output: string[], code: string, text: RegExp) => {
      await assert.rejects(async () => await jobs.start('refused', file, { method: 'magnitude', target: { sparsity: 0.5 }, output }), (error) => error instanceof EspalierError && error.code === code && text.test(error.message))
    }
    await refused(LENET, ['tflite-int8'], 'invalid-request', /tflite-int8 takes the ranges .* name a data set/)
    await refused('test/fixtures/safetensors/plain.safetensors', ['tflite'], 'unsupported-layer', /cannot be exported/)
    await refused(LENET, ['tflite-int9'], 'invalid-recipe', /tflite-int8/)
  })
})
