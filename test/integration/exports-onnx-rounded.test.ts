/** ONNX exports of fewer bits, run by onnxruntime: what their numbers come to, zeros above all, and how many images keep their class. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { readDataset } from '../../src/datasets/index.ts'
import type { Split } from '../../src/datasets/dataset.ts'
import { loadOnnxRuntime, type OnnxRuntime } from '../../src/engine/onnx/library.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import { exportGraph } from '../../src/methods/exports/graph.ts'
import { observeRanges } from '../../src/methods/exports/ranges.ts'
import type { ExportGraph } from '../../src/models/exports/graph.ts'
import { EXPORTS } from '../../src/models/exports/index.ts'
import { quantizeBlocks } from '../../src/models/exports/onnx/int4.ts'
import { GraphBuilder } from '../../src/models/exports/builder.ts'
import { readCases, type LayerCase } from '../fixtures/layers/cases.ts'
import { lowerCase } from '../support/lowered.ts'
import { IMAGES, openFixture } from '../support/fixtures.ts'
import { modelOf } from '../unit/models/formats-helpers.ts'

const MODELS = ['examples/lenet5.keras', 'test/fixtures/models/resnet8.keras', 'test/fixtures/models/mlp.keras']
const CALIBRATION = 512
const EXAMPLES = 4_000
/** Share of images that keep their class. */
const AGREEMENT = { 'onnx-int8': 0.99, 'onnx-int4': 0.98 } as const

let ort: OnnxRuntime
before(async () => {
  ort = await loadOnnxRuntime()
  await loadEngine()
})

async function run (bytes: Uint8Array, values: Float32Array, shape: readonly number[], graphOptimizationLevel: 'all' | 'disabled' = 'all'): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['cpu'], intraOpNumThreads: 1, logSeverityLevel: 3, graphOptimizationLevel })
  const results = await session.run({ [session.inputNames[0]!]: new ort.Tensor('float32', values, shape) })
  await session.release()
  return results[session.outputNames[0]!]!.data as Float32Array
}

function classesOf (outputs: Float32Array): number[] {
  return Array.from({ length: EXAMPLES }, (_, at) => {
    const own = outputs.subarray(at * 10, at * 10 + 10)
    return own.indexOf(Math.max(...own))
  })
}

describe('ONNX exports of fewer bits', () => {
  for (const path of MODELS) {
    it(`keep the classes of ${path}`, async () => {
      const source = await openFixture(IMAGES)
      const test = (await readDataset(source)).splits.test!
      const read = test.features[0]!
      const split = { ...test, examples: CALIBRATION, features: [{ ...read, shape: [28, 28, 1], read: async (from: number, to: number) => (await read.read(from, to)).map((value) => value / 255) }] } as Split
      const images = (await read.read(CALIBRATION, CALIBRATION + EXAMPLES)).map((value) => value / 255) as Float32Array
      const model = await modelOf(path)
      const graph = await exportGraph(model, new Map())
      const ranges = await observeRanges(graph, split)
      await source.close()
      const wanted = classesOf(await run(EXPORTS['onnx-export'].write(graph), images, [EXAMPLES, 28, 28, 1]))
      for (const name of ['onnx-int8', 'onnx-int4'] as const) {
        const bytes = EXPORTS[name].write(graph, ranges)
        const got = classesOf(await run(bytes, images, [EXAMPLES, 28, 28, 1]))
        const same = got.filter((one, at) => one === wanted[at]).length / EXAMPLES
        assert.ok(same >= AGREEMENT[name], `${name} of ${bytes.length} bytes: ${same} keep their class`)
      }
    })
  }

  it('hold zeros of pruned weights as zeros', async () => {
    // As the file has them: the optimized kernel for four bits sums in another way. The rows of the unit matrix through the layer are its kernel, with zeros in every third place.
    const [inputs, units] = [70, 5]
    const kernel = Float32Array.from({ length: inputs * units }, (_, at) => at % 3 === 0 ? 0 : Math.sin(at) * (1 + at / 100))
    const unit = Float32Array.from({ length: inputs * inputs }, (_, at) => at % (inputs + 1) === 0 ? 1 : 0)
    const { graph, result } = denseOf(kernel, inputs, units)
    const ranges = new Map([['x', { min: 0, max: 1 }], [result, { min: -10, max: 10 }]])
    for (const [name, largest] of [['onnx-int8', 127], ['onnx-int4', 7]] as const) {
      const read = await run(EXPORTS[name].write(graph, ranges), unit, [inputs, inputs], 'disabled')
      kernel.forEach((value, at) => {
        const [row, column] = [Math.floor(at / units), at % units]
        if (value === 0) assert.ok(read[at] === 0, `${name}: ${at} is ${read[at]}`)
        // Of the output, or of the block of 32 inputs of it.
        const peers = kernel.filter((_, other) => other % units === column && (largest === 127 || Math.floor(Math.floor(other / units) / 32) === Math.floor(row / 32)))
        const step = Math.max(...peers.map(Math.abs)) / largest
        assert.ok(Math.abs(read[at]! - value) <= step / 2 * 1.001 + 1e-6, `${name}: ${at} is ${read[at]}, not ${value}`)
      })
    }
  })

  it('run for every layer case that is exported, with outputs of its shapes', async () => {
    let runs = 0
    for (const one of readCases().filter(isExported)) {
      const graph = lowerCase(one)
      const ranges = new Map([...graph.inputs, ...graph.operations.map(({ output }) => output)].map(({ name }) => [name, { min: -3, max: 3 }]))
      for (const name of ['onnx-int8', 'onnx-int4'] as const) {
        const session = await ort.InferenceSession.create(EXPORTS[name].write(graph, ranges), { executionProviders: ['cpu'], intraOpNumThreads: 1, logSeverityLevel: 4 })
        const results = await session.run(Object.fromEntries(one.inputs.map(({ values, shape }, index) => [session.inputNames[index]!, new ort.Tensor('float32', values.slice(), shape)])))
        assert.deepEqual(one.outputs.map((_, index) => results[session.outputNames[index]!]!.dims), one.outputs.map(({ shape }) => shape), `${name} of ${one.name}`)
        await session.release()
        runs++
      }
    }
    assert.equal(runs, 2 * 618)
  })

  it('pack two numbers of four bits to a byte, with a scale for 32 inputs of a unit', () => {
    const { data, scales } = quantizeBlocks(Float32Array.of(7, -14, -7, 4, 3, 0), 3, 2)
    assert.deepEqual([...scales], [1, 2])
    // 7 and -7 (of -14 / 2); -7 and 2; 3 and 0.
    assert.deepEqual([...data], [0x97, 0x29, 0x03])
  })
})

function isExported (one: LayerCase): boolean {
  try {
    return lowerCase(one).operations.length >= 0
  } catch {
    return false
  }
}

function denseOf (kernel: Float32Array, inputs: number, units: number): { graph: ExportGraph, result: string } {
  const g = new GraphBuilder()
  const x = g.input('x', [null, inputs])
  const y = g.dense(x, g.constant(kernel, [inputs, units]))
  return { graph: g.finish('dense', { inputs: [x], outputs: [y], inputNames: ['x'], outputNames: ['y'] }), result: y.name }
}
