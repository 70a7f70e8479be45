/** Structured pruning with training: rounds, targets, distillation, accuracy that is kept, and a run that goes on where it stopped. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createJobs, type Jobs } from '../support/jobs.ts'

const LENET = 'test/fixtures/models/lenet5.h5'
const RESNET = 'test/fixtures/models/resnet8.keras'
const TRAINING = { epochs: 2, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.001 } }
const HALF = { evaluation: { latency: false, split: 0.5 } }

describe('structured pruning with training', () => {
  let jobs: Jobs

  before(async () => { jobs = await createJobs(2000) })
  after(async () => { await jobs.close() })

  test('half of the multiplications of lenet5 go, and training makes up for most of it', async () => {
    const { receipt } = await jobs.start('macs', LENET, { method: 'structured-iterative', target: { macs: 0.5 }, training: TRAINING, ...HALF }, { dataset: jobs.dataset })
    const { before: given, after: made, training, structure, outputs } = receipt
    assert.ok(made.macs! <= 0.5 * given.macs! && made.macs! > 0.45 * given.macs!, `${made.macs} of ${given.macs}`)
    assert.ok(made.metrics!.accuracy! > given.metrics!.accuracy! - 0.05, JSON.stringify([given.metrics, made.metrics]))
    assert.equal(training!.epochs.length, 2)
    assert.ok(outputs.every(({ verified }) => verified) && structure!.channels.after < structure!.channels.before)
  })

  test('rounds take the same share of what is left each time; the epochs are parted among them', async () => {
    const { receipt } = await jobs.start('rounds', RESNET, { method: 'structured-iterative', scope: 'layer', target: { channels: 0.5 }, options: { rounds: 3 }, training: { ...TRAINING, epochs: 4, distillation: { weight: 0.5 } }, ...HALF }, { dataset: jobs.dataset })
    const { training, structure } = receipt
    assert.deepEqual(training!.epochs.map(({ epoch }) => epoch), [1, 2, 3, 4])
    assert.equal(training!.steps, 4 * Math.ceil(1000 / 64))
    for (const { before: given, after: left, kept } of structure!.groups) if (kept === undefined) assert.ok(Math.abs(left - given / 2) <= 1, `${left} of ${given}`)
  })

  test('a share of a layer\'s own is that of all rounds together', async () => {
    const { receipt } = await jobs.start('own', LENET, { method: 'structured-iterative', target: { channels: 0.4 }, options: { rounds: 2 }, layers: [{ match: 'dense_3', sparsity: 0.5 }], training: TRAINING, ...HALF }, { dataset: jobs.dataset })
    const groups = new Map(receipt.structure!.groups.map((group) => [group.name, group]))
    assert.ok(Math.abs(groups.get('dense_3')!.after - 250) <= 1, JSON.stringify(groups.get('dense_3')))
    // Of the 70 filters of both convolutions, which compete.
    const filters = groups.get('conv2d')!.after + groups.get('conv2d_1')!.after
    assert.ok(Math.abs(filters - 42) <= 1, `${filters}`)
  })

  test('what criteria look at, and an accuracy that is kept over trainings', async () => {
    const { receipt } = await jobs.start('accuracy', LENET, { method: 'structured-iterative', criterion: 'taylor', calibration: { examples: 200 }, target: { maxAccuracyDrop: 0.05 }, search: { attempts: 2, low: 0.2, high: 0.8 }, training: { ...TRAINING, epochs: 1, validation: 0.2 }, ...HALF }, { dataset: jobs.dataset })
    assert.equal(receipt.search!.curve.length, 2)
    assert.ok(receipt.search!.chosen! >= 0.2 && receipt.after.weights < receipt.before.weights)
  })
})
