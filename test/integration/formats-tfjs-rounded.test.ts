/** TF.js models with rounded weights: what TF.js itself loads of them, zeros above all, and what jobs say of them. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import type { io } from '@tensorflow/tfjs-core'
import type * as TfModule from '@tensorflow/tfjs-node-gpu'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { ROUNDED, type RoundedName } from '../../src/models/exports/rounded.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { stepsOf } from '../../src/models/formats/tfjs-rounded.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'
import { entryOf, modelOf, pruned, SMALL, weightsOf, write } from '../unit/models/formats-helpers.ts'

const LENET = 'examples/lenet5.keras'
/** Largest error of a weight, as a share of the range of its tensor and 0. */
const ERROR = { uint8: 1 / 254 / 2 * 1.02, uint16: 1 / 65_534 / 2 * 1.02, float16: 2 ** -11 } as const
/** Bytes of LeNet-5: 430,500 weights of two axes and more, 580 biases of 4 bytes; and what stands around them. */
const BYTES = { uint8: 430_500, uint16: 2 * 430_500, float16: 2 * 430_500 } as const

let tf: typeof TfModule
before(async () => { tf = await import('@tensorflow/tfjs-node-gpu') })
after(() => { tf.disposeVariables() })

async function loadedByTfjs (zip: Uint8Array): Promise<TfModule.LayersModel> {
  const json = JSON.parse(new TextDecoder().decode(await entryOf(zip, 'model.json'))) as { modelTopology: object, weightsManifest: Array<{ paths: string[], weights: io.WeightsManifestEntry[] }> }
  const shards = await Promise.all(json.weightsManifest.flatMap(({ paths }) => paths).map(async (name) => await entryOf(zip, name)))
  return await tf.loadLayersModel(tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights), weightData: new Uint8Array(Buffer.concat(shards)).buffer }))
}

for (const { name, weights } of Object.values(ROUNDED)) {
  describe(name, () => {
    for (const from of ['keras', 'tfjs-layers'] as const) {
      test(`of ${from}: TF.js loads weights near the given ones, and every zero as a zero`, async () => {
        const given = await modelOf(LENET)
        const source = from === 'keras' ? given : await readModel(bytesInMemory(await write(given, new Map(), 'tfjs-layers', SMALL)))
        const changes = await pruned(source, 0.9)
        const zip = await write(source, changes, 'tfjs-layers', { ...SMALL, weights })
        assert.ok(Math.abs(zip.length - BYTES[weights]) < 12_000, `${zip.length} bytes`)
        const wanted = [...(await weightsOf(source, changes)).values()]
        const ours = [...(await weightsOf(await readModel(bytesInMemory(zip)))).values()]
        const model = await loadedByTfjs(zip)
        assert.equal(model.weights.length, wanted.length)
        for (const [index, weight] of model.weights.entries()) {
          const theirs = weight.read().dataSync() as Float32Array
          assert.deepEqual(theirs, ours[index], `${weight.name} is read otherwise here`)
          const reach = Math.max(ERROR[weights] * largest(wanted[index]!), 2 ** -25)
          wanted[index]!.forEach((value, at) => {
            if (value === 0 || weight.shape.length === 1) assert.ok(theirs[at] === value, `${weight.name}[${at}] is ${theirs[at]}, not ${value}`)
            else assert.ok(Math.abs(theirs[at]! - value) <= reach, `${weight.name}[${at}] is ${theirs[at]}, not ${value}`)
          })
        }
        model.dispose()
      })
    }
  })
}

/** How far the values and 0 lie apart. */
function largest (values: Float32Array): number {
  return values.reduce((a, b) => Math.max(a, b), 0) - values.reduce((a, b) => Math.min(a, b), 0)
}

test('steps: zero is exact in float32, every value within half a step', () => {
  const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })
  fc.assert(fc.property(float, float, fc.constantFrom(255, 65_535), (a, b, most) => {
    const [low, high] = [Math.min(a, b, 0), Math.max(a, b, 0)]
    fc.pre(high - low > 1e-20)
    const { scale, zero } = stepsOf(low, high, most)
    assert.equal(Math.fround(scale), scale)
    assert.equal(Math.fround(Math.fround(zero * scale) + Math.fround(-zero * scale)), 0)
    for (const value of [low, high]) {
      const stored = Math.round(value / scale) + zero
      assert.ok(stored >= 0 && stored <= most, `${stored} for ${value}`)
      assert.equal(Math.fround(stored * scale), stored * scale, 'products are exact in float32')
      assert.ok(Math.abs((stored - zero) * scale - value) <= scale / 2 * (1 + 1e-9))
    }
  }), { numRuns: 2_000 })
})

describe('jobs', () => {
  let jobs: Jobs
  before(async () => { jobs = await createJobs(60) })
  after(async () => { await jobs.close() })

  test('write them beside the model and tell how far predictions move', async () => {
    const names = Object.keys(ROUNDED) as RoundedName[]
    const { receipt } = await jobs.start('rounded', LENET, { method: 'magnitude', target: { sparsity: 0.9 }, output: ['tfjs-layers', ...names] })
    assert.deepEqual(receipt.outputs.map(({ name }) => name), ['model.zip', 'model.uint8.zip', 'model.uint16.zip', 'model.float16.zip'])
    for (const { verified, verification, maxDifference, format } of receipt.outputs.slice(1)) {
      assert.equal(verified, true)
      assert.match(verification, /zeros are zeros; how far predictions of 8 examples move/)
      assert.ok(maxDifference! > 0 && maxDifference! < (format === 'tfjs-uint8' ? 0.1 : 1e-3), `${format} differs by ${maxDifference}`)
    }
    const zeros = async (name: string) => [...(await jobs.weights(path.join(jobs.home, 'rounded', name))).values()].reduce((sum, values) => sum + values.filter((value) => value === 0).length, 0)
    for (const { name } of receipt.outputs) assert.ok(await zeros(name) >= 387_450)
  })
})
