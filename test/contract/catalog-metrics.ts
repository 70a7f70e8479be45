/** How every Catalog must keep the figures of training runs. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Catalog, MetricQuery } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import type { MetricPoint } from '../../src/methods/metric-point.ts'
import { newJob, RECEIPT } from './samples.ts'

const at = (step: number, values: Record<string, number>, epoch = 1): MetricPoint => ({ step, epoch, values })

export function catalogMetricsContract (name: string, catalog: () => Catalog): void {
  const begun = async (): Promise<string> => {
    const { id } = await newJob(catalog())
    await catalog().begin(id, 1, 'w')
    return id
  }
  /** Points as `series step epoch value`. */
  const pointsOf = async (id: string, query: Partial<MetricQuery> = {}): Promise<string[]> => {
    const series = query.series ?? (await catalog().of(FIRST_TENANT).metricSeries(id)).map((one) => one.name)
    const { series: told } = await catalog().of(FIRST_TENANT).metricPoints(id, { after: -1, limit: 1000, ...query, series })
    return told.flatMap(({ series: of, steps, epochs, values }) => steps.map((step, place) => `${of} ${step} ${epochs[place]} ${values[place]}`))
  }

  describe(`catalog, figures of training: ${name}`, () => {
    test('points come back by series and step, with the time they were stored', async () => {
      const id = await begun()
      assert.equal(await catalog().metrics(id, 1, { from: 0, points: [at(10, { loss: 0.5, 'sparsity/conv2d/kernel': 0.25 }), at(2, { loss: 1e-300 })] }), true)
      assert.equal(await catalog().metrics(id, 1, { points: [at(20, { loss: -1.5e300, val_loss: 1 / 3 }, 2)] }), true)
      assert.deepEqual(await catalog().of(FIRST_TENANT).metricSeries(id), [{ name: 'loss', lastStep: 20 }, { name: 'sparsity/conv2d/kernel', lastStep: 10 }, { name: 'val_loss', lastStep: 20 }])
      assert.deepEqual(await pointsOf(id), ['loss 2 1 1e-300', 'loss 10 1 0.5', 'loss 20 2 -1.5e+300', 'sparsity/conv2d/kernel 10 1 0.25', `val_loss 20 2 ${1 / 3}`])
      assert.deepEqual(await pointsOf(id, { series: ['loss', 'none'], after: 2 }), ['loss 10 1 0.5', 'loss 20 2 -1.5e+300'])
      for (const times of [false, true]) {
        const { series: [told] } = await catalog().of(FIRST_TENANT).metricPoints(id, { series: ['val_loss'], after: -1, limit: 2, times })
        assert.equal(told?.times.length, times ? 1 : 0)
        assert.ok(told.times.every((time) => Math.abs(time - Date.now()) < 60_000), told.times.join())
      }
    })

    test('a step that is told twice, in one batch or in two, has the last value', async () => {
      const id = await begun()
      await catalog().metrics(id, 1, { points: [at(1, { loss: 1 }), at(1, { loss: 2, accuracy: 0.5 })] })
      assert.deepEqual(await pointsOf(id), ['accuracy 1 1 0.5', 'loss 1 1 2'])
      await catalog().metrics(id, 1, { points: [at(1, { loss: 3 })] })
      assert.deepEqual(await pointsOf(id), ['accuracy 1 1 0.5', 'loss 1 1 3'])
    })

    test('a run that goes on from a step drops what came after it, and keeps what is new', async () => {
      const id = await begun()
      await catalog().metrics(id, 1, { from: 0, points: [1, 5, 9, 12].map((step) => at(step, { loss: step, [`only_${step}`]: 1 })) })
      await catalog().metrics(id, 1, { from: 5, points: [at(9, { loss: 90 })] })
      assert.deepEqual(await pointsOf(id), ['loss 1 1 1', 'loss 5 1 5', 'loss 9 1 90', 'only_1 1 1 1', 'only_5 5 1 1'])
      await catalog().metrics(id, 1, { from: 0, points: [] })
      assert.deepEqual(await catalog().of(FIRST_TENANT).metricSeries(id), [])
    })

    test('only while the job is worked on under that attempt; points outlive it, and go with it', async () => {
      const { id } = await newJob(catalog())
      const batch = { from: 0, points: [at(1, { loss: 1 })] }
      assert.equal(await catalog().metrics(id, 1, batch), false)
      await catalog().begin(id, 1, 'w')
      assert.equal(await catalog().metrics(id, 2, batch), false)
      assert.equal(await catalog().metrics(id, 1, batch), true)
      await catalog().fail(id, 1, { code: 'engine-crashed', message: 'x' })
      assert.equal(await catalog().metrics(id, 1, { from: 0, points: [] }), false)
      await catalog().of(FIRST_TENANT).retry(id)
      await catalog().begin(id, 2, 'w')
      assert.equal(await catalog().metrics(id, 1, { from: 0, points: [] }), false)
      assert.deepEqual(await pointsOf(id), ['loss 1 1 1'])
      await catalog().succeed(id, 2, RECEIPT, [])
      assert.equal(await catalog().metrics(id, 2, batch), false)
      assert.deepEqual(await pointsOf(id), ['loss 1 1 1'])
      await catalog().of(FIRST_TENANT).deleteJob(id)
      assert.deepEqual(await catalog().of(FIRST_TENANT).metricSeries(id), [])
    })

    test('extremes: of each column of steps the first, last, least and largest, as found by looking at all', async () => {
      const id = await begun()
      const steps = Array.from({ length: 400 }, (_, index) => 3 * index + index % 3)
      const valueOf = (step: number): number => step === 602 ? 99 : step === 904 ? -99 : Math.round(10 * Math.sin(step)) / 10 + 0
      await catalog().metrics(id, 1, { from: 0, points: steps.map((step) => at(step, { loss: valueOf(step), flat: 1 }, 1 + Math.floor(step / 300))) })
      for (const [after, until, limit] of [[-1, 2 ** 31 - 1, 40], [-1, 2 ** 31 - 1, 4], [300, 900, 16], [300, 900, 4000]] as const) {
        const asked = steps.filter((step) => step > after && step <= until)
        const [low, high] = [asked[0]!, asked.at(-1)! + 1]
        const columns = new Map<number, number[]>()
        for (const step of asked) {
          const column = Math.floor((step - low) * Math.floor(limit / 4) / (high - low))
          columns.set(column, [...columns.get(column) ?? [], step])
        }
        const best = (own: number[], sign: number): number => own.reduce((one, other) => sign * valueOf(other) > sign * valueOf(one) ? other : one)
        const expected = [...columns.values()].flatMap((own) => [...new Set([own[0]!, best(own, -1), best(own, 1), own.at(-1)!])].sort((a, b) => a - b))
        const { series: [loss, flat], thinned } = await catalog().of(FIRST_TENANT).metricPoints(id, { series: ['loss', 'flat'], after, until, limit, extremes: true, times: true })
        assert.ok(loss !== undefined && flat !== undefined && loss.series === 'loss', 'two series, as they were asked for')
        assert.deepEqual(loss.steps.map((step, place) => [step, loss.values[place], loss.epochs[place]]), expected.map((step) => [step, valueOf(step), 1 + Math.floor(step / 300)]))
        assert.ok(loss.steps.length <= Math.max(4, limit) && loss.values.includes(99) === (until >= 602 && after < 602), `${loss.steps.length} points`)
        assert.equal(loss.times.length, loss.steps.length)
        assert.ok(loss.times.every((time) => Math.abs(time - Date.now()) < 60_000), 'times of now')
        assert.equal(thinned, loss.steps.length + flat.steps.length < 2 * asked.length)
      }
    })

    test('what is not there has no series, whatever the id; names may hold any letters', async () => {
      for (const id of ['job_none', '', 'a\u0000b', "'; DROP TABLE jobs; --"]) {
        assert.deepEqual(await catalog().of(FIRST_TENANT).metricSeries(id), [])
        assert.deepEqual(await catalog().of(FIRST_TENANT).metricPoints(id, { series: ['loss'], after: -1, limit: 10 }), { series: [], thinned: false })
        assert.equal(await catalog().metrics(id, 1, { points: [at(1, { loss: 1 })] }), false)
      }
      const id = await begun()
      const names = ['__proto__', "'; --", 'a\u0000b', 'half \ud800', 'ü'.repeat(500)]
      await catalog().metrics(id, 1, { points: [at(1, Object.fromEntries(names.map((one) => [one, 1])))] })
      const stored = (await catalog().of(FIRST_TENANT).metricSeries(id)).map((one) => one.name)
      assert.deepEqual(stored.sort(), ['__proto__', "'; --", 'a\uFFFDb', 'half \uFFFD', 'ü'.repeat(500)].sort())
      assert.equal((await pointsOf(id)).length, names.length)
    })

    test('a long series is thinned: as many as asked, evenly, the first and the last among them', async () => {
      await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 2, max: 70 }), async (count, limit) => {
        const id = await begun()
        const steps = Array.from({ length: count }, (_, index) => index * 7 + 3)
        await catalog().metrics(id, 1, { points: [...steps.map((step) => at(step, { long: step })), at(1, { short: 1 })] })
        const { series: [long, short], thinned } = await catalog().of(FIRST_TENANT).metricPoints(id, { series: ['long', 'short'], after: -1, limit })
        const kept = long!.steps
        assert.equal(kept.length, Math.min(count, limit))
        assert.equal(thinned, count > limit)
        assert.deepEqual([kept[0], kept.at(-1)], [steps[0], steps.at(-1)])
        const gaps = kept.slice(1).map((step, index) => (step - kept[index]!) / 7)
        assert.ok(gaps.every((gap) => gap >= 1) && Math.max(...gaps, 1) - Math.min(...gaps, Infinity) <= 1, gaps.join())
        assert.deepEqual(short?.steps, [1])
      }), { numRuns: 15 })
    })
  })
}
