/** A model of two inputs and two outputs of different kinds: the metrics of each are Keras', each under its output's name. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { adaptToModel, readDataset } from '../../src/datasets/index.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import { createPredictor } from '../../src/engine/predict.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'

const bytes = async (name: string): Promise<Buffer> => await readFile(fileURLToPath(new URL(`../fixtures/several/${name}`, import.meta.url)))

test('classes and a number from two inputs', async () => {
  const expected = JSON.parse((await bytes('expected.json')).toString()) as Record<'loss0' | 'accuracy' | 'mse' | 'mae', number>
  const model = await readModel(bytesInMemory(await bytes('several.keras')))
  const dataset = await readDataset(bytesInMemory(await bytes('several.npz')))
  const { split } = await adaptToModel(dataset.splits.all!, model.architecture.graph!)
  const predictor = await createPredictor((await loadEngine()).tf, model)
  try {
    // Batches that do not divide the 120 examples: the last one counts by its size.
    const { metrics: [metrics], tasks } = await evaluate(model.architecture, [predictor], split, { batchSize: 50, task: 'auto' })
    assert.deepEqual(tasks.map(({ task }) => task), ['classification', 'regression'])
    const wanted = {
      loss: expected.loss0 + expected.mse, 'kind/loss': expected.loss0, 'kind/accuracy': expected.accuracy, 'size/loss': expected.mse, 'size/mse': expected.mse, 'size/mae': expected.mae,
    }
    for (const [name, value] of Object.entries(wanted)) assert.ok(Math.abs(metrics![name]! - value) < 1e-5, `${name}: ${metrics![name]}, Keras ${value}`)
  } finally {
    predictor.dispose()
  }
})
