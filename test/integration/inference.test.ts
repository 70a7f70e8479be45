/** Inference compiled into a graph gives what eager inference and real Keras give, and leaves no tensor and no session behind. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-core'
import type { Split } from '../../src/datasets/dataset.ts'
import { adaptToModel, readDataset, scaleFeatures } from '../../src/datasets/index.ts'
import { nativeBackend } from '../../src/engine/compile/native.ts'
import { evaluate, readBatch } from '../../src/engine/evaluate.ts'
import { BATCHES_WORTH_COMPILING, createRunner } from '../../src/engine/infer/runner.ts'
import type { LoadedWeights } from '../../src/engine/infer/weights.ts'
import { createPredictor, type Predictor } from '../../src/engine/predict.ts'
import { loadEngine, type Tf } from '../../src/engine/runtime.ts'
import type { OpenFile } from '../../src/methods/output-folder.ts'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { readCases } from '../fixtures/layers/cases.ts'
import { EXPECTED, IMAGES, MODEL_FILES, openFixture } from '../support/fixtures.ts'

let native: Tf, images: OpenFile, scaled: Split
let sessions = 0

before(async () => {
  native = (await loadEngine()).tf
  images = await openFixture(IMAGES)
  scaled = scaleFeatures((await readDataset(images)).splits.test!, { scale: 1 / 255, offset: 0 })
  const backend = nativeBackend()
  const { loadSavedModelMetaGraph, deleteSavedModel } = backend
  backend.loadSavedModelMetaGraph = (...args) => { sessions++; return loadSavedModelMetaGraph.apply(backend, args) }
  backend.deleteSavedModel = (...args) => { sessions--; deleteSavedModel.apply(backend, args) }
})
after(async () => { await images.close() })

/** Runs `use` with predictors of one model and checks that nothing of them is left. */
async function withPredictors (model: ModelFile, modes: ReadonlyArray<'auto' | 'compiled' | 'eager'>, use: (...predictors: Predictor[]) => Promise<void>): Promise<void> {
  const before = tf.memory().numTensors
  const predictors = await Promise.all(modes.map(async (mode) => await createPredictor(native, model, undefined, { mode })))
  try {
    await use(...predictors)
  } finally {
    for (const predictor of predictors) predictor.dispose()
  }
  assert.equal(tf.memory().numTensors, before)
  assert.equal(sessions, 0)
}

function first (split: Split, examples: number): Split {
  return { ...split, examples }
}

/** Relative to values above 1. */
function assertNear (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length)
  for (let at = 0; at < expected.length; at++) {
    const [a, b] = [actual[at]!, expected[at]!]
    assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${what}, value ${at}: ${a}, expected ${b}`)
  }
}

describe('models made by Keras', () => {
  for (const [file, name] of MODEL_FILES) {
    test(file, async () => {
      const source = await openFixture(file)
      const model = await readModel(source)
      const { split } = await adaptToModel(scaled, model.architecture.graph!)
      await withPredictors(model, ['compiled', 'eager'], async (compiled, eager) => {
        const [eight] = await compiled!.predict(await readBatch(split.features, 0, 8))
        assertNear(eight!.values, EXPECTED[name]!.first8.flat(), 1e-5, 'Keras')
        // 13 batches of 40 and one of 30.
        const batch = await readBatch(split.features, 0, 40)
        assertNear((await compiled!.predict(batch))[0]!.values, (await eager!.predict(batch))[0]!.values, 1e-6, 'eager')
        const { metrics: [a, b] } = await evaluate(model.architecture, [compiled!, eager!], first(split, 550), { batchSize: 40, task: 'auto' })
        assertNear(Object.values(a!), Object.values(b!), 1e-6, 'metrics')
      })
      await source.close()
    })
  }
})

describe('every layer type has a compiled form', () => {
  for (const { name, config, layers, inputs, outputs: expected } of readCases()) {
    test(name, () => {
      const architecture = readArchitecture(config)
      assert.equal(architecture.problem, undefined)
      const given = new Map(layers.map(({ path, weights }) => [path, weights]))
      const list = architecture.layers.flatMap(({ path, weights: specs }, layer) => specs!.map(({ role }, index) => {
        const { values, shape } = given.get(path)![index]!
        return { key: `${path}/${role}`, name: `${path}/${role}`, layer, role, prunable: false, variable: tf.variable(tf.tensor(values, shape)) }
      }))
      const weights: LoadedWeights = {
        list,
        variables: Object.fromEntries(list.map((weight) => [weight.name, weight.variable])),
        of: (layer) => Object.fromEntries(list.filter((weight) => weight.layer === layer).map(({ role, variable }) => [role, variable])),
        dispose () {},
      }
      const runner = createRunner(architecture, weights, 'compiled')
      try {
        const outputs = runner.run(inputs.map(({ values, shape }) => tf.tensor(values, shape)))
        for (const [index, output] of outputs.entries()) assertNear(output.dataSync(), expected[index]!.values, 1e-5, `output ${index}`)
      } finally {
        runner.dispose()
        tf.dispose(list.map(({ variable }) => variable))
      }
    })
  }
})

describe('what is compiled', () => {
  let model: ModelFile, source: OpenFile, split: Split
  before(async () => {
    source = await openFixture('test/fixtures/models/mlp.keras')
    model = await readModel(source)
    split = (await adaptToModel(scaled, model.architecture.graph!)).split
  })
  after(async () => { await source.close() })
  const enough = BATCHES_WORTH_COMPILING

  test('shapes that come often enough', async () => {
    await withPredictors(model, ['auto', 'auto', 'eager'], async (few, many, eager) => {
      assert.deepEqual(few!.prepare(enough - 1, [[20, 28, 28, 1]]), { compiled: false, reason: `${enough - 1} batches are too few: compiling pays from ${enough} on` })
      assert.deepEqual(many!.prepare(enough, [[20, 28, 28, 1]]), { compiled: true })
      assert.equal(eager!.prepare(enough, [[20, 28, 28, 1]]).compiled, false)
      // As announced, and a batch of another size, which is run without compiling.
      for (const size of [20, 7]) {
        const batch = await readBatch(split.features, 0, size)
        const [a, b, c] = await Promise.all([few!, many!, eager!].map(async (predictor) => (await predictor.predict(batch))[0]!.values))
        assert.equal(sessions, 1)
        assert.deepEqual(a, c)
        assertNear(b!, c!, 1e-6, `${size} examples`)
      }
    })
  })

  test('two models of one architecture alike, so that equal weights give equal bits', async () => {
    await withPredictors(model, ['auto', 'auto'], async (a, b) => {
      const { metrics } = await evaluate(model.architecture, [a!, b!], first(split, 32 * enough + 5), { batchSize: 32, task: 'auto' })
      assert.equal(sessions, 2)
      assert.deepEqual(metrics[0], metrics[1])
    })
  })

  test('not a forward pass that a graph cannot hold', () => {
    const kernels = tf.tidy(() => model.architecture.layers.map(({ weights }) => Object.fromEntries(weights!.map(({ role, shape }) => [role, tf.keep(tf.square(tf.ones([...shape])))]))))
    const outside: LoadedWeights = { list: [], variables: {}, of: (layer) => kernels[layer]!, dispose () {} }
    const runner = createRunner(model.architecture, outside, 'auto')
    const { compiled, reason } = runner.prepare(enough, [[4, 28, 28, 1]])
    assert.equal(compiled, false)
    assert.match(reason!, /MatMul reads .* made outside the step/)
    tf.tidy(() => { assert.deepEqual(runner.run([tf.ones([4, 28, 28, 1])])[0]!.shape, [4, 10]) })
    assert.throws(() => createRunner(model.architecture, outside, 'compiled').prepare(1, [[4, 28, 28, 1]]), { code: 'invalid-step' })
    tf.dispose(kernels)
    assert.equal(sessions, 0)
  })

  test('an input that does not fit is an error either way', async () => {
    await withPredictors(model, ['auto', 'eager'], async (auto, eager) => {
      assert.throws(() => { auto!.prepare(enough, [[4, 5, 5, 1]]) }, /kernel|shape|size|dimension|MatMul/i)
      await assert.rejects(eager!.predict([{ values: new Float32Array(100), shape: [4, 5, 5, 1] }]))
      await assert.rejects(auto!.predict([]), { code: 'shape-mismatch' })
    })
  })

  test('200 batches leave nothing', async () => {
    await withPredictors(model, ['auto'], async (predictor) => {
      predictor!.prepare(200, [[16, 28, 28, 1]])
      const batch = await readBatch(split.features, 0, 16)
      await predictor!.predict(batch)
      const before = tf.memory()
      for (let count = 0; count < 200; count++) await predictor!.predict(batch)
      assert.equal(tf.memory().numTensors, before.numTensors)
      assert.equal(tf.memory().numBytes, before.numBytes)
      assert.equal(sessions, 1)
    })
  })

  test('an aborted evaluation leaves nothing', async () => {
    await withPredictors(model, ['auto'], async (predictor) => {
      const stop = new AbortController()
      const seen: number[] = []
      const onProgress = (done: number): void => {
        seen.push(done)
        if (done === 300) stop.abort()
      }
      await assert.rejects(evaluate(model.architecture, [predictor!], split, { batchSize: 100, task: 'auto', signal: stop.signal, onProgress }), { name: 'AbortError' })
      assert.deepEqual(seen, [100, 200, 300])
      assert.equal(sessions, 1)
    })
  })
})

test('several inputs and outputs', async () => {
  const file = (name: string) => bytesInMemory(readFileSync(new URL(`../fixtures/several/${name}`, import.meta.url)))
  const expected = JSON.parse(readFileSync(new URL('../fixtures/several/expected.json', import.meta.url), 'utf8')) as Record<'loss0' | 'accuracy' | 'mse' | 'mae', number>
  const model = await readModel(file('several.keras'))
  const { split } = await adaptToModel((await readDataset(file('several.npz'))).splits.all!, model.architecture.graph!)
  await withPredictors(model, ['auto', 'eager'], async (auto, eager) => {
    // 17 whole batches of 7, and the last example.
    const { metrics: [a, b] } = await evaluate(model.architecture, [auto!, eager!], split, { batchSize: 7, task: 'auto' })
    assert.equal(sessions, 1)
    assertNear([a!['kind/loss']!, a!['kind/accuracy']!, a!['size/mse']!, a!['size/mae']!], [expected.loss0, expected.accuracy, expected.mse, expected.mae], 1e-5, 'Keras')
    assertNear(Object.values(a!), Object.values(b!), 1e-6, 'metrics')
  })
})
