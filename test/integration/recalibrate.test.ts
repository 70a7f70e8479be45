/** Statistics of batch normalisation taken anew: those of TensorFlow's own convolution and moments, whatever the batches. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { recalibrateBatchNorm } from '../../src/engine/infer/recalibrate.ts'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import type { OpenFile } from '../../src/methods/output-folder.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { openFixture } from '../support/fixtures.ts'

const EXAMPLES = 70

describe('recalibrateBatchNorm', () => {
  let engine: Engine, source: OpenFile, model: ModelFile
  const values = Float32Array.from({ length: EXAMPLES * 28 * 28 }, (_, index) => ((index * 7919) % 1000) / 1000 + (index % 28) / 28)
  const data = { examples: EXAMPLES, features: [{ shape: [28, 28, 1], values }], targets: [] }

  before(async () => {
    engine = await loadEngine()
    source = await openFixture('test/fixtures/models/resnet8.keras') as OpenFile
    model = await readModel(source)
  })
  after(async () => { await source.close() })

  const keyOf = (layer: string, role: string): string => model.layers.find(({ path }) => path === layer)!.weights.find((weight) => weight.role === role)!.tensor.key

  for (const batchSize of [70, 32, 4]) {
    test(`the first layer's, in batches of ${batchSize}`, async () => {
      const { tf } = engine
      const first = model.layers.find(({ className }) => className === 'Conv2D')!
      const norm = model.layers.find(({ className }) => className === 'BatchNormalization')!
      const kernel = first.weights.find(({ role }) => role === 'kernel')!.tensor
      const changes = new Map([[kernel.key, (await kernel.read()).map((value, index) => index % 3 === 0 ? 0 : value)]])
      const tensors = tf.memory().numTensors
      const found = await recalibrateBatchNorm({ model, changes, data, batchSize })
      assert.equal(tf.memory().numTensors, tensors)
      assert.equal(found.size, 2 * model.layers.filter(({ className }) => className === 'BatchNormalization').length)
      const expected = tf.tidy(() => {
        const output = tf.conv2d(tf.tensor4d(values, [EXAMPLES, 28, 28, 1]), tf.tensor(changes.get(kernel.key)!, [...kernel.shape]) as any, 1, 'same')
        const { mean, variance } = tf.moments(output, [0, 1, 2])
        return { mean: mean.dataSync(), variance: variance.dataSync() }
      })
      const close = (mine: Float32Array, theirs: ArrayLike<number>): void => { mine.forEach((value, index) => assert.ok(Math.abs(value - theirs[index]!) <= 1e-4 * Math.max(1, Math.abs(theirs[index]!)), `${value}, ${theirs[index]}`)) }
      const bias = first.weights.find(({ role }) => role === 'bias')
      const shift = bias === undefined ? undefined : await bias.tensor.read()
      close(found.get(keyOf(norm.path, 'moving_mean'))!, Array.from(expected.mean, (value, index) => value + (shift?.[index] ?? 0)))
      close(found.get(keyOf(norm.path, 'moving_variance'))!, expected.variance)
      assert.equal(norm.weights.length, 4)
    })
  }
})
