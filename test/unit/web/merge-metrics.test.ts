/** Figures that were asked for and figures that a stream tells: together they are what a simple record of all messages would be. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { mergeMetrics } from '../../../src/web/api/merge-metrics.ts'
import type { Metrics, Point } from '../../../src/web/api/types.ts'

const points = (...steps: number[]): Point[] => steps.map((step) => [step, step / 10, 1])
const known = (series: Record<string, Point[]>, lastStep: number): Metrics => ({ job: 'job_1', lastStep, next: lastStep - 1, thinned: false, series })
const steps = (metrics: Metrics, name = 'loss'): number[] => (metrics.series[name] ?? []).map(([step]) => step)

describe('figures that come after others', () => {
  test('what is new goes behind; the newest step that was known comes whole', () => {
    const merged = mergeMetrics(known({ loss: points(1, 2, 3) }, 3), 'job_1', { after: 2, thinned: false, series: { loss: points(3, 4), val_loss: points(4) } })
    assert.deepEqual([steps(merged), steps(merged, 'val_loss'), merged.lastStep, merged.next], [[1, 2, 3, 4], [4], 4, 3])
  })

  test('a run that went on from a checkpoint drops what is behind it, of every series', () => {
    const merged = mergeMetrics(known({ loss: points(1, 2, 3, 4), accuracy: points(3, 4) }, 4), 'job_1', { after: 2, thinned: false, series: { loss: points(3) } })
    assert.deepEqual([steps(merged), steps(merged, 'accuracy'), merged.lastStep], [[1, 2, 3], [], 3])
  })

  test('a stream from the beginning that left points out takes none away', () => {
    const merged = mergeMetrics(known({ loss: points(1, 2, 3, 4) }, 4), 'job_1', { after: -1, thinned: true, series: { loss: points(1, 4, 5, 6) } })
    assert.deepEqual(steps(merged), [1, 2, 3, 4, 5, 6])
    const withoutNewest = mergeMetrics(known({ loss: points(1, 2, 3, 4) }, 4), 'job_1', { after: -1, thinned: true, series: { loss: points(1, 3) } })
    assert.deepEqual(steps(withoutNewest), [1, 2, 3, 4])
    const fromEarlier = mergeMetrics(known({ loss: points(1, 2, 3, 4) }, 4), 'job_1', { after: -1, thinned: true, series: { loss: points(1, 2) } })
    assert.deepEqual(steps(fromEarlier), [1, 2])
    const whole = mergeMetrics(known({ loss: points(1, 2, 3, 4) }, 4), 'job_1', { after: -1, thinned: false, series: { loss: points(1, 3) } })
    assert.deepEqual(steps(whole), [1, 3])
  })

  test('nothing was known', () => {
    assert.deepEqual(mergeMetrics(undefined, 'job_1', { after: -1, thinned: false, series: {} }), { job: 'job_1', lastStep: null, next: -2, thinned: false, series: {} })
  })

  test('any messages in a row: the same as keeping a list of steps', () => {
    fc.assert(fc.property(fc.array(fc.record({ back: fc.nat(4), more: fc.nat(4) }), { maxLength: 12 }), (messages) => {
      let [list, metrics]: [number[], Metrics | undefined] = [[], undefined]
      for (const { back, more } of messages) {
        const after: number = Math.max(0, (list.at(-1) ?? 0) - back)
        const told = Array.from({ length: more }, (_, index) => after + 1 + index)
        list = [...list.filter((step) => step <= after), ...told]
        metrics = mergeMetrics(metrics, 'job_1', { after, thinned: false, series: { loss: points(...told) } })
      }
      if (metrics !== undefined) assert.deepEqual(steps(metrics), list)
    }))
  })
})
