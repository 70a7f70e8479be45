/** Exemplars: the trace of an observation, in OpenMetrics alone and only when the trace is kept. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OF_WORKER } from '../../../src/telemetry/metrics/definitions.ts'
import { exemplarOf } from '../../../src/telemetry/metrics/exemplar.ts'
import { createMetrics } from '../../../src/telemetry/metrics/registry.ts'

const [TRACE, SPAN] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']

describe('exemplars', () => {
  test('are of traces that are kept', () => {
    for (const context of [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-03;vendor=1`]) assert.deepEqual(exemplarOf(context), { trace_id: TRACE, span_id: SPAN })
    for (const context of [undefined, null, '', 'x', `00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}`, `00-${TRACE.slice(1)}-${SPAN}-01`]) assert.equal(exemplarOf(context), undefined)
  })

  test('stand behind the bucket of the observation, the last of each; the older form has none', async () => {
    const { of, text } = createMetrics(OF_WORKER, 'worker')
    of.stage.observe({ stage: 'prune' }, 0.2)
    of.wait.observe({}, 0.02, `00-${TRACE}-${'1'.repeat(16)}-01`)
    of.wait.observe({}, 0.03, `00-${TRACE}-${SPAN}-01`)
    of.wait.observe({}, 1e6, `00-${TRACE}-${SPAN}-01`)
    of.wait.observe({}, 4, `00-${TRACE}-${SPAN}-00`)
    const open = (await text('application/openmetrics-text')).text.split('\n')
    const found = open.filter((line) => line.includes(' # {'))
    assert.deepEqual(found.map((line) => line.replace(/ [\d.]+$/, '')), [
      `espalier_worker_queue_wait_seconds_bucket{le="0.05"} 2 # {trace_id="${TRACE}",span_id="${SPAN}"} 0.03`,
      `espalier_worker_queue_wait_seconds_bucket{le="+Inf"} 4 # {trace_id="${TRACE}",span_id="${SPAN}"} 1000000`,
    ])
    for (const line of found) assert.ok(Math.abs(Number(line.split(' ').at(-1)) - Date.now() / 1000) < 60, line)
    const older = (await text(undefined)).text.split('\n')
    assert.ok(older.every((line) => line.startsWith('#') || !line.includes('#')))
    const samples = (lines: string[]): string[] => lines.filter((line) => line.startsWith('espalier_worker_queue_wait')).map((line) => line.split(' # ')[0]!)
    assert.deepEqual(samples(older), samples(open))
  })
})
