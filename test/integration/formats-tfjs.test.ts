/** TF.js itself reads the models written for it, and predicts what real Keras predicted; what it saves is read here. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { io } from '@tensorflow/tfjs-core'
import type * as TfModule from '@tensorflow/tfjs-node-gpu'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { openZip, writeZip, type ZipInput } from '../../src/models/zip.ts'
import { entryOf, modelOf, pruned, SMALL, weightsOf, write } from '../unit/models/formats-helpers.ts'

interface Described { readonly inputs: number[][], readonly outputs: number[][] }

const EXPECTED = JSON.parse(readFileSync(new URL('../fixtures/formats/expected.json', import.meta.url), 'utf8')) as Record<string, Described>

let tf: typeof TfModule
before(async () => { tf = await import('@tensorflow/tfjs-node-gpu') })
after(() => { tf.disposeVariables() })

/** The model in TF.js, loaded from the zip's own files. */
async function loaded (zip: Uint8Array): Promise<TfModule.LayersModel> {
  const json = JSON.parse(new TextDecoder().decode(await entryOf(zip, 'model.json'))) as { modelTopology: object, weightsManifest: Array<{ paths: string[], weights: io.WeightsManifestEntry[] }> }
  const shards = await Promise.all(json.weightsManifest.flatMap(({ paths }) => paths).map(async (path) => await entryOf(zip, path)))
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer
  return await tf.loadLayersModel(tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights), weightData }))
}

function predict (model: TfModule.LayersModel, inputs: readonly number[][]): number[][] {
  return tf.tidy(() => {
    const tensors = model.inputs.map(({ shape }, index) => tf.tensor(inputs[index]!, [2, ...shape.slice(1) as number[]]))
    const outputs = model.predict(tensors.length === 1 ? tensors[0]! : tensors)
    return (Array.isArray(outputs) ? outputs : [outputs]).map((output) => [...output.dataSync()])
  })
}

function assertClose (actual: readonly number[][], expected: readonly number[][], tolerance: number): void {
  assert.equal(actual.length, expected.length)
  actual.forEach((values, output) => values.forEach((value, at) => {
    assert.ok(Math.abs(value - expected[output]![at]!) <= tolerance, `output ${output}[${at}] is ${value}, Keras gave ${expected[output]![at]}`)
  }))
}

describe('written for TF.js', () => {
  for (const [file, tolerance] of [['convolutions.keras', 1e-5], ['convolutions.h5', 1e-5], ['nested.keras', 1e-5], ['nested.h5', 1e-5], ['types.keras', 2e-2]] as const) {
    test(`${file} predicts as in Keras`, async () => {
      const zip = await write(await modelOf(`test/fixtures/formats/${file}`), new Map(), 'tfjs-layers', SMALL)
      const model = await loaded(zip)
      const { inputs, outputs } = EXPECTED[file.split('.')[0]!]!
      // The 16-bit layers of `types` compute in float32 in TF.js.
      assertClose(predict(model, inputs), outputs, tolerance)
      model.dispose()
    })
  }

  test('LeNet-5 at 90 % keeps its zeros', async () => {
    const source = await modelOf('examples/lenet5.keras')
    const changes = await pruned(source, 0.9)
    const model = await loaded(await write(source, changes, 'tfjs-layers', SMALL))
    const zeros = model.weights.reduce((sum, weight) => sum + weight.read().dataSync().filter((value) => value === 0).length, 0)
    const wanted = [...(await weightsOf(source, changes)).values()].reduce((sum, values) => sum + values.filter((value) => value === 0).length, 0)
    assert.equal(zeros, wanted)
    model.dispose()
  })
})

test('a model that TF.js saved is read, a nested Sequential included, and goes to Keras and back', async () => {
  const x = tf.input({ shape: [4], name: 'x' })
  const inner = tf.sequential({ name: 'inner', layers: [tf.layers.dense({ units: 3, inputShape: [4], activation: 'relu', name: 'first' }), tf.layers.dense({ units: 3, name: 'second' })] })
  const out = tf.layers.add({ name: 'add' }).apply([inner.apply(x) as TfModule.SymbolicTensor, tf.layers.dense({ units: 3, name: 'skip' }).apply(x) as TfModule.SymbolicTensor])
  const model = tf.model({ inputs: x, outputs: out as TfModule.SymbolicTensor, name: 'saved' })
  const inputs = [[0.1, -0.2, 0.3, 0.4, -1, 1, 0.5, 0.25]]
  const wanted = predict(model, inputs)
  let artifacts: io.ModelArtifacts | undefined
  await model.save(tf.io.withSaveHandler(async (given) => {
    artifacts = given
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
  }))
  const json = { format: 'layers-model', modelTopology: artifacts!.modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights: artifacts!.weightSpecs }] }
  const data = artifacts!.weightData as ArrayBuffer
  const zip = await zipOf([{ name: 'a/b/model.json', content: new TextEncoder().encode(JSON.stringify(json)) }, { name: 'a/b/weights.bin', content: new Uint8Array(data) }])
  const read = await readModel(bytesInMemory(zip))
  assert.equal(read.format, 'tfjs-layers')
  assert.equal(read.architecture.problem, undefined)
  for (const weight of model.weights) {
    const found = [...await weightsOf(read)].find(([name]) => name.endsWith(weight.originalName))
    assert.deepEqual(found![1], weight.read().dataSync())
  }
  const again = await write(read, new Map(), 'tfjs-layers', SMALL)
  assert.deepEqual(await entryOf(again, 'a/b/model.json'), await entryOf(zip, 'a/b/model.json'))
  assert.deepEqual(await entryOf(again, 'a/b/weights.bin'), await entryOf(zip, 'a/b/weights.bin'))
  const viaKeras = await readModel(bytesInMemory(await write(read, new Map(), 'keras', SMALL)))
  const back = await loaded(await write(viaKeras, new Map(), 'tfjs-layers', SMALL))
  assertClose(predict(back, inputs), wanted, 1e-6)
  back.dispose()
  model.dispose()
})

async function zipOf (inputs: readonly ZipInput[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(inputs)) pieces.push(piece)
  const zip = new Uint8Array(Buffer.concat(pieces))
  assert.equal((await openZip(bytesInMemory(zip))).length, inputs.length)
  return zip
}
