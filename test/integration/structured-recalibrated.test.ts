/** Structured pruning with training that takes moving statistics anew: those of TensorFlow's own convolutions over the trained weights, and what they are worth. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { readDataset } from '../../src/datasets/index.ts'
import type { JobResult } from '../../src/methods/job-types.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const RESNET = 'test/fixtures/models/resnet8.keras'
const EXAMPLES = 1000
const TRAINING = { epochs: 2, batchSize: 100, optimizer: { type: 'adam', learningRate: 0.001 } }
const HALF = { method: 'structured-iterative', scope: 'layer', target: { channels: 0.5 }, options: { rounds: 2 } }

/** As Keras has it by default. */
const EPSILON = 1e-3

/** TensorFlow's kernel adds 784,000 values in float32, many of which are the same background. */
const TOLERANCE = 3e-3

describe('structured pruning with training and new moving statistics', () => {
  let jobs: Jobs
  before(async () => { jobs = await createJobs(EXAMPLES) })
  after(async () => { await jobs.close() })

  const start = async (name: string, recipe: object): Promise<JobResult['receipt']> => (await jobs.start(name, RESNET, recipe, { dataset: jobs.dataset })).receipt

  test('they are those of the weights that were trained, over the calibration data', async () => {
    const receipt = await start('anew', { ...HALF, training: TRAINING, evaluation: false, batchNorm: 'recalibrate', calibration: { examples: EXAMPLES, batchSize: EXAMPLES } })
    assert.deepEqual(receipt.batchNorm, { layers: 9, examples: EXAMPLES })
    const weights = await jobs.weights(`${jobs.home}/anew/model.keras`)
    const found = await statisticsOf(jobs, weights)
    for (const [name, values] of found) close(weights.get(name)!, values)
    // Training alone leaves them on their way there.
    assert.equal((await start('kept', { ...HALF, training: TRAINING, evaluation: false })).batchNorm, undefined)
    const other = await jobs.weights(`${jobs.home}/kept/model.keras`)
    const first = 'batch_normalization/moving_variance'
    assert.throws(() => { close(other.get(first)!, found.get(first)!) }, assert.AssertionError)
  })

  test('after a short training they make up for most of what is lost', async () => {
    const recipe = { ...HALF, options: {}, training: { ...TRAINING, epochs: 4 }, evaluation: { latency: false, split: 0.3 } }
    const [kept, anew] = [await start('short', recipe), await start('short-anew', { ...recipe, batchNorm: 'recalibrate' })]
    assert.ok(anew.after.metrics!.accuracy! > kept.after.metrics!.accuracy! + 0.1, JSON.stringify([kept.after.metrics, anew.after.metrics]))
    assert.deepEqual(anew.training!.epochs, kept.training!.epochs)
  })

  test('a search judges models with the statistics that they are written with', async () => {
    const receipt = await start('searched', { ...HALF, target: { maxAccuracyDrop: 0.6 }, search: { attempts: 1, low: 0.5, high: 0.6 }, options: {}, training: { ...TRAINING, validation: 0.2 }, evaluation: { latency: false, split: 0.3 }, batchNorm: 'recalibrate' })
    const { curve, chosen } = receipt.search!
    const { value } = curve.find(({ sparsity }) => sparsity === chosen)!
    const trained = Math.max(...receipt.training!.epochs.map(({ validation }) => validation!.metrics.accuracy!))
    assert.ok(value > trained + 0.1, JSON.stringify([receipt.search, trained]))
    // Of 140 examples, and of 300 others.
    assert.ok(Math.abs(value - receipt.after.metrics!.accuracy!) < 0.15, JSON.stringify([value, receipt.after.metrics]))
    assert.equal(receipt.batchNorm!.layers, 9)
  })
})

/** Of the first two layers of batch normalisation, by the name of the weight. */
async function statisticsOf ({ engine: { tf }, dataset }: Jobs, weights: ReadonlyMap<string, Float32Array>): Promise<Map<string, Float32Array>> {
  const { features } = (await readDataset(dataset.source)).splits.all!
  const images = Float32Array.from(await features[0]!.read(0, EXAMPLES))
  const found = new Map<string, Float32Array>()
  tf.tidy(() => {
    let values = tf.tensor4d(images, [EXAMPLES, 28, 28, 1])
    for (const [conv, norm] of [['conv2d_2', 'batch_normalization'], ['conv2d_3', 'batch_normalization_1']] as const) {
      const kernel = weights.get(`${conv}/kernel`)!
      const output = tf.conv2d(values, tf.tensor4d(kernel, [3, 3, values.shape[3], kernel.length / 9 / values.shape[3]]), 1, 'same')
      const { mean, variance } = momentsOf(output.dataSync() as Float32Array, output.shape[3])
      found.set(`${norm}/moving_mean`, mean).set(`${norm}/moving_variance`, variance)
      values = tf.relu(tf.batchNorm(output, tf.tensor1d(mean), tf.tensor1d(variance), tf.tensor1d(weights.get(`${norm}/beta`)!), tf.tensor1d(weights.get(`${norm}/gamma`)!), EPSILON)) as Tensor4D
    }
  })
  return found
}

/** Of each channel, which is the last axis, in float64. */
function momentsOf (values: Float32Array, channels: number): { mean: Float32Array, variance: Float32Array } {
  const rows = values.length / channels
  const meanOf = (of: (value: number, channel: number) => number): Float64Array => {
    const sums = new Float64Array(channels)
    values.forEach((value, index) => { sums[index % channels]! += of(value, index % channels) })
    return sums.map((sum) => sum / rows)
  }
  const mean = meanOf((value) => value)
  return { mean: Float32Array.from(mean), variance: Float32Array.from(meanOf((value, channel) => (value - mean[channel]!) ** 2)) }
}

function close (mine: Float32Array, theirs: Float32Array): void {
  assert.equal(mine.length, theirs.length)
  mine.forEach((value, index) => { assert.ok(Math.abs(value - theirs[index]!) <= TOLERANCE * Math.max(0.1, Math.abs(theirs[index]!)), `${value}, ${theirs[index]}`) })
}
