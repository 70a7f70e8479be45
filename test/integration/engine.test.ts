/** The engine on real models: predictions and accuracy equal Keras', and no tensor is left behind. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Split } from '../../src/datasets/dataset.ts'
import { adaptToModel, readDataset, scaleFeatures } from '../../src/datasets/index.ts'
import { evaluate, readBatch } from '../../src/engine/evaluate.ts'
import { measureLatency } from '../../src/engine/latency.ts'
import { createPredictor } from '../../src/engine/predict.ts'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import type { OpenFile } from '../../src/methods/output-folder.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { EXPECTED, IMAGES, MODEL_FILES, openFixture } from '../support/fixtures.ts'

describe('models made by Keras', () => {
  let engine: Engine, images: OpenFile, scaled: Split

  before(async () => {
    engine = await loadEngine()
    images = await openFixture(IMAGES)
    scaled = scaleFeatures((await readDataset(images)).splits.test!, { scale: 1 / 255, offset: 0 })
  })
  after(async () => { await images.close() })

  for (const [file, name] of MODEL_FILES) {
    test(file, async () => {
      const before = engine.tf.memory().numTensors
      const source = await openFixture(file)
      const model = await readModel(source)
      const { split } = await adaptToModel(scaled, model.architecture.graph!)
      const predictor = await createPredictor(engine.tf, model)
      const [first] = await predictor.predict(await readBatch(split.features, 0, 8))
      EXPECTED[name]!.first8.flat().forEach((value, at) => {
        assert.ok(Math.abs(value - first!.values[at]!) < 1e-4, `prediction ${at}: ${first!.values[at]}, Keras ${value}`)
      })
      const { metrics, tasks, examples } = await evaluate(model.architecture, [predictor], split, { batchSize: 500, task: 'auto' })
      assert.equal(examples, 10_000)
      assert.equal(tasks[0]!.task, 'classification')
      assert.ok(Math.abs(metrics[0]!.accuracy! - EXPECTED[name]!.test_accuracy) <= 0.0005, `accuracy ${metrics[0]!.accuracy}, Keras ${EXPECTED[name]!.test_accuracy}`)
      predictor.dispose()
      await source.close()
      assert.equal(engine.tf.memory().numTensors, before)
    })
  }

  test('latency of two models in turn', async () => {
    const source = await openFixture('examples/lenet5.keras')
    const model = await readModel(source)
    const before = engine.tf.memory().numTensors
    const predictors = [await createPredictor(engine.tf, model), await createPredictor(engine.tf, model)]
    const figures = await measureLatency(predictors, [{ values: new Float32Array(784), shape: [1, 28, 28, 1] }], { runs: 20 })
    for (const { p50, p95, batch, runs } of figures) {
      assert.deepEqual([batch, runs], [1, 20])
      assert.ok(p50 > 0 && p50 <= p95)
    }
    for (const predictor of predictors) predictor.dispose()
    await source.close()
    assert.equal(engine.tf.memory().numTensors, before)
  })

  test('an aborted evaluation stops and leaves no tensor', async () => {
    const source = await openFixture('test/fixtures/models/mlp.keras')
    const model = await readModel(source)
    const before = engine.tf.memory().numTensors
    const { split } = await adaptToModel(scaled, model.architecture.graph!)
    const predictor = await createPredictor(engine.tf, model)
    const stop = new AbortController()
    const evaluation = evaluate(model.architecture, [predictor], split, { batchSize: 100, task: 'auto', signal: stop.signal, onProgress: () => { stop.abort() } })
    await assert.rejects(evaluation, { name: 'AbortError' })
    predictor.dispose()
    await source.close()
    assert.equal(engine.tf.memory().numTensors, before)
  })
})
