/** kill -9 of the worker while it pauses a job: the job is paused all the same, and resumed it ends with the same model. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { createClient, type Client } from '../../src/cli/client.ts'
import type { Job } from '../../src/jobs/resources.ts'
import { pathOf } from '../support/fixtures.ts'
import { writeTrainingImages } from '../support/training-images.ts'
import { startService, type Service } from './service.ts'

const RECOVERY_MS = 90_000
const RECIPE = { method: 'fine-tune', training: { epochs: 8, batchSize: 32, validation: 0.1, checkpointEvery: 0.3 }, evaluation: { latency: false } }

describe('kill -9 of a worker that pauses a job', () => {
  let service: Service, client: Client

  before(async () => {
    service = await startService()
    client = createClient(service.url)
  })
  after(async () => { await service.stop() })

  async function until (id: string, what: string, reached: (job: Job) => boolean): Promise<Job> {
    const end = Date.now() + RECOVERY_MS
    let job = await client.get<Job>(`/v1/jobs/${id}`)
    for (; !reached(job); job = await client.get<Job>(`/v1/jobs/${id}`)) {
      assert.ok(Date.now() < end, `job ${id} was not ${what} within ${RECOVERY_MS / 1000} s: ${JSON.stringify({ state: job.state, error: job.error, attempts: job.attempts })}`)
      await sleep(25)
    }
    return job
  }
  const post = async (id: string, action: string): Promise<Job> => await (await fetch(`${service.url}/v1/jobs/${id}/${action}`, { method: 'POST' })).json() as Job
  const ended = ({ state }: Job): boolean => state === 'succeeded' || state === 'failed' || state === 'cancelled'

  test('it is paused by the next one, and goes on from its last checkpoint to the same bytes', async () => {
    const file = path.join(service.home, 'images.npz')
    await writeTrainingImages(file, 2000)
    const job = { model: (await client.uploadModel(pathOf('examples/lenet5.keras'))).id, dataset: (await client.uploadDataset(file)).id, recipe: RECIPE }
    const whole = await client.waitForJob((await client.createJob(job)).id)
    assert.equal(whole.state, 'succeeded', JSON.stringify(whole.error))

    const { id } = await client.createJob(job)
    await until(id, 'in training with a checkpoint', (now) => ended(now) || (now.checkpoint !== undefined && (now.progress.epoch ?? 0) >= 2))
    // An engine that stands still cannot save its state: the job stays `pausing` until its worker is gone.
    const engines = service.pids('engine child')
    for (const pid of engines) process.kill(pid, 'SIGSTOP')
    assert.equal((await post(id, 'pause')).state, 'pausing')
    assert.notDeepEqual(service.kill('worker'), [])
    for (const pid of engines) process.kill(pid, 'SIGKILL')
    const paused = await until(id, 'paused', ({ state }) => state !== 'pausing')
    assert.deepEqual([paused.state, paused.attempts.map(({ state }) => state)], ['paused', ['paused']])
    assert.notEqual(paused.checkpoint, undefined)

    assert.equal((await post(id, 'resume')).state, 'queued')
    const done = await until(id, 'ended', ended)
    assert.equal(done.state, 'succeeded', JSON.stringify(done.error))
    assert.ok(done.receipt!.training!.resumedAtStep! > 0)
    assert.deepEqual(done.receipt!.training!.epochs, whole.receipt!.training!.epochs)
    assert.equal(done.artifacts[0]!.sha256, whole.artifacts[0]!.sha256)
  })
})
