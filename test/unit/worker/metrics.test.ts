/** Figures on their way out of an engine process. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { metricsBuffer } from '../../../src/worker/metrics.ts'
import type { MetricsMessage } from '../../../src/worker/protocol.ts'

const point = (step: number, loss = 1) => ({ step, epoch: 1, values: { loss } })

describe('the buffer of figures', () => {
  test('sends what was collected after a while, together, and nothing when there is nothing', async () => {
    const sent: MetricsMessage[] = []
    const buffer = metricsBuffer('job_1', (message) => sent.push(message), 20)
    buffer.flush()
    buffer.add(point(1))
    buffer.add(point(2, NaN))
    buffer.add(point(3))
    assert.deepEqual(sent, [])
    await sleep(60)
    assert.deepEqual(sent, [{ type: 'metrics', job: 'job_1', points: [point(1), point(3)] }])
    buffer.flush()
    assert.equal(sent.length, 1)
  })

  test('a beginning is told at once, after what came before it', () => {
    const sent: MetricsMessage[] = []
    const buffer = metricsBuffer('job_1', (message) => sent.push(message))
    buffer.add(point(1))
    buffer.begin(1)
    buffer.add(point(2))
    buffer.flush()
    assert.deepEqual(sent, [
      { type: 'metrics', job: 'job_1', points: [point(1)] },
      { type: 'metrics', job: 'job_1', from: 1, points: [] },
      { type: 'metrics', job: 'job_1', points: [point(2)] },
    ])
  })
})
