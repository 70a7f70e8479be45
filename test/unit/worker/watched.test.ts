/** What watches a worker: its listener, and an observer that no message of an engine process leads astray. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { NO_TRACING } from '../../../src/jobs/tracing.ts'
import { silentLog } from '../../../src/telemetry/log.ts'
import { createMetrics } from '../../../src/telemetry/metrics/registry.ts'
import { listen, type ListenerOptions } from '../../../src/worker/listener.ts'
import { createObserver, OF_WORKER } from '../../../src/worker/observer.ts'

const KEY = 'a-key-of-sixteen-letters'
const options = (changes: Partial<ListenerOptions> = {}): ListenerOptions => ({
  host: '127.0.0.1', port: 0, apiKey: undefined, version: '1.2.3', metrics: async (accept) => ({ type: 'text/plain', text: `asked for ${accept}` }), ...changes,
})

describe('the listener of a worker', () => {
  test('two addresses, for reading; the key is asked for where there is one', async () => {
    const listener = await listen(options({ apiKey: KEY }))
    try {
      const get = async (path: string, init: RequestInit = {}): Promise<Response> => await fetch(`${listener.url}${path}`, init)
      assert.deepEqual(await (await get('/healthz')).json(), { status: 'ok', version: '1.2.3' })
      assert.deepEqual(await Promise.all([get('/'), get('/metrics/x'), get('/healthz', { method: 'POST' }), get('/metrics'), get('/metrics', { headers: { 'x-api-key': 'wrong' } })].map(async (answer) => (await answer).status)), [404, 404, 405, 401, 401])
      for (const headers of [{ authorization: `Bearer ${KEY}` }, { 'x-api-key': KEY }]) {
        const answer = await get('/metrics?x=1', { headers: { ...headers, accept: 'text/plain' } as Record<string, string> })
        assert.deepEqual([answer.status, await answer.text(), answer.headers.get('cache-control')], [200, 'asked for text/plain', 'no-store'])
      }
    } finally {
      await listener.close()
    }
  })

  test('metrics that fail are a 500, and closing does not wait for a client that hangs', async () => {
    const listener = await listen(options({ metrics: async () => { throw new Error('broken') } }))
    assert.equal((await fetch(`${listener.url}/metrics`)).status, 500)
    const socket = connect(Number(new URL(listener.url).port), '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write('GET /metrics HTTP/1.1\r\n')
    const begin = performance.now()
    await listener.close()
    assert.ok(performance.now() - begin < 1000)
    socket.destroy()
  })

  test('a port that is taken is told', async () => {
    const listener = await listen(options())
    await assert.rejects(listen(options({ port: Number(new URL(listener.url).port) })), (error) => error instanceof EspalierError && error.code === 'invalid-configuration' && /EADDRINUSE.*ESPALIER_WORKER_METRICS_PORT/.test(error.message))
    await listener.close()
  })
})

describe('the observer of attempts', () => {
  test('counts what was done; what an engine process says makes no labels and no numbers that are none', async () => {
    const { of, text } = createMetrics(OF_WORKER, 'worker')
    const watcher = createObserver({ tracing: NO_TRACING, metrics: of, log: silentLog }).begun({ jobId: 'job_1', attempt: 1, method: 'gradual', waitMs: 1500, traceContext: null })
    watcher.engineStage({ stage: 'train', begin: 1000, end: 3000, failed: false })
    for (const broken of [{ stage: 'made up', begin: 0, end: 1 }, { stage: 'train', begin: Number.NaN, end: 1 }, { stage: 'train', begin: 0, end: 'x' as never }]) watcher.engineStage({ ...broken, failed: false })
    const progress = { stage: 'training', done: 1, total: 2, etaSeconds: null }
    watcher.progress({ ...progress, stepsPerSecond: 12 })
    assert.match((await text(undefined)).text, /^espalier_worker_steps_per_second\{method="gradual"\} 12$/m)
    watcher.progress({ ...progress, stepsPerSecond: 'fast' as never })
    for (const [bytes, stored] of [[100, true], [Number.NaN, true], [-1, true], [50, false]] as const) watcher.checkpoint(bytes, stored)
    await assert.rejects(watcher.stage('engine', async () => { throw new EspalierError('engine-crashed', 'gone') }), /gone/)
    watcher.ended('failed', new EspalierError('engine-crashed', 'gone'))
    const told = (await text(undefined)).text
    for (const sample of [
      'espalier_worker_steps_per_second{method="gradual"} 0', 'espalier_worker_jobs_running{method="gradual"} 0', 'espalier_worker_attempts_total{method="gradual",outcome="failed",code="engine-crashed"} 1',
      'espalier_worker_queue_wait_seconds_sum 1.5', 'espalier_worker_stage_duration_seconds_sum{stage="train"} 2', 'espalier_worker_stage_duration_seconds_count{stage="train"} 1', 'espalier_worker_stage_duration_seconds_count{stage="engine"} 1',
      'espalier_checkpoints_total{outcome="stored"} 3', 'espalier_checkpoints_total{outcome="lost"} 1', 'espalier_checkpoint_bytes_total 100',
    ]) assert.ok(told.includes(`\n${sample}\n`), `${sample} is not in\n${told}`)
    assert.ok(!told.includes('made up'))
  })
})
