/** Figures on their way into the Catalog: in order, one write at a time, and nothing lost to a write that failed. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import type { MetricBatch } from '../../../src/jobs/ports.ts'
import { joined, metricsWriter } from '../../../src/jobs/use-cases/metrics-writer.ts'

const batch = (steps: number[], from?: number): MetricBatch => ({ ...(from !== undefined && { from }), points: steps.map((step) => ({ step, epoch: 1, values: { loss: step } })) })

describe('the writer of figures', () => {
  test('one write at a time; what comes meanwhile goes together', async () => {
    const written: MetricBatch[] = []
    let [open, most] = [0, 0]
    const writer = metricsWriter(async (one) => {
      most = Math.max(most, ++open)
      await sleep(5)
      open--
      written.push(one)
      return true
    }, () => assert.fail('nothing was refused'))
    writer.report(batch([], 0))
    writer.report(batch([1, 2]))
    writer.report(batch([3]))
    await writer.settled()
    assert.equal(most, 1)
    assert.deepEqual(written, [batch([], 0), batch([1, 2, 3])])
    await writer.settled()
  })

  test('what a failed write held goes with the next one', async () => {
    const written: MetricBatch[] = []
    let away = true
    const writer = metricsWriter(async (one) => {
      await sleep(1)
      if (away) throw new Error('away')
      written.push(one)
      return true
    }, () => assert.fail('nothing was refused'))
    writer.report(batch([4], 3))
    await writer.settled()
    away = false
    writer.report(batch([5]))
    await writer.settled()
    assert.deepEqual(written, [batch([4, 5], 3)])
  })

  test('the last write is tried again when it is settled, though nothing comes after it', async () => {
    const written: MetricBatch[] = []
    let failures = 2
    const writer = metricsWriter(async (one) => {
      await sleep(1)
      if (failures-- > 0) throw new Error('away')
      written.push(one)
      return true
    }, () => assert.fail('nothing was refused'))
    writer.report(batch([7]))
    await writer.settled()
    assert.deepEqual(written, [batch([7])])
  })

  test('a refused write is told, and settling ends', async () => {
    let refused = 0
    const writer = metricsWriter(async () => false, () => { refused++ })
    writer.report(batch([1]))
    await writer.settled()
    assert.equal(refused, 1)
  })
})

describe('two batches as one', () => {
  test('a later beginning drops the earlier points behind it and no others', () => {
    assert.deepEqual(joined(batch([1, 5, 9], 0), batch([6], 5)), batch([1, 5, 6], 0))
    assert.deepEqual(joined(batch([9], 7), batch([3], 2)), batch([3], 2))
    assert.deepEqual(joined(batch([1]), batch([2])), batch([1, 2]))
  })

  test('waiting points are bounded: the oldest go', () => {
    const { points } = joined(batch(Array.from({ length: 9999 }, (_, step) => step)), batch([10_000, 10_001]))
    assert.deepEqual([points.length, points[0]!.step, points.at(-1)!.step], [10_000, 1, 10_001])
  })
})
