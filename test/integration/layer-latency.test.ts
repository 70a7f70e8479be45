/** Single layers are timed before and after channels were taken out; nothing of them stays on the device, however it ends. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { measureBatches } from '../../src/engine/batch-latency.ts'
import { measureLayers, type LayerLatencies } from '../../src/engine/layer-latency.ts'
import { holdLayer } from '../../src/engine/lone-layer.ts'
import { createPredictor } from '../../src/engine/predict.ts'
import { loadEngine, type Tf } from '../../src/engine/runtime.ts'
import { knownShapes } from '../../src/models/architecture/known-shapes.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { OpenFile } from '../../src/methods/output-folder.ts'
import { openFixture } from '../support/fixtures.ts'
import { randomModel, sequential } from '../support/random-model.ts'
import { withoutEveryThird } from '../support/smaller.ts'

/** A budget that a slow machine does not use up. */
const PLENTY = 600_000

let tf: Tf
before(async () => { ({ tf } = await loadEngine()) })

/** No tensor and no session more or less than before. */
async function leavingNothing<T> (work: () => Promise<T>): Promise<T> {
  const { getNumOfSavedModels } = tf.backend() as unknown as { getNumOfSavedModels (): number }
  const count = (): number[] => [tf.memory().numTensors, getNumOfSavedModels.call(tf.backend())]
  const held = count()
  try {
    return await work()
  } finally {
    assert.deepEqual(count(), held)
  }
}

function assertFigures ({ layers }: LayerLatencies): void {
  for (const { before, after, ratio, quartiles: [low, high], runs } of layers) {
    for (const { p50, p95 } of [before, after]) assert.ok(p50 > 0 && p50 <= p95 && Number.isFinite(p95))
    assert.ok(low > 0 && low <= ratio && ratio <= high && Number.isFinite(high))
    assert.ok(Number.isInteger(runs) && runs >= 1)
  }
}

describe('layers of ResNet-8 without a third of their channels', () => {
  let source: OpenFile, model: ModelFile, smaller: ModelFile

  before(async () => {
    source = await openFixture('test/fixtures/models/resnet8.keras')
    model = await readModel(source)
    smaller = await withoutEveryThird(model)
  })
  after(async () => { await source.close() })

  /** Paths of the layers that are a convolution, a normalisation or the last dense one: all lose channels of theirs or of their inputs. */
  const withWeights = (): string[] => model.layers.filter(({ weights }) => weights.length > 0).map(({ path }) => path)

  test('all of them, those with the most multiplications first', async () => {
    const result = await leavingNothing(async () => await measureLayers(tf, model, smaller, { batch: 2, budgetMs: PLENTY }))
    assertFigures(result)
    assert.deepEqual(result.layers.map(({ layer }) => layer).sort(), withWeights().sort())
    assert.deepEqual([result.leftOut, result.tooLarge], [0, []])
    const macsOf = (path: string): number => Math.max(...model.architecture.graph!.nodes.filter(({ layer }) => model.architecture.layers[layer]!.path === path).map(({ macs }) => macs))
    const macs = result.layers.map(({ layer }) => macsOf(layer))
    assert.deepEqual(macs, [...macs].sort((a, b) => b - a))
    assert.ok(result.layers.every(({ batch, compiled, runs }) => batch === 2 && compiled && runs >= 5))
    assert.ok(result.callMs! > 0)
  })

  test('without time only the first, compiled nowhere, in one round', async () => {
    const { layers, leftOut, callMs } = await leavingNothing(async () => await measureLayers(tf, model, smaller, { batch: 1, budgetMs: 0 }))
    assert.deepEqual([layers.length, leftOut, callMs], [1, withWeights().length - 1, null])
    assert.deepEqual([layers[0]!.runs, layers[0]!.compiled], [1, false])
  })

  test('only those that are asked for', async () => {
    const path = withWeights()[2]!
    const result = await leavingNothing(async () => await measureLayers(tf, model, smaller, { batch: 1, budgetMs: PLENTY, paths: [path, 'no_such_layer'] }))
    assert.deepEqual(result.layers.map(({ layer }) => layer), [path])
    assertFigures(result)
  })

  test('none where no weight has another shape', async () => {
    assert.deepEqual(await measureLayers(tf, model, model), { layers: [], leftOut: 0, tooLarge: [], callMs: null })
  })

  test('an abort ends it between two passes', async () => {
    const stop = new AbortController()
    setTimeout(() => { stop.abort() }, 50)
    await leavingNothing(async () => { await assert.rejects(measureLayers(tf, model, smaller, { budgetMs: PLENTY, signal: stop.signal }), { name: 'AbortError' }) })
  })

  test('a second weight that cannot be read, when the first is on the device', async () => {
    const unreadable = {
      ...smaller,
      layers: smaller.layers.map((layer) => ({
        ...layer,
        weights: layer.weights.map((weight, index) => index === 0 ? weight : { ...weight, tensor: { ...weight.tensor, read: async () => { throw new Error('unreadable') } } }),
      })),
    }
    await leavingNothing(async () => { await assert.rejects(measureLayers(tf, model, unreadable, { batch: 1, paths: [withWeights().at(-1)!] }), /unreadable/) })
  })
})

describe('whole models in batches of several sizes', () => {
  test('two whose weights have other shapes', async () => {
    const source = await openFixture('examples/lenet5.keras')
    const model = await readModel(source)
    const smaller = await withoutEveryThird(model)
    assert.notDeepEqual(smaller.layers.map(({ weights }) => weights.map(({ tensor }) => tensor.shape)), model.layers.map(({ weights }) => weights.map(({ tensor }) => tensor.shape)))
    await leavingNothing(async () => {
      const predictors = [await createPredictor(tf, model), await createPredictor(tf, smaller)]
      try {
        const figures = await measureBatches(predictors, [{ values: new Float32Array(784), shape: [1, 28, 28, 1] }], { budgetMs: PLENTY })
        assert.deepEqual(figures.map((both) => both.map(({ batch, runs, compiled }) => [batch, runs, compiled])), [[[1, 100, true], [1, 100, true]], [[64, 100, true], [64, 100, true]]])
        for (const { p50, p95 } of figures.flat()) assert.ok(p50 > 0 && p50 <= p95 && Number.isFinite(p95))
      } finally {
        for (const predictor of predictors) predictor.dispose()
      }
    })
    await source.close()
  })
})

describe('other layers', () => {
  const language = (units: number): ModelFile => randomModel(sequential([null, null], [
    { class_name: 'Embedding', config: { name: 'embedding', input_dim: 50, output_dim: units } },
    { class_name: 'GRU', config: { name: 'gru', units, return_sequences: true } },
    { class_name: 'Dense', config: { name: 'dense', units: 3 } },
  ]))
  const images = (filters: number): ModelFile => randomModel(sequential([null, null, null, 3], [
    { class_name: 'Conv2D', config: { name: 'conv', filters, kernel_size: [40, 3] } },
    { class_name: 'GlobalAveragePooling2D', config: { name: 'pool' } },
    { class_name: 'Dense', config: { name: 'dense', units: 5 } },
  ]))

  test('embeddings and recurrent layers of sequences as long as an example', async () => {
    const result = await leavingNothing(async () => await measureLayers(tf, language(8), language(5), { batch: 3, budgetMs: PLENTY, example: [[7]] }))
    assert.deepEqual(result.layers.map(({ layer, compiled }) => [layer, compiled]), [['gru', true], ['dense', true], ['embedding', true]])
    assertFigures(result)
  })

  test('sizes that nothing tells may not fit; those of an example do', async () => {
    await leavingNothing(async () => { await assert.rejects(measureLayers(tf, images(8), images(6)), { code: 'invalid-model' }) })
    const { layers } = await leavingNothing(async () => await measureLayers(tf, images(8), images(6), { batch: 2, budgetMs: PLENTY, example: [[41, 4, 3]] }))
    assert.deepEqual(layers.map(({ layer }) => layer), ['conv', 'dense'])
  })

  test('fewer examples where all would be too large, none where one is', async () => {
    const wide = (units: number, steps: number): ModelFile => randomModel(sequential([null, steps, 1], [{ class_name: 'Dense', config: { name: 'dense', units } }]))
    // 2 ** 26 numbers at most: 32,768 steps of 1 + 512 numbers take 2 ** 24 and some, of which three fit.
    const { layers, tooLarge } = await leavingNothing(async () => await measureLayers(tf, wide(512, 2 ** 15), wide(8, 2 ** 15), { batch: 7, budgetMs: 0 }))
    assert.deepEqual([layers.map(({ batch }) => batch), tooLarge], [[3], []])
    const larger = await measureLayers(tf, wide(512, 2 ** 18), wide(8, 2 ** 18), { budgetMs: 0 })
    assert.deepEqual([larger.layers, larger.leftOut, larger.tooLarge], [[], 0, ['dense']])
  })

  test('a model without a layer graph', async () => {
    const odd = randomModel(sequential([null, 4], [{ class_name: 'NoSuchLayer', config: { name: 'odd' } }]))
    await assert.rejects(measureLayers(tf, odd, odd), { code: 'unsupported-layer' })
  })

  test('a pass that fails leaves what was held to dispose', async () => {
    const model = images(4)
    await leavingNothing(async () => {
      const layer = await holdLayer(tf, { model, node: model.architecture.graph!.nodes[1]!, inputs: [[1, 41, 4, 2]] })
      assert.throws(() => { layer.pass() })
      layer.dispose()
    })
  })

  test('shapes of all values follow those of the inputs', () => {
    const { architecture } = images(8)
    assert.deepEqual(knownShapes(architecture, [[2, 50, 10, 3]]).map(({ outputs }) => outputs), [[[2, 50, 10, 3]], [[2, 11, 8, 8]], [[2, 8]], [[2, 5]]])
    assert.throws(() => knownShapes(architecture, []), { code: 'shape-mismatch' })
  })
})
