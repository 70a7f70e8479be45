/** After a retry: what the first attempt was, in events and attempts, stays readable for good, and its figures until the next attempt has some of its own. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Job } from '../../src/jobs/resources.ts'
import { watch, type Told } from '../support/event-source.ts'
import { openStockedService, type StockedService } from '../support/stocked-service.ts'

interface Figures { readonly lastStep: number | null, readonly series: Readonly<Record<string, ReadonlyArray<readonly [step: number, value: number, epoch: number]>>> }

describe('the history of a job that is retried', () => {
  let stocked: StockedService
  before(async () => { stocked = await openStockedService('test/fixtures/models/mlp.keras', 1000) })
  after(async () => { await stocked.service.close() })

  const post = async (path: string): Promise<Job> => {
    const answer = await fetch(`${stocked.service.url}${path}`, { method: 'POST' })
    assert.equal(answer.status, 202)
    return await answer.json() as Job
  }
  const figuresOf = async (id: string): Promise<Figures> => await stocked.service.client.get(`/v1/jobs/${id}/metrics`)
  const statesOf = (told: readonly Told[]): string[] => told.filter(({ event }) => event === 'state').map(({ data }) => `${data.state} ${String(data['attempt'])}`)
  const stepsIn = (told: readonly Told[]): number[] => told.filter(({ event }) => event === 'metrics').flatMap(({ data }) => (data['series'] as Figures['series'])['loss'] ?? []).map(([step]) => step)

  test('cancelled while it trains and retried: both attempts with their states, and figures of one run', async () => {
    const { client, url } = stocked.service
    const training = { epochs: 400, batchSize: 50, optimizer: { type: 'adam', learningRate: 0.001 } }
    const { id } = await client.createJob({ model: stocked.model, dataset: stocked.dataset, recipe: { method: 'gradual', target: { sparsity: 0.5 }, training, evaluation: { latency: false } } })
    const first = await watch(`${url}/v1/jobs/${id}/events`)
    await first.until('figures of the first attempt', (told) => stepsIn(told).length > 3, 120_000)
    await post(`/v1/jobs/${id}/cancel`)
    await first.untilEnded('the job was cancelled', 60_000)
    const before = await figuresOf(id)
    assert.ok(before.lastStep !== null && before.series['loss']!.length > 3)
    // What was told while it ran is what is kept.
    const kept = new Set(before.series['loss']!.map(([step]) => step))
    for (const step of stepsIn(first.told)) assert.ok(kept.has(step), `step ${step}`)

    assert.equal((await post(`/v1/jobs/${id}/retry`)).attempts.length, 2)
    const second = await watch(`${url}/v1/jobs/${id}/events`, { 'last-event-id': first.lastEventId() })
    await second.until('figures of the second attempt', (told) => statesOf(told).includes('running 2') && stepsIn(told).length > 3, 120_000)
    await post(`/v1/jobs/${id}/cancel`)
    await second.untilEnded('the job was cancelled again', 60_000)

    const states = ['queued', 'running', 'cancelling', 'cancelled'].flatMap((state) => [`${state} 1`])
    assert.deepEqual(statesOf(first.told), states)
    assert.deepEqual(statesOf(second.told), states.map((state) => state.replace('1', '2')))
    const whole = await watch(`${url}/v1/jobs/${id}/events`)
    await whole.untilEnded('the whole history was told')
    assert.deepEqual(statesOf(whole.told), [...statesOf(first.told), ...statesOf(second.told)])
    const job = await client.get<Job>(`/v1/jobs/${id}`)
    assert.deepEqual(job.attempts.map(({ number, state }) => [number, state]), [[1, 'cancelled'], [2, 'cancelled']])
    for (const { worker, startedAt, finishedAt, usedSeconds } of job.attempts) assert.ok(worker !== null && Date.parse(finishedAt!) >= Date.parse(startedAt!) && usedSeconds > 0)

    // Each step once: where the second run began anew, or went on from a checkpoint, the points behind that place are its own.
    const now = await figuresOf(id)
    const steps = now.series['loss']!.map(([step]) => step)
    assert.deepEqual(steps, [...new Set(steps)].sort((a, b) => a - b))
    const told = second.told.find(({ event }) => event === 'metrics')!.data['after'] as number
    const shared = before.series['loss']!.filter(([step]) => step <= told)
    assert.deepEqual(now.series['loss']!.filter(([step]) => step <= told), shared, 'what the first attempt had up to there is there still')
    for (const step of stepsIn(second.told)) assert.ok(steps.includes(step), `step ${step} of the second attempt`)
    assert.deepEqual(stepsIn(whole.told), steps)
  })

  test('while the next attempt waits the figures of the last one are there still', async () => {
    const { client } = stocked.service
    const recipe = { method: 'gradual', target: { sparsity: 0.5 }, training: { epochs: 2, batchSize: 100 }, evaluation: { latency: false }, seed: 1 }
    const { id } = await client.createJob({ model: stocked.model, dataset: stocked.dataset, recipe: { ...recipe, training: { ...recipe.training, epochs: 400 } } })
    const stream = await watch(`${stocked.service.url}/v1/jobs/${id}/events`)
    await stream.until('figures', (told) => stepsIn(told).length > 3, 120_000)
    await post(`/v1/jobs/${id}/cancel`)
    await stream.untilEnded('the job was cancelled', 60_000)
    const before = await figuresOf(id)
    // The only worker is busy: the retry waits.
    const busy = await client.createJob({ model: stocked.model, dataset: stocked.dataset, recipe: { ...recipe, training: { ...recipe.training, epochs: 400 } } })
    const other = await watch(`${stocked.service.url}/v1/jobs/${busy.id}/events`)
    await other.until('it runs', (told) => statesOf(told).includes('running 1'), 60_000)
    await post(`/v1/jobs/${id}/retry`)
    assert.deepEqual(await figuresOf(id), before)
    for (const one of [id, busy.id]) await post(`/v1/jobs/${one}/cancel`)
    await other.untilEnded('the job was cancelled', 60_000)
    assert.deepEqual(await figuresOf(id), before)
  })
})
