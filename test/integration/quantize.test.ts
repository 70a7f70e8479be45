/** The stage quantize on real models: grids that int8 files hold as they are, ranges that they are written by, training, and what the receipt tells. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readDataset } from '../../src/datasets/index.ts'
import { createTrainer } from '../../src/engine/train/trainer.ts'
import { readTflite } from '../../src/models/exports/tflite/read.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { exportGraph } from '../../src/methods/exports/graph.ts'
import { observeActivations, simulate } from '../../src/methods/quantization/activations.ts'
import { quantizer } from '../../src/methods/quantization/train.ts'
import { planWeights, quantizeWeights } from '../../src/methods/quantization/weights.ts'
import { completeTraining } from '../../src/pruning/training/training.ts'
import { quantize } from '../../src/pruning/stages/quantize.ts'
import { EXPORTS, NO_RANGES } from '../../src/models/exports/index.ts'
import { openFixture } from '../support/fixtures.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const LENET = 'examples/lenet5.keras'
const RESNET = 'test/fixtures/models/resnet8.keras'

interface QuantizeRecord { layers: Array<{ layer: string, role: string, axis: number[], scales: number, meanSquaredError: number, signalToNoiseDb: number, zerosBefore: number, zerosAfter: number }>, ranges: { [name: string]: [number, number] }, simulated: { examples: number, agreement: number, meanSquaredError: number }, skipped: Array<{ name: string, reason: string }>, files: string }

describe('the stage quantize', () => {
  let jobs: Jobs

  before(async () => { jobs = await createJobs(600) })
  after(async () => { await jobs.close() })

  const quantized = async (name: string, file: string, settings: object, more: object = {}) => {
    const { receipt } = await jobs.start(name, file, { method: 'magnitude', target: { sparsity: 0.9 }, evaluation: { latency: false }, ...more, stages: [{ stage: 'quantize', ...settings }] }, { dataset: jobs.dataset })
    return { receipt, record: receipt.stages!.at(-1)! as unknown as QuantizeRecord }
  }

  for (const file of [LENET, RESNET]) {
    test(`${path.basename(file)}: int8 files hold the very numbers of the grid`, async () => {
      const source = await openFixture(file)
      const model = await readModel(source)
      const settings = quantize.complete({})
      const plan = planWeights(model, settings)
      const { changes, layers } = await quantizeWeights(plan, 'int8', new Map())
      const given = readTflite(EXPORTS['tflite-int8'].write(await exportGraph(model, new Map()), NO_RANGES))
      const made = readTflite(EXPORTS['tflite-int8'].write(await exportGraph(model, changes), NO_RANGES))
      const numbers = (tflite: typeof made) => tflite.tensors.filter(({ type, data }) => type === 'int8' && data !== undefined).map(({ data }) => [...new Int8Array(data!.slice().buffer)])
      assert.equal(numbers(made).length, layers.length)
      numbers(made).forEach((one, at) => { assert.deepEqual(one, numbers(given)[at], `kernel ${at}`) })
      await source.close()
    })
  }

  test('a pruned LeNet-5 in int8: zeros stay, accuracy stays, the record tells', async () => {
    const { receipt: plain } = await jobs.start('plain', LENET, { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: { latency: false } }, { dataset: jobs.dataset, evaluationDataset: jobs.dataset })
    const { receipt } = await jobs.start('int8', LENET, { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: { latency: false }, stages: [{ stage: 'quantize' }] }, { dataset: jobs.dataset, evaluationDataset: jobs.dataset })
    const [stage] = receipt.stages! as unknown as [QuantizeRecord & { zeros: { before: number, after: number } }]
    assert.ok(stage.zeros.after >= stage.zeros.before && stage.zeros.before > 200_000)
    assert.deepEqual(stage.layers.map(({ axis }) => axis.length), [1, 1, 0, 0])
    for (const { signalToNoiseDb, zerosBefore, zerosAfter } of stage.layers) assert.ok(signalToNoiseDb > 30 && zerosAfter >= zerosBefore)
    assert.match(stage.files, /tflite-int8 and tflite-dynamic/)
    assert.ok(Math.abs(receipt.after.metrics!.accuracy! - plain.after.metrics!.accuracy!) <= 0.005, JSON.stringify([plain.after.metrics, receipt.after.metrics]))
    const weights = await jobs.weights(path.join(jobs.home, 'int8', receipt.outputs[0]!.name))
    for (const { layer, role, scales, axis } of stage.layers) {
      const distinct = new Set(weights.get(`${layer}/${role}`))
      assert.ok(distinct.size <= scales * 255 && (axis.length > 0 || distinct.size <= 255), `${layer} has ${distinct.size} values`)
    }
  })

  test('int4 in groups has more error than int8, and smaller groups less; float16 next to none; layers may be left out', async () => {
    const noise = async (name: string, settings: object) => (await quantized(name, LENET, settings)).record.layers.reduce((sum, { meanSquaredError }) => sum + meanSquaredError, 0)
    const [half, brain, eight, small, large] = [await noise('f16', { weights: 'float16' }), await noise('bf16', { weights: 'bfloat16' }), await noise('i8', {}), await noise('i4', { weights: 'int4', group: 16 }), await noise('i4c', { weights: 'int4', group: null })]
    assert.ok(half < brain && brain < eight && eight < small && small < large, JSON.stringify([half, brain, eight, small, large]))
    const { record } = await quantized('skipped', LENET, { layers: [{ match: 'conv2d*', skip: true }] })
    assert.ok(record.skipped.length > 0 && record.skipped.every(({ reason }) => /the recipe skips it/.test(reason)))
    await assert.rejects(quantized('nothing', LENET, { layers: [{ match: '**', skip: true }] }), { code: 'nothing-pruned' })
    await assert.rejects(quantized('mistyped', LENET, { layers: [{ match: 'conv9', skip: true }] }), { code: 'invalid-recipe', message: /matches no layer/ })
  })

  for (const activations of ['min-max', 'percentile', 'entropy'] as const) {
    test(`ranges by ${activations} go to the int8 file and agree with float activations`, async () => {
      const { receipt, record } = await quantized(`act-${activations}`, LENET, { activations, calibration: { examples: 128, batchSize: 64 } }, { target: { sparsity: 0.5 }, output: ['keras', 'tflite-int8'] })
      assert.equal(record.simulated.examples, 128)
      assert.ok(record.simulated.agreement >= (activations === 'entropy' ? 0.9 : 0.97), String(record.simulated.agreement))
      assert.ok(record.simulated.meanSquaredError > 0, 'activations in int8 are not those in float32')
      const file = readTflite(await readFile(path.join(jobs.home, `act-${activations}`, receipt.outputs.find(({ format }) => format === 'tflite-int8')!.name)))
      const [name, [low, high]] = Object.entries(record.ranges)[0]!
      const held = file.tensors.find((tensor) => tensor.name === name && tensor.type === 'int8')!
      assert.equal(held.quantization!.scales[0], Math.fround((Math.max(high, 0) - Math.min(low, 0)) / 255))
    })
  }

  test('clipped ranges lie within those of min-max', async () => {
    const source = await openFixture(LENET)
    const model = await readModel(source)
    const { splits } = await readDataset(jobs.dataset.source)
    const given = splits.train ?? splits.all!
    const split = { ...given, features: given.features.map((feature) => ({ ...feature, shape: [28, 28, 1] })) }
    const observed = async (activations: 'min-max' | 'percentile' | 'entropy') => await observeActivations(model, split, quantize.complete({ activations, percentile: 99, calibration: { examples: 300, batchSize: 128 } }), new AbortController().signal)
    const ends = await observed('min-max')
    for (const kind of ['percentile', 'entropy'] as const) {
      const { ranges } = await observed(kind)
      let narrower = 0
      for (const [name, { min, max }] of ranges) {
        const wide = ends.ranges.get(name)!
        assert.ok(min >= wide.min && max <= wide.max, name)
        if (min > wide.min || max < wide.max) narrower++
      }
      assert.ok(narrower > 3, `${kind}: ${narrower}`)
    }
    const { agreement } = await simulate(model, { ranges: new Map() }, split, { examples: 100, batchSize: 64 }, new AbortController().signal)
    assert.equal(agreement, 1)
    await source.close()
  })

  test('a training step with weights and activations in int8: compiled as eager', async () => {
    const source = await openFixture(LENET)
    const model = await readModel(source)
    const { splits } = await readDataset(jobs.dataset.source)
    const given = splits.train ?? splits.all!
    const split = { ...given, features: given.features.map((feature) => ({ ...feature, shape: [28, 28, 1] })) }
    const settings = quantize.complete({ activations: 'min-max', calibration: { examples: 200 } })
    const activations = await observeActivations(model, split, settings, new AbortController().signal)
    // The input and the three layers with relu: pooling hands values on, and what the model gives is not rounded.
    assert.equal([...activations.nodes.values()].flat().filter((range) => range !== undefined).length, 4)
    const data = {
      examples: 64, features: [{ shape: [28, 28, 1], values: await split.features[0]!.read(0, 64) }], targets: [{ shape: split.targets[0]!.shape, values: await split.targets[0]!.read(0, 64), type: split.targets[0]!.type }],
    } as unknown as Parameters<typeof createTrainer>[0]['data']
    const trained = async (mode: 'eager' | 'compiled', quantized = true) => {
      const trainer = await createTrainer({
        model, data, seed: 1, mode, options: completeTraining({ epochs: 1, batchSize: 32, optimizer: { type: 'sgd', learningRate: 0.001 } }),
        ...(quantized && { pruner: quantizer(planWeights(model, settings), activations) }),
      })
      try {
        trainer.begin(0)
        await trainer.steps(0, 2)
        return { weights: trainer.weights(), loss: trainer.sums().loss }
      } finally { trainer.dispose() }
    }
    const [eager, compiled, float] = [await trained('eager'), await trained('compiled'), await trained('compiled', false)]
    assert.ok(Math.abs(eager.loss - compiled.loss) < 1e-4 * eager.loss, `${eager.loss} ${compiled.loss}`)
    assert.ok(float.loss !== compiled.loss && Math.abs(float.loss - compiled.loss) < 0.1, `${float.loss} ${compiled.loss}`)
    for (const [key, values] of eager.weights) {
      const other = compiled.weights.get(key)!
      const off = Math.sqrt(values.reduce((sum, value, at) => sum + (value - other[at]!) ** 2, 0) / values.reduce((sum, value) => sum + value ** 2, 1e-12))
      assert.ok(off < 2e-3, `${key}: ${off}`)
    }
    await source.close()
  })

  test('training makes up for int4: zeros stay, weights end on the grid, the simulated outputs agree', async () => {
    const training = { epochs: 1, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.0005 } }
    const { receipt: untrained } = await quantized('int4', LENET, { weights: 'int4', group: null }, { target: { sparsity: 0.8 } })
    const { receipt, record } = await quantized('int4-trained', LENET, { weights: 'int4', group: null, activations: 'percentile', training }, { target: { sparsity: 0.8 } })
    assert.ok(receipt.after.metrics!.accuracy! > untrained.after.metrics!.accuracy!, JSON.stringify([untrained.after.metrics, receipt.after.metrics]))
    const [stage] = receipt.stages!
    assert.ok(stage!.zeros.after >= stage!.zeros.before)
    assert.equal(stage!.training!.epochs.length, 1)
    assert.ok(record.simulated.agreement > 0.95, String(record.simulated.agreement))
    // What was trained was on its grid in every step: it is put there once more without an error.
    for (const { layer, signalToNoiseDb } of record.layers) assert.ok(signalToNoiseDb === null || signalToNoiseDb > 100, `${layer}: ${signalToNoiseDb} dB`)
  })
})
