/** One job watched over the API: states, progress, figures, the receipt and the end, and going on where a stream stopped. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { artifact, newJob, RECEIPT } from '../contract/samples.ts'
import { watch, type EventClient, type Told } from '../support/event-source.ts'
import { openHarness, type Harness } from './http-harness.ts'

const progress = (done: number) => ({ stage: 'training', done, total: 9, etaSeconds: 1.5 })
const loss = (...steps: number[]) => steps.map((step) => ({ step, epoch: 1, values: { loss: step / 2 } }))
const states = (told: readonly Told[]): string[] => told.filter(({ event }) => event === 'state').map(({ data }) => `${data.state} ${String(data['attempt'])}`)
const steps = (told: readonly Told[]): number[] => told.filter(({ event }) => event === 'metrics').flatMap(({ data }) => (data['series'] as Record<string, number[][]>)['loss'] ?? []).map(([step]) => step!)
const hasEnded = (told: readonly Told[]): boolean => told.at(-1)?.event === 'end'

describe('one job watched over the API', () => {
  let harness: Harness
  let base: string
  before(async () => {
    harness = await openHarness()
    base = await harness.app.listen({ host: '127.0.0.1', port: 0 })
  })
  after(async () => await harness.close())

  const streamOf = async (id: string, from?: string): Promise<EventClient> => await watch(`${base}/v1/jobs/${id}/events`, from === undefined ? {} : { 'last-event-id': from })

  test('a job from its beginning to its end, told as it happens', async () => {
    const { catalog } = harness
    const { id } = await newJob(catalog)
    const stream = await streamOf(id)
    assert.equal(stream.status, 200)
    assert.match(stream.headers.get('content-type')!, /^text\/event-stream/)
    assert.deepEqual([stream.headers.get('cache-control'), stream.headers.get('x-accel-buffering')], ['no-store', 'no'])
    await stream.until('queued', (told) => states(told).length === 1)
    await catalog.begin(id, 1, 'w')
    await stream.until('running', (told) => states(told).length === 2)
    await catalog.progress(id, 1, progress(4))
    await stream.until('progress', (told) => told.some(({ event, data }) => event === 'progress' && data['done'] === 4))
    await catalog.metrics(id, 1, { from: 0, points: loss(1, 2, 3) })
    await stream.until('figures but those of the newest step, which may not be whole', (told) => steps(told).length === 2)
    await catalog.metrics(id, 1, { points: [...loss(3), { step: 3, epoch: 1, values: { val_loss: 7 } }, ...loss(4)] })
    await stream.until('the next figures', (told) => steps(told).length === 3)
    await catalog.succeed(id, 1, RECEIPT, [artifact('pruned.keras')])
    await stream.untilEnded('the job has ended')
    const { told } = stream
    assert.match(stream.text(), /^retry: \d+\n\n/)
    assert.deepEqual(states(told), ['queued 1', 'running 1', 'succeeded 1'])
    assert.deepEqual(steps(told), [1, 2, 3, 4], 'each once, the last ones at the end')
    assert.deepEqual(told.findLast(({ event, data }) => event === 'metrics' && 'val_loss' in (data['series'] as object))!.data['series'], { loss: [[3, 1.5, 1]], val_loss: [[3, 7, 1]] })
    assert.deepEqual(told.slice(-2).map(({ event }) => event), ['receipt', 'end'])
    const { data } = told.at(-2)!
    assert.deepEqual([data['after'], data['before'], data['warnings']], [RECEIPT.after, RECEIPT.before, []])
    assert.deepEqual(data['artifacts'], [{ ...artifact('pruned.keras'), url: `/v1/jobs/${id}/artifacts/pruned.keras` }])
    assert.deepEqual(told.at(-1)!.data, { job: id, state: 'succeeded', attempt: 1 })
    assert.deepEqual(told.find(({ event, data: { done } }) => event === 'progress' && done === 4)!.data, { job: id, attempt: 1, ...progress(4) })
    // Of a job that has ended the whole story is told at once, and behind its end there is nothing.
    const again = await streamOf(id)
    await again.untilEnded('the job has ended')
    assert.deepEqual([states(again.told), steps(again.told), hasEnded(again.told)], [states(told), [1, 2, 3, 4], true])
    assert.equal((await streamOf(id, stream.lastEventId())).status, 204)
  })

  test('a failure has its reason; a retry goes on behind the end', async () => {
    const { catalog } = harness
    const { id } = await newJob(catalog)
    await catalog.begin(id, 1, 'w')
    await catalog.fail(id, 1, { code: 'engine-crashed', message: 'broke', details: { signal: 'SIGSEGV' } })
    const stream = await streamOf(id)
    await stream.untilEnded('the job has ended')
    assert.deepEqual(stream.told.find(({ data }) => data.state === 'failed')!.data['error'], { code: 'engine-crashed', message: 'broke', details: { signal: 'SIGSEGV' } })
    assert.ok(!stream.told.some(({ event }) => event === 'receipt'))
    await harness.app.inject({ method: 'POST', url: `/v1/jobs/${id}/retry` })
    const next = await watch(`${base}/v1/jobs/${id}/events?lastEventId=${stream.lastEventId()}`)
    await next.until('queued again', (told) => states(told).length === 1)
    await harness.app.inject({ method: 'POST', url: `/v1/jobs/${id}/cancel` })
    await next.untilEnded('the job has ended')
    assert.deepEqual([states(next.told), hasEnded(next.told)], [['queued 2', 'cancelled 2'], true])
  })

  test('cut at any message, the next stream has neither a gap nor anything twice', async () => {
    const { catalog } = harness
    const { id } = await newJob(catalog)
    await catalog.begin(id, 1, 'w')
    await catalog.metrics(id, 1, { from: 0, points: loss(1, 2, 3, 4) })
    const first = await streamOf(id)
    await first.until('figures', (told) => steps(told).length === 3)
    await catalog.metrics(id, 1, { points: loss(5) })
    await first.until('more figures', (told) => steps(told).length === 4)
    await catalog.of('tnt_00000000000000000000').requestPause(id)
    await catalog.paused(id, 1)
    await catalog.of('tnt_00000000000000000000').resume(id)
    await catalog.begin(id, 2, 'w')
    await catalog.metrics(id, 2, { points: loss(6, 7) })
    await catalog.fail(id, 2, { code: 'internal', message: 'x' })
    await first.untilEnded('the job has ended')
    const all = first.told
    assert.deepEqual(states(all), ['queued 1', 'running 1', 'pausing 1', 'paused 1', 'queued 2', 'running 2', 'failed 2'])
    assert.deepEqual(steps(all), [1, 2, 3, 4, 5, 6, 7])
    for (const [index, { id: from }] of all.slice(0, -1).entries()) {
      const rest = await streamOf(id, from)
      await rest.untilEnded('the job has ended')
      const before = all.slice(0, index + 1)
      assert.deepEqual([...states(before), ...states(rest.told)], states(all), `after ${from}`)
      assert.deepEqual([...steps(before), ...steps(rest.told)], steps(all), `after ${from}`)
    }
  })

  test('a run that goes on from an earlier step says which figures are void, also to who was away', async () => {
    const { catalog } = harness
    const { id } = await newJob(catalog)
    await catalog.begin(id, 1, 'w')
    await catalog.metrics(id, 1, { from: 0, points: loss(1, 2, 3, 4) })
    const [here, away] = [await streamOf(id), await streamOf(id)]
    for (const stream of [here, away]) await stream.until('figures', (told) => steps(told).length === 3)
    away.close()
    await catalog.metrics(id, 1, { from: 2, points: [] })
    await here.until('void', (told) => told.at(-1)!.data['after'] === 2)
    assert.deepEqual(here.told.at(-1)!.data['series'], {})
    await catalog.metrics(id, 1, { points: loss(3, 4, 5) })
    await here.until('told anew', (told) => steps(told).join() === '1,2,3,3,4')
    const back = await streamOf(id, away.lastEventId())
    await back.until('told anew', (told) => steps(told).length === 2)
    assert.deepEqual([back.told.find(({ event }) => event === 'metrics')!.data['after'], steps(back.told)], [2, [3, 4]])
    back.close()
    await catalog.metrics(id, 1, { from: 3, points: loss(4) })
    await catalog.metrics(id, 1, { from: 0, points: loss(1, 2) })
    const late = await streamOf(id, back.lastEventId())
    await late.until('all anew', (told) => steps(told).length === 1)
    assert.equal(late.told.find(({ event }) => event === 'metrics')!.data['after'], 0)
    await catalog.fail(id, 1, { code: 'internal', message: 'x' })
    await Promise.all([late, here].map(async (one) => { await one.untilEnded('the job has failed') }))
    assert.deepEqual(steps(late.told), [1, 2])
  })

  test('progress is told as it is now, not queued: a thousand reports become a few messages, the last among them', async () => {
    const { catalog } = harness
    const { id } = await newJob(catalog)
    await catalog.begin(id, 1, 'w')
    const stream = await streamOf(id)
    await stream.until('running', (told) => states(told).length === 2)
    const begin = performance.now()
    for (let done = 1; done <= 300; done++) await catalog.progress(id, 1, progress(done))
    const seconds = (performance.now() - begin) / 1000
    await stream.until('the last', (told) => told.at(-1)!.data['done'] === 300)
    const dones = stream.told.filter(({ event }) => event === 'progress').map(({ data }) => data['done'] as number)
    assert.ok(dones.length <= 4 * seconds + 4, `${dones.length} in ${seconds} s`)
    assert.deepEqual(dones, [...dones].sort((a, b) => a - b))
    stream.close()
  })

  test('what is wrong is named; HEAD answers without a stream', async () => {
    const { id } = await newJob(harness.catalog)
    assert.equal((await harness.app.inject('/v1/jobs/job_none/events')).json().code, 'not-found')
    for (const wrong of ['x', '1', '1.2', '-1.0.0', '1.0.0.ended', `${'9'.repeat(30)}.0.0`, 'job_x']) {
      const answer = await harness.app.inject({ url: `/v1/jobs/${id}/events`, headers: { 'last-event-id': wrong } })
      assert.deepEqual([answer.statusCode, answer.json().code], [400, 'invalid-request'], wrong)
      assert.match(answer.json().detail, /Last-Event-ID/)
    }
    const head = await fetch(`${base}/v1/jobs/${id}/events`, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'text/event-stream; charset=utf-8'])
    assert.equal((await fetch(`${base}/v1/jobs/${id}/events`, { method: 'OPTIONS' })).status, 405)
    // An id of a database that was put back to an earlier day: from the beginning.
    const ahead = await streamOf(id, '999999999.0.-1')
    await ahead.until('queued', (told) => states(told).length === 1)
    ahead.close()
    const document = (await harness.app.inject('/openapi.json')).json()
    for (const path of ['/v1/jobs/{id}/events', '/v1/events']) assert.ok(document.paths[path].get.responses['200'].content['text/event-stream'], path)
    await sleep(50)
  })
})
