/** Whole jobs that are paused and go on: the same file and the same receipt, whatever the method keeps besides weights. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { JobInput, JobResult } from '../../src/methods/job-types.ts'
import type { Progress } from '../../src/methods/progress.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const MLP = 'test/fixtures/models/mlp.keras'
const RESNET = 'test/fixtures/models/resnet8.keras'
const TRAINING = { epochs: 3, batchSize: 64, validation: 0.1, optimizer: { type: 'adam', learningRate: 0.002 } }
const LIMIT = 10

describe('a job that is paused', () => {
  let jobs: Jobs
  /** With fewer images, for the model that takes longer. */
  let few: Jobs
  before(async () => { [jobs, few] = await Promise.all([createJobs(1500), createJobs(500)]) })
  after(async () => { await Promise.all([jobs.close(), few.close()]) })
  const jobsOf = (model: string): Jobs => model === RESNET ? few : jobs

  /** Runs it with a pause whenever `at` says so, until it is done. Gives also how often it was paused. */
  async function inPieces (name: string, model: string, recipe: object, at: (progress: Progress, pauses: number) => boolean): Promise<{ result: JobResult, pauses: number }> {
    let saved: Uint8Array | null = null
    const checkpoints: NonNullable<JobInput['checkpoints']> = {
      load: async () => saved,
      async save (bytes, how) {
        assert.deepEqual(how, { wait: true }, 'no checkpoint is due')
        saved = bytes
        return true
      },
    }
    for (let pauses = 0; pauses < LIMIT; pauses++) {
      const pause = new AbortController()
      const running = jobsOf(model).start(`${name}-${pauses}`, model, recipe, {
        dataset: jobsOf(model).dataset, checkpoints, pause: pause.signal, onProgress (progress) { if (progress.stage === 'training' && progress.done > 0 && at(progress, pauses)) pause.abort() },
      })
      const result = await running.catch((error: { code?: string }) => {
        assert.equal(error.code, 'job-paused', String(error))
        return null
      })
      if (result !== null) return { result, pauses }
    }
    return assert.fail(`paused ${LIMIT} times`)
  }

  for (const [name, recipe, at, model = MLP] of [
    ['with masks that come back, paused several times', { method: 'surgery', target: { sparsity: 0.9 }, options: {} }, ({ done }: Progress, pauses: number) => done >= 15 * (pauses + 1)],
    ['with trained gates, a penalty that follows the schedule and a teacher', { method: 'l0', target: { sparsity: 0.8 }, training: { distillation: {} } }, ({ done }: Progress, pauses: number) => done >= 12 * (pauses + 1)],
    ['rewired by gradients, from fresh weights', { method: 'rigl', target: { sparsity: 0.8 }, training: { from: 'scratch' }, schedule: { every: 7 } }, ({ done }: Progress, pauses: number) => done >= 17 * (pauses + 1)],
    ['in rounds', { method: 'lottery', target: { sparsity: 0.9 }, options: { rounds: 3 } }, ({ epoch }: Progress, pauses: number) => epoch === pauses + 1],
    ['taking channels out in rounds, with a teacher', { method: 'structured-iterative', target: { channels: 0.5 }, options: { rounds: 3 }, training: { distillation: {} } }, ({ done, total }: Progress, pauses: number) => done >= total * (pauses + 1) / 4],
    ['taking channels and new moving statistics in rounds', { method: 'structured-iterative', target: { channels: 0.5 }, options: { rounds: 3 }, batchNorm: 'recalibrate', calibration: { examples: 200 } }, ({ done, total }: Progress, pauses: number) => done >= total * (pauses + 1) / 4, RESNET],
    ['searching a share of channels with new moving statistics', { method: 'structured-iterative', criterion: 'taylor', target: { maxAccuracyDrop: 0.7 }, search: { attempts: 2, low: 0.2, high: 0.6 }, options: { rounds: 2 }, batchNorm: 'recalibrate', calibration: { examples: 200 } }, ({ done, total }: Progress, pauses: number) => done >= total * (pauses + 1) / 5, RESNET],
    ['searching a share of channels', { method: 'structured-iterative', target: { maxAccuracyDrop: 0.3 }, search: { attempts: 2, low: 0.2, high: 0.8 }, options: { rounds: 2 } }, ({ done, total }: Progress, pauses: number) => done >= total * (pauses + 1) / 5],
    ['searching a sparsity, paused in the second training', { method: 'gradual', target: { maxAccuracyDrop: 0.3 }, search: { attempts: 3 } }, ({ done, total }: Progress, pauses: number) => pauses === 0 && done > total / 3],
  ] as const) {
    test(`${name}: it ends as if it had not been`, async () => {
      const training = 'training' in recipe ? recipe.training : {}
      const whole = { evaluation: { latency: false }, ...recipe, training: { ...TRAINING, checkpointEvery: 3600, ...training } }
      const once = await jobsOf(model).start(`${recipe.method}-once`, model, whole, { dataset: jobsOf(model).dataset })
      const { result, pauses } = await inPieces(recipe.method, model, whole, at)
      assert.ok(pauses > 0)
      assert.equal(result.outputs[0]!.sha256, once.outputs[0]!.sha256)
      assert.deepEqual(result.receipt.updates, once.receipt.updates)
      assert.deepEqual(result.receipt.search, once.receipt.search)
      assert.deepEqual(result.receipt.batchNorm, once.receipt.batchNorm)
      assert.deepEqual(result.receipt.training!.epochs, once.receipt.training!.epochs)
    })
  }

  test('before its method begins it computes nothing; once a model is pruned at a stroke it comes to its end', async () => {
    const recipe = { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: false }
    await assert.rejects(jobs.start('early', MLP, recipe, { pause: AbortSignal.abort(), engine: async () => assert.fail('the engine was asked') }), { code: 'job-paused' })
    const pause = new AbortController()
    const { outputs } = await jobs.start('late', MLP, recipe, { pause: pause.signal, onProgress ({ stage }) { if (stage === 'pruning') pause.abort() } })
    assert.equal(outputs.length, 1)
  })
})
