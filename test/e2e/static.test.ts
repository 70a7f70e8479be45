/** Methods on a trained model that look at data, over HTTP on a residual network: exact counts, a receipt that says what was looked at, a file with these zeros. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { TestService } from '../support/service.ts'
import { openStockedService } from '../support/stocked-service.ts'

const RECIPES = [
  { method: 'one-shot', criterion: 'wanda', target: { sparsity: 0.6 } },
  { method: 'one-shot', criterion: 'fisher', target: { sparsity: 0.6 } },
  { method: 'one-shot', criterion: 'magnitude', scope: 'lamp', target: { sparsity: 0.6 } },
  { method: 'sparsegpt', target: { sparsity: 0.6 } },
]

describe('over HTTP', () => {
  let service: TestService, model: string, dataset: string

  before(async () => { ({ service, model, dataset } = await openStockedService('test/fixtures/models/resnet8.keras', 1000)) })
  after(async () => { await service.close() })

  for (const recipe of RECIPES) {
    test(Object.values(recipe).map((part) => typeof part === 'string' ? part : '').join(' ').trim(), async () => {
      const { id } = await service.client.createJob({ model, dataset, recipe: { ...recipe, evaluation: { latency: false } } })
      const job = await service.client.waitForJob(id)
      assert.equal(job.state, 'succeeded', JSON.stringify(job.error))
      const { after, layers, calibration } = job.receipt!
      const zeros = layers.reduce((sum, { weights, nonzeros, skipped }) => sum + (skipped === undefined ? weights - nonzeros : 0), 0)
      // One rounding for each competition: at most half a weight a layer.
      assert.ok(Math.abs(zeros - 0.6 * after.prunableWeights) <= layers.length / 2, `${zeros} of ${after.prunableWeights}`)
      // A fifth of the 1,000 is held out for the report.
      assert.equal(calibration?.examples, recipe.criterion === 'magnitude' ? undefined : 800)
      assert.ok(after.metrics!.accuracy! > 0.5, `accuracy ${after.metrics!.accuracy}`)
      const file = await readModel(bytesInMemory(new Uint8Array(await (await fetch(`${service.url}${job.artifacts[0]!.url}`)).arrayBuffer())))
      let counted = 0
      for (const { weights } of file.layers) for (const { role, tensor } of weights) if (role === 'kernel') counted += (await tensor.read()).filter((value) => value === 0).length
      assert.equal(counted, zeros)
    })
  }
})
