/** Remade models run: they give what the whole model gives with zeros in place of what was taken out, they train, and TF.js runs the files written for it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { io } from '@tensorflow/tfjs-core'
import type * as TfModule from '@tensorflow/tfjs-node-gpu'
import { createPredictor } from '../../src/engine/predict.ts'
import { loadEngine, type Tf } from '../../src/engine/runtime.ts'
import { createTrainer } from '../../src/engine/train/trainer.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { HeldChanges, ModelFile } from '../../src/models/model.ts'
import { sizeOf } from '../../src/models/tensor.ts'
import { narrowed, NARROWINGS, type Narrowing } from '../support/narrowed.ts'
import { entryOf, modelOf, SMALL, weightsOf, write } from '../unit/models/formats-helpers.ts'

const EXAMPLES = 4

let tf: Tf
let tfjs: typeof TfModule
before(async () => {
  tf = (await loadEngine()).tf
  tfjs = await import('@tensorflow/tfjs-node-gpu')
})
after(() => { tfjs.disposeVariables() })

function inputsOf ({ architecture }: ModelFile): Array<{ shape: number[], values: Float32Array }> {
  return architecture.graph!.inputShapes.map((shape) => {
    const all = [EXAMPLES, ...shape.slice(1).map(Number)]
    return { shape: all, values: Float32Array.from({ length: sizeOf(all) }, (_, at) => (at * 7919 % 1000) / 1000) }
  })
}

async function outputsOf (model: ModelFile, mode: 'compiled' | 'eager', changes?: HeldChanges): Promise<Float32Array[]> {
  const predictor = await createPredictor(tf, model, changes, { mode })
  const outputs = await predictor.predict(inputsOf(model))
  predictor.dispose()
  return outputs.map(({ values }) => values)
}

function assertClose (actual: ReadonlyArray<ArrayLike<number>>, expected: ReadonlyArray<ArrayLike<number>>): void {
  assert.deepEqual(actual.map(({ length }) => length), expected.map(({ length }) => length))
  actual.forEach((values, output) => Array.from(values).forEach((value, at) => {
    const wanted = expected[output]![at]!
    assert.ok(Math.abs(value - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted)), `output ${output}[${at}] is ${value}, expected ${wanted}`)
  }))
}

/** All weights with zeros where the narrowing takes something out. */
async function zeroed (model: ModelFile, { dropped }: Narrowing): Promise<Map<string, Float32Array>> {
  const changes = new Map<string, Float32Array>()
  for (const { path, weights } of model.layers) {
    for (const { role, tensor: { key, shape, read } } of weights) {
      const values = (await read()).slice()
      for (const [axis, indices] of Object.entries(dropped[`${path}/${role}`] ?? {})) {
        const stride = sizeOf(shape.slice(Number(axis) + 1))
        for (let at = 0; at < values.length; at++) if (indices.includes(Math.floor(at / stride) % shape[Number(axis)]!)) values[at] = 0
      }
      changes.set(key, values)
    }
  }
  return changes
}

describe('predictions', () => {
  for (const [file, name] of [
    ['models/mlp.keras', 'mlp'], ['models/mlp-keras2.h5', 'mlp'], ['models/lenet5.h5', 'lenet5'], ['models/resnet8.keras', 'resnet8'], ['formats/nested.keras', 'nested'],
  ] as const) {
    test(`${file}: as the whole model with zeros, compiled and not`, async () => {
      const model = await modelOf(`test/fixtures/${file}`)
      const remade = await narrowed(model, NARROWINGS[name])
      const wanted = await outputsOf(model, 'eager', await zeroed(model, NARROWINGS[name]))
      for (const mode of ['compiled', 'eager'] as const) assertClose(await outputsOf(remade, mode), wanted)
      const bias = remade.layers.at(-1)!.weights.at(-1)!
      const changes = new Map([[bias.tensor.key, (await bias.tensor.read()).map((value) => value + 1)]])
      assert.notDeepEqual((await outputsOf(remade, 'eager', changes)).at(-1), wanted.at(-1))
    })
  }

  for (const [file, name] of [['models/mlp.keras', 'mlp'], ['models/resnet8.h5', 'resnet8'], ['formats/nested.keras', 'nested']] as const) {
    test(`${file}: TF.js runs what was written for it, remade before and after it became a TF.js file`, async () => {
      const model = await modelOf(`test/fixtures/${file}`)
      const remade = await narrowed(model, NARROWINGS[name])
      const converted = await readModel(bytesInMemory(await write(model, new Map(), 'tfjs-layers', SMALL)))
      const wanted = await outputsOf(remade, 'eager')
      for (const one of [remade, await narrowed(converted, NARROWINGS[name])]) {
        const loaded = await loadedInTfjs(await write(one, new Map(), 'tfjs-layers', SMALL))
        assertClose(predicted(loaded, inputsOf(remade)), wanted)
        loaded.dispose()
      }
    })
  }
})

test('a remade model trains, and its file holds the trained weights', async () => {
  const model = await narrowed(await modelOf('test/fixtures/models/resnet8.keras'), NARROWINGS.resnet8)
  const [images] = inputsOf(model)
  const data = { examples: EXAMPLES, features: [{ shape: [28, 28, 1], values: images!.values }], targets: [{ shape: [], values: Float32Array.from([0, 1, 2, 3]) }] }
  const optimizer = { type: 'sgd', momentum: 0.9, nesterov: false, learningRate: 0.01, schedule: { type: 'constant' }, weightDecay: 0, clip: null } as const
  const options = { epochs: 1, batchSize: EXAMPLES, optimizer, loss: 'auto', metrics: null, shuffle: false, classWeights: null, validation: 0, earlyStopping: null, timeBudget: null, checkpointEvery: 3600 } as const
  const losses: number[] = []
  const trainer = await createTrainer({ model, data, options, seed: 1 })
  for (let epoch = 0; epoch < 5; epoch++) {
    trainer.begin(epoch)
    await trainer.steps(0, 1)
    losses.push(trainer.sums().loss)
  }
  const weights = trainer.weights()
  trainer.dispose()
  assert.ok(losses.at(-1)! < losses[0]!, losses.join(', '))
  const again = await readModel(bytesInMemory(await write(model, weights, 'keras', SMALL)))
  assert.deepEqual(await weightsOf(again), await weightsOf(model, weights))
  assert.notDeepEqual(await weightsOf(again), await weightsOf(model))
})

async function loadedInTfjs (zip: Uint8Array): Promise<TfModule.LayersModel> {
  const json = JSON.parse(new TextDecoder().decode(await entryOf(zip, 'model.json'))) as { modelTopology: object, weightsManifest: Array<{ paths: string[], weights: io.WeightsManifestEntry[] }> }
  const shards = await Promise.all(json.weightsManifest.flatMap(({ paths }) => paths).map(async (path) => await entryOf(zip, path)))
  return await tfjs.loadLayersModel(tfjs.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights), weightData: new Uint8Array(Buffer.concat(shards)).buffer }))
}

function predicted (model: TfModule.LayersModel, inputs: ReadonlyArray<{ shape: number[], values: Float32Array }>): Float32Array[] {
  return tfjs.tidy(() => {
    const tensors = inputs.map(({ shape, values }) => tfjs.tensor(values, shape))
    const outputs = model.predict(tensors.length === 1 ? tensors[0]! : tensors)
    return (Array.isArray(outputs) ? outputs : [outputs]).map((output) => output.dataSync() as Float32Array)
  })
}
