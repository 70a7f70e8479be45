/** Training over HTTP: progress while it runs, an engine killed in the middle, a pause, and the same model as if nothing had happened. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import type { Job } from '../../src/jobs/resources.ts'
import { descendantsOf } from '../chaos/processes.ts'
import type { TestService } from '../support/service.ts'
import { openStockedService } from '../support/stocked-service.ts'

const EXAMPLES = 2000
const TRAINING = { epochs: 6, batchSize: 64, validation: 0.1, checkpointEvery: 0.2 }

describe('a job that trains', () => {
  let service: TestService, model: string, dataset: string

  before(async () => { ({ service, model, dataset } = await openStockedService('examples/lenet5.keras', EXAMPLES)) })
  after(async () => { await service.close() })

  const submit = async (changes: object = {}): Promise<string> => (await service.client.createJob({ model, dataset, recipe: { method: 'fine-tune', training: { ...TRAINING, ...changes }, evaluation: { latency: false } } })).id

  /** By series, out of the CSV. */
  async function metricsOf (id: string): Promise<Map<string, Array<{ step: number, epoch: number, value: number, at: number }>>> {
    const [, ...lines] = (await (await fetch(`${service.url}/v1/jobs/${id}/metrics?format=csv`)).text()).trim().split('\r\n')
    const rows = lines.map((line) => line.split(','))
    return new Map([...new Set(rows.map(([name]) => name!))].map((series) => [series, rows.filter(([name]) => name === series)
      .map(([, step, epoch, value, at]) => ({ step: Number(step), epoch: Number(epoch), value: Number(value), at: Date.parse(at!) }))]))
  }

  async function until (id: string, reached: (job: Job) => boolean): Promise<Job> {
    for (let left = 2400; left > 0; left--) {
      const job = await service.client.get<Job>(`/v1/jobs/${id}`)
      if (reached(job)) return job
      if (['succeeded', 'failed', 'cancelled'].includes(job.state)) assert.fail(`the job is ${job.state}: ${JSON.stringify(job.error)}`)
      await sleep(25)
    }
    return assert.fail(`job ${id} is still ${(await service.client.get<Job>(`/v1/jobs/${id}`)).state}`)
  }

  test('an engine killed in the middle: the retry goes on from the checkpoint, to the same bytes', async () => {
    const whole = await service.client.waitForJob(await submit())
    assert.equal(whole.state, 'succeeded', JSON.stringify(whole.error))
    const id = await submit()
    const running = await until(id, ({ progress, checkpoint }) => checkpoint !== undefined && progress.stage === 'training' && (progress.epoch ?? 0) >= 2)
    assert.ok(running.progress.stepsPerSecond! > 0 && running.progress.total === 6 * 23, JSON.stringify(running.progress))
    const engines = descendantsOf(process.pid).filter(({ command }) => command.includes('worker/child.ts'))
    for (const { pid } of engines) process.kill(pid, 'SIGKILL')
    const failed = await service.client.waitForJob(id)
    assert.deepEqual([failed.state, failed.error!.code], ['failed', 'engine-crashed'])
    assert.ok(failed.checkpoint!.bytes > 3 * 4 * 431_080, 'weights and two slots of each')
    assert.equal((await fetch(`${service.url}/v1/jobs/${id}/retry`, { method: 'POST' })).status, 202)
    const done = await service.client.waitForJob(id)
    assert.equal(done.state, 'succeeded', JSON.stringify(done.error))
    assert.equal(done.checkpoint, undefined)
    assert.deepEqual(done.attempts.map(({ resumedFrom }) => resumedFrom !== null), [false, true])
    assert.ok(done.receipt!.training!.resumedAtStep! > 0)
    assert.equal(whole.receipt!.training!.resumedAtStep, null)
    assert.deepEqual(done.receipt!.training!.epochs, whole.receipt!.training!.epochs)
    assert.equal(done.artifacts[0]!.sha256, whole.artifacts[0]!.sha256)
    const figures = await metricsOf(id)
    // The same curve as if nothing had happened, and nothing that was told before the checkpoint's steps were run again.
    const ends = Array.from({ length: TRAINING.epochs }, (_, epoch) => (epoch + 1) * 23)
    for (const name of ['loss', 'val_loss']) {
      const curve = figures.get(name)!.filter(({ step }) => ends.includes(step)).map(({ value }) => value)
      assert.deepEqual(curve, done.receipt!.training!.epochs.map(({ loss, validation }) => name === 'loss' ? loss : validation!.loss))
    }
    const goneOn = Date.parse(done.attempts[1]!.startedAt!)
    const resumedAt = done.receipt!.training!.resumedAtStep!
    for (const { step, epoch, at } of [...figures.values()].flat()) {
      assert.equal(epoch, Math.ceil(step / 23))
      // A checkpoint behind the last step of an epoch comes before the epoch's own figures.
      if (step !== resumedAt || step % 23 !== 0) assert.equal(at >= goneOn, step > resumedAt, `step ${step} was stored at ${at}`)
    }
    const page = await (await fetch(`${service.url}/v1/jobs/${id}/report`)).text()
    assert.match(page, /<h2>Training<\/h2>\n<p>431,080 weights were trained on 1,440 examples .* It went on from a checkpoint at step \d+\./s)
    assert.equal(page.match(/<tr><td class="n">[1-6]<\/td>/g)!.length, TRAINING.epochs)
  })

  test('paused in the middle and resumed: the same model as if nothing had happened, from the same engine process', async () => {
    const post = async (id: string, action: string) => await fetch(`${service.url}/v1/jobs/${id}/${action}`, { method: 'POST' })
    const enginesNow = () => descendantsOf(process.pid).filter(({ command }) => command.includes('worker/child.ts')).map(({ pid }) => pid)
    const whole = await service.client.waitForJob(await submit({ checkpointEvery: 3600 }))
    const engines = enginesNow()
    const id = await submit({ checkpointEvery: 3600 })
    await until(id, ({ progress }) => progress.stage === 'training' && progress.done > 0)
    const pausing = await post(id, 'pause')
    assert.deepEqual([pausing.status, (await pausing.json() as Job).state], [202, 'pausing'])
    const paused = await until(id, ({ state }) => state === 'paused')
    assert.ok(paused.checkpoint!.bytes > 3 * 4 * 431_080, 'saved at the pause, long before a checkpoint was due')
    assert.deepEqual([paused.finishedAt, paused.progress.stage, paused.attempts.map(({ state }) => state)], [undefined, 'training', ['paused']])
    assert.deepEqual(enginesNow(), engines)
    assert.equal((await post(id, 'pause')).status, 409)
    assert.equal((await post(id, 'resume')).status, 202)
    const done = await service.client.waitForJob(id)
    assert.equal(done.state, 'succeeded', JSON.stringify(done.error))
    assert.ok(done.receipt!.training!.resumedAtStep! > 0)
    assert.deepEqual(done.receipt!.training!.epochs, whole.receipt!.training!.epochs)
    assert.equal(done.artifacts[0]!.sha256, whole.artifacts[0]!.sha256)
    assert.equal(done.startedAt, paused.startedAt)
    assert.deepEqual(done.attempts.map(({ state, resumedFrom }) => [state, resumedFrom]), [['paused', null], ['succeeded', paused.checkpoint!.at]])
    const losses = (await metricsOf(id)).get('loss')!
    assert.deepEqual(losses.filter(({ step }) => step % 23 === 0).map(({ value }) => value), done.receipt!.training!.epochs.map(({ loss }) => loss))
  })

  test('mistakes are told before anything runs', async () => {
    await assert.rejects(service.client.createJob({ model, dataset, recipe: { method: 'fine-tune', training: { optimizer: { type: 'adan' } } } }), { message: /did you mean "adam"/ })
    await assert.rejects(service.client.createJob({ model, recipe: { method: 'fine-tune' } }), { message: /needs a data set to train on/ })
  })
})
