/** Methods that prune while they train, each as a whole job: targets are met exactly, counts add up, and each does what its name says. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Receipt } from '../../src/methods/receipt.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const MLP = 'test/fixtures/models/mlp.keras'
const RESNET = 'test/fixtures/models/resnet8.keras'
const TRAINING = { epochs: 3, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.002 } }
const PRUNABLE = 266_200

describe('methods that prune while they train', () => {
  let jobs: Jobs
  before(async () => { jobs = await createJobs(1500) })
  after(async () => { await jobs.close() })

  async function prune (name: string, recipe: object, file = MLP): Promise<{ receipt: Receipt, weights: Map<string, Float32Array> }> {
    const { receipt } = await jobs.start(name, file, { training: TRAINING, evaluation: { latency: false }, ...recipe }, { dataset: jobs.dataset })
    return { receipt, weights: await jobs.weights(path.join(jobs.home, name, 'model.keras')) }
  }

  /** The counts of a receipt, taken from the written file, and along the updates. */
  function assertAddsUp (receipt: Receipt, weights: ReadonlyMap<string, Float32Array>): void {
    for (const layer of receipt.layers.filter(({ skipped }) => skipped === undefined)) {
      const kernels = [...weights].filter(([name]) => name.startsWith(`${layer.name}/`) && /kernel/.test(name))
      const nonzeros = kernels.reduce((sum, [, values]) => sum + values.filter((value) => value !== 0).length, 0)
      assert.equal(layer.nonzeros, nonzeros, layer.name)
    }
    let zeros = 0
    const pool = receipt.after.prunableWeights
    for (const { pruned, spliced, net, sparsity } of receipt.updates!) {
      zeros += pruned - spliced
      assert.equal(net, pruned - spliced)
      assert.ok(Math.abs(zeros / pool - sparsity) < 1e-9, `${zeros} of ${pool} and ${sparsity}`)
    }
  }

  for (const [method, options] of [
    ['gradual', undefined], ['surgery', {}], ['sensitivity', {}], ['sensitivity', { score: 'gradient' }], ['movement', {}], ['movement', { mode: 'soft' }],
    ['l1', {}], ['l1', { variant: 'subgradient' }], ['l0', {}], ['variational', {}], ['rigl', {}], ['set', {}], ['lottery', { rounds: 3 }], ['iterative', { rounds: 3 }],
  ] as const) {
    test(`${method} ${JSON.stringify(options ?? '')} reaches its target and its counts add up`, async () => {
      const { receipt, weights } = await prune(`target-${method}-${Object.values(options ?? {}).join('-')}`, { method, target: { sparsity: 0.9 }, ...(options && { options }) })
      assert.equal(receipt.after.prunableWeights - receipt.layers.reduce((sum, { nonzeros }) => sum + nonzeros, 0), 0.9 * PRUNABLE)
      assertAddsUp(receipt, weights)
      assert.ok(receipt.after.metrics!.accuracy! > 0.6, `accuracy ${receipt.after.metrics!.accuracy}`)
    })
  }

  for (const method of ['group-lasso', 'slimming']) {
    test(`${method} takes whole channels`, async () => {
      const { receipt, weights } = await prune(`channels-${method}`, { method, target: { sparsity: 0.3 } }, RESNET)
      assertAddsUp(receipt, weights)
      console.log(receipt.after.sparsity, receipt.layers.map(({ name, achieved, skipped }) => [name, achieved, skipped]))
    })
  }
})
