/** A job that trains, watched from its submission to its end: every stage, every figure, the files. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Value } from 'typebox/value'
import { Progress } from '../../src/jobs/resources.ts'
import { pathOf } from '../support/fixtures.ts'
import { watch } from '../support/event-source.ts'
import { openService, type TestService } from '../support/service.ts'
import { writeTrainingImages } from '../support/training-images.ts'

const LIMIT_MS = 240_000

describe('a job that is watched', () => {
  let service: TestService
  before(async () => { service = await openService({ blobs: 'postgres' }) })
  after(async () => { await service.close() })

  test('stages in order with what is left of each, the figures of /metrics, and the files', async () => {
    const model = (await service.client.uploadModel(pathOf('examples/lenet5.keras'))).id
    const file = path.join(service.home, 'images.npz')
    await writeTrainingImages(file, 600)
    const dataset = (await service.client.uploadDataset(file)).id
    const all = await watch(`${service.url}/v1/events`)
    await all.until('ready', (told) => told.length > 0)
    const { id } = await service.client.createJob({ model, dataset, recipe: { method: 'fine-tune', training: { epochs: 3, batchSize: 32 }, evaluation: { split: 0.5 } } })
    const stream = await watch(`${service.url}/v1/jobs/${id}/events`)
    await stream.until('the end', (told) => told.at(-1)?.event === 'end', LIMIT_MS)
    const of = (event: string) => stream.told.filter((one) => one.event === event).map(({ data }) => data)
    assert.deepEqual(of('state').map(({ state }) => state), ['queued', 'running', 'succeeded'], JSON.stringify(of('state')))

    const progress = of('progress').map(({ job, attempt, ...rest }) => Value.Parse(Progress, rest))
    const stages = [...new Set(progress.map(({ stage }) => stage))]
    const order = ['queued', 'fetching', 'reading', 'training', 'evaluating', 'writing', 'verifying', 'storing', 'done']
    assert.deepEqual(stages, order.filter((stage) => stages.includes(stage)), 'in this order, though short ones may not be seen')
    assert.ok(stages.includes('training') && stages.at(-1) === 'done')
    for (const [index, { stage, done, total, etaSeconds }] of progress.entries()) {
      const before = progress[index - 1]
      assert.ok(done >= 0 && done <= total && (etaSeconds === null || etaSeconds >= 0), JSON.stringify(progress[index]))
      if (before?.stage === stage && before.total === total) assert.ok(done >= before.done, `${stage}: ${done} after ${before.done}`)
    }

    const told = new Map<string, unknown[]>()
    for (const { series } of of('metrics')) for (const [name, points] of Object.entries(series as Record<string, unknown[]>)) told.set(name, [...told.get(name) ?? [], ...points])
    const { series } = await (await fetch(`${service.url}/v1/jobs/${id}/metrics`)).json() as { series: Record<string, unknown[]> }
    assert.ok(told.get('loss')!.length >= 3)
    assert.deepEqual(Object.fromEntries([...told].sort()), series)

    const [receipt] = of('receipt')
    const job = await service.client.waitForJob(id)
    assert.deepEqual(receipt!['artifacts'], job.artifacts)
    assert.deepEqual(receipt!['after'], job.receipt!.after)
    await all.until('its end', (messages) => messages.some(({ event, data }) => event === 'state' && data.job === id && data.state === 'succeeded'))
    all.close()
  })
})
