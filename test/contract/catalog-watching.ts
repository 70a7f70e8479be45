/** What every Catalog must tell those who watch jobs: what happened, how far they are, which figures are new. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Catalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import type { JobEvent } from '../../src/jobs/watching.ts'
import type { MetricPoint } from '../../src/methods/metric-point.ts'
import { newJob, RECEIPT } from './samples.ts'

const at = (step: number, values: Record<string, number>, epoch = 1): MetricPoint => ({ step, epoch, values })
const progress = (done: number) => ({ stage: 'training', done, total: 9, etaSeconds: 1.5 })
const told = (events: readonly JobEvent[]): string[] => events.map(({ state, attempt, error }) => `${state} ${attempt}${error === null ? '' : ` ${error.code}`}`)

export function catalogWatchingContract (name: string, catalog: () => Catalog): void {
  const mine = () => catalog().of(FIRST_TENANT)
  const settled = async () => await catalog().settledEvents(new AbortController().signal)

  describe(`catalog, watching: ${name}`, () => {
    test('a job with what happened to it, all of one moment, from any event on', async () => {
      const { id } = await newJob(catalog())
      await catalog().begin(id, 1, 'w')
      await catalog().progress(id, 1, progress(3))
      await catalog().fail(id, 1, { code: 'engine-crashed', message: 'x', details: { signal: 'SIGKILL' } })
      await mine().retry(id)
      await catalog().begin(id, 2, 'w')
      const all = (await mine().watched(id, 0, 100))!
      assert.deepEqual(told(all.events), ['queued 1', 'running 1', 'failed 1 engine-crashed', 'queued 2', 'running 2'])
      assert.deepEqual(all.events[2]!.error, { code: 'engine-crashed', message: 'x', details: { signal: 'SIGKILL' } })
      assert.ok(all.events.every(({ jobId, at: when }) => jobId === id && Math.abs(when.getTime() - Date.now()) < 60_000))
      assert.deepEqual([all.jobId, all.state, all.attempt, all.newest], [id, 'running', 2, all.events.at(-1)!.number])
      assert.equal(all.progress.stage, 'queued')
      const numbers = all.events.map(({ number }) => number)
      assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b))
      assert.deepEqual((await mine().watched(id, numbers[1]!, 2))!.events, all.events.slice(2, 4))
      assert.deepEqual((await mine().watched(id, all.newest, 2))!.events, [])
    })

    test('what is not there is null, whatever the id', async () => {
      for (const id of ['job_none', '', 'a\u0000b', "'; DROP TABLE jobs; --"]) {
        assert.deepEqual([await mine().watched(id, 0, 10), await mine().newestStep(id), await mine().newPoints(id, -1, 10)], [null, null, null])
        assert.deepEqual(await mine().workedOn([id]), [])
      }
    })

    test('figures within a range of steps; a run that goes on from a step is told', async () => {
      const { id } = await newJob(catalog())
      await catalog().begin(id, 1, 'w')
      const runs = async () => { const { metricRun, metricFrom } = (await mine().watched(id, 0, 1))!; return [metricRun, metricFrom] }
      assert.deepEqual(await runs(), [0, 0])
      await catalog().metrics(id, 1, { from: 0, points: [at(1, { loss: 3 }), at(2, { loss: 2, 'sparsity/a': 0.5 }), at(4, { loss: 1 }, 2)] })
      assert.deepEqual(await runs(), [1, 0])
      assert.equal(await mine().newestStep(id), 4)
      assert.deepEqual(await mine().newPoints(id, -1, 5), { series: { loss: [[1, 3, 1], [2, 2, 1], [4, 1, 2]], 'sparsity/a': [[2, 0.5, 1]] }, lastStep: 4, thinned: false })
      assert.deepEqual(await mine().newPoints(id, 1, 4), { series: { loss: [[2, 2, 1]], 'sparsity/a': [[2, 0.5, 1]] }, lastStep: 2, thinned: false })
      assert.equal(await mine().newPoints(id, 4, 100), null)
      await catalog().metrics(id, 1, { points: [at(5, { loss: 1 }, 2)] })
      assert.deepEqual(await runs(), [1, 0])
      await catalog().metrics(id, 1, { from: 2, points: [] })
      assert.deepEqual(await runs(), [2, 2])
      assert.equal(await mine().newestStep(id), 2)
    })

    test('very many figures are thinned evenly to some 10,000', async () => {
      const { id } = await newJob(catalog())
      await catalog().begin(id, 1, 'w')
      const steps = Array.from({ length: 8000 }, (_, step) => step + 1)
      await catalog().metrics(id, 1, { points: steps.map((step) => at(step, { a: step, b: step, ...(step > 7990 && { c: step }) })) })
      const { series, thinned, lastStep } = (await mine().newPoints(id, -1, 9000))!
      assert.deepEqual([thinned, lastStep, series['c']!.length], [true, 8000, 10])
      for (const points of [series['a']!, series['b']!]) {
        assert.equal(points.length, 3333)
        assert.deepEqual([points[0]![0], points.at(-1)![0]], [1, 8000])
        assert.ok(points.slice(1).every(([step], index) => [2, 3].includes(step - points[index]![0])))
      }
    })

    test('events of all jobs of the tenant in order, up to what is settled; how far jobs are that are worked on', async () => {
      const before = await settled()
      const [a, b] = [await newJob(catalog()), await newJob(catalog())]
      await catalog().begin(b.id, 1, 'w')
      await catalog().progress(b.id, 1, progress(4))
      await catalog().begin(a.id, 1, 'w')
      await catalog().succeed(a.id, 1, RECEIPT, [])
      const upTo = await settled()
      const events = await mine().events(before, upTo, 100)
      assert.deepEqual(events.map(({ jobId, state }) => [jobId, state]), [[a.id, 'queued'], [b.id, 'queued'], [b.id, 'running'], [a.id, 'running'], [a.id, 'succeeded']])
      assert.deepEqual(await mine().events(before, upTo, 2), events.slice(0, 2))
      assert.deepEqual(await mine().events(events[1]!.number, events[3]!.number, 100), events.slice(2, 4))
      assert.deepEqual(await mine().workedOn([a.id, b.id, 'job_none']), [{ jobId: b.id, attempt: 1, progress: progress(4) }])
      assert.ok((await mine().workedOn(null)).some(({ jobId }) => jobId === b.id))
    })
  })
}
