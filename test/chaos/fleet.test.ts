/** Two workers that share no disk: one that is told to end, or is killed, in the middle of training, and the other, which ends the job with the same bytes. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { createClient, type Client } from '../../src/cli/client.ts'
import type { QueueState, Worker } from '../../src/jobs/fleet.ts'
import type { Job } from '../../src/jobs/resources.ts'
import { pathOf } from '../support/fixtures.ts'
import { writeTrainingImages } from '../support/training-images.ts'
import { startFleet, type Fleet, type FleetProcess } from './fleet.ts'

const LIMIT_MS = 120_000
const RECIPE = { method: 'fine-tune', training: { epochs: 8, batchSize: 32, validation: 0.1, checkpointEvery: 0.3 }, evaluation: { latency: false } }

describe('workers without a shared disk', () => {
  let fleet: Fleet, client: Client, folder: string, request: { model: string, dataset: string, recipe: object }, whole: Job, first: FleetProcess

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'espalier-fleet-'))
    fleet = await startFleet()
    client = createClient(fleet.url)
    const file = path.join(folder, 'images.npz')
    await writeTrainingImages(file, 2000)
    request = { model: (await client.uploadModel(pathOf('examples/lenet5.keras'))).id, dataset: (await client.uploadDataset(file)).id, recipe: RECIPE }
    first = await fleet.startWorker()
  })
  after(async () => {
    await fleet.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function until (id: string, what: string, reached: (job: Job) => boolean, limitMs = LIMIT_MS): Promise<Job> {
    const end = Date.now() + limitMs
    for (let job = await client.get<Job>(`/v1/jobs/${id}`); ; job = await client.get<Job>(`/v1/jobs/${id}`)) {
      if (reached(job)) return job
      assert.ok(Date.now() < end, `job ${id} was not ${what} within ${limitMs / 1000} s: ${JSON.stringify({ state: job.state, error: job.error, waitingFor: job.waitingFor, attempts: job.attempts })}`)
      await sleep(25)
    }
  }
  const ended = ({ state }: Job): boolean => state === 'succeeded' || state === 'failed' || state === 'cancelled'
  const trains = ({ state, progress, checkpoint }: Job): boolean => state === 'running' && (progress.epoch ?? 0) >= 2 && checkpoint !== undefined
  const workers = async (): Promise<Worker[]> => (await client.get<{ items: Worker[] }>('/v1/workers')).items
  const sameAsWhole = (job: Job): void => {
    assert.equal(job.state, 'succeeded', JSON.stringify(job.error))
    assert.ok(job.receipt!.training!.resumedAtStep! > 0, 'it began at the beginning')
    assert.deepEqual(job.receipt!.training!.epochs, whole.receipt!.training!.epochs)
    assert.equal(job.artifacts[0]!.sha256, whole.artifacts[0]!.sha256)
  }

  test('an undisturbed run, to compare with', async () => {
    whole = await until((await client.createJob(request)).id, 'ended', ended)
    assert.equal(whole.state, 'succeeded', JSON.stringify(whole.error))
    const [worker] = await workers()
    assert.deepEqual([worker!.pid, worker!.state, worker!.device?.kind, worker!.queues], [first.pid, 'ready', 'cpu', ['default']])
  })

  test('a cancel stops training and frees its memory within 2 s, and the worker goes on', async () => {
    const { id } = await client.createJob(request)
    await until(id, 'in training', trains)
    const engines = first.engines()
    const start = performance.now()
    const answer = await fetch(`${fleet.url}/v1/jobs/${id}/cancel`, { method: 'POST' })
    assert.equal(answer.status, 202)
    await until(id, 'ended', ended)
    const took = performance.now() - start
    assert.ok(took < 2000, `it took ${Math.round(took)} ms`)
    assert.ok(engines.length > 0 && engines.every((pid) => !isAlive(pid)), 'an engine process outlives its job')
    console.log(`cancelled ${Math.round(took)} ms after the request`)
  })

  test('SIGTERM in training: the job goes on elsewhere to the same bytes, as the same attempt, with no start lost', async () => {
    const { id } = await client.createJob(request)
    await until(id, 'in training', trains)
    first.kill('SIGTERM')
    const given = await until(id, 'given back', ({ state }) => state !== 'running', 10_000)
    assert.deepEqual([given.state, given.attempts.length, given.attempts[0]!.state, given.attempts[0]!.worker], ['queued', 1, 'queued', null])
    assert.ok(given.checkpoint !== undefined && given.attempts[0]!.usedSeconds > 0)
    assert.equal(await first.ended, 0)
    assert.deepEqual(await workers(), [])
    const waiting = await client.get<Job>(`/v1/jobs/${id}`)
    assert.equal(waiting.waitingFor, 'no worker of the queue default is running')
    const { items: [queue] } = await client.get<{ items: QueueState[] }>('/v1/queues')
    assert.deepEqual([queue!.name, queue!.jobs, queue!.workers], ['default', 1, 0])
    assert.ok(queue!.oldestWaitSeconds > 0)
    first = await fleet.startWorker()
    const job = await until(id, 'ended', ended)
    sameAsWhole(job)
    assert.equal(job.attempts.length, 1)
  })

  test('kill -9 in training: another worker goes on from the last checkpoint to the same bytes', async () => {
    const { id } = await client.createJob(request)
    const before = await until(id, 'in training', trains)
    const second = await fleet.startWorker()
    first.kill('SIGKILL')
    const job = await until(id, 'ended', ended)
    sameAsWhole(job)
    assert.notEqual(job.attempts[0]!.worker, before.attempts[0]!.worker)
    assert.match(job.attempts[0]!.worker!, new RegExp(`:${second.pid}$`))
    first = second
  })

  test('a second SIGTERM does not wait for what cannot be stopped without loss', async () => {
    const slow = await fleet.startWorker({ ESPALIER_DRAIN_SECONDS: '600', ESPALIER_QUEUES: 'gpu' })
    const asked = { ...request, recipe: { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: { batchSize: 1, latency: false } }, needs: { device: 'gpu' } }
    const { id } = await client.createJob(asked)
    await until(id, 'in its evaluation', ({ progress }) => progress.stage === 'evaluating')
    slow.kill('SIGTERM')
    await sleep(300)
    assert.equal((await workers()).find(({ pid }) => pid === slow.pid)?.state, 'draining')
    const start = performance.now()
    slow.kill('SIGTERM')
    assert.equal(await slow.ended, 0)
    assert.ok(performance.now() - start < 4000)
    assert.equal((await client.get<Job>(`/v1/jobs/${id}`)).state, 'queued')
  })
})

function isAlive (pid: number): boolean {
  try { process.kill(pid, 0); return true } catch { return false }
}
