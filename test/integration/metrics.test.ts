/** /metrics of the API: both text forms, figures of requests, jobs, attempts and files over real Postgres and Valkey, and what is left out. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Receipt } from '../../src/methods/receipt.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { OF_API, OF_NODE, PROCESS_WIDE } from '../../src/telemetry/metrics/definitions.ts'
import { DATASET, MODEL } from '../contract/samples.ts'
import { openHarness, type Harness } from './http-harness.ts'

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

describe('metrics of the API', () => {
  let harness: Harness
  before(async () => { harness = await openHarness() })
  after(async () => { await harness.close() })

  async function scrape (accept = OPEN_METRICS): Promise<{ type: string, text: string }> {
    const answer = await harness.app.inject({ url: '/metrics', headers: { accept } })
    assert.equal(answer.statusCode, 200)
    return { type: String(answer.headers['content-type']), text: answer.body }
  }

  /** Value of a sample; its labels as they stand in the text. */
  function valueOf (text: string, sample: string): number {
    const line = text.split('\n').find((one) => one.startsWith(`${sample} `)) ?? assert.fail(`there is no ${sample}`)
    return Number(line.slice(sample.length + 1))
  }

  test('the form is the one that is asked for', async () => {
    for (const [accept, form] of [
      [OPEN_METRICS, 'openmetrics'], ['application/openmetrics-text', 'openmetrics'], ['text/plain', 'plain'], ['*/*', 'plain'], ['application/openmetrics-text;q=0, text/plain', 'plain'],
    ] as const) {
      const { type, text } = await scrape(accept)
      assert.equal(type, form === 'plain' ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/openmetrics-text; version=1.0.0; charset=utf-8', accept)
      assert.equal(text.endsWith('# EOF\n'), form === 'openmetrics')
      assert.equal(text.includes('# TYPE espalier_http_requests counter\n'), form === 'openmetrics')
      assert.equal(text.includes('# TYPE espalier_http_requests_total counter\n'), form === 'plain')
      assert.ok(!text.includes('_total_total'))
    }
  })

  test('requests are counted by pattern, timed, and counted while they are answered', async () => {
    for (const id of ['one', 'two']) await harness.app.inject(`/v1/jobs/${id}`)
    await harness.app.inject('/nowhere/at/all')
    const { text } = await scrape()
    assert.equal(valueOf(text, 'espalier_http_requests_total{method="GET",route="/v1/jobs/:id",status="404"}'), 2)
    assert.equal(valueOf(text, 'espalier_http_requests_total{method="GET",route="none",status="404"}'), 1)
    assert.equal(valueOf(text, 'espalier_http_request_duration_seconds_count{method="GET",route="/v1/jobs/:id"}'), 2)
    assert.equal(valueOf(text, 'espalier_http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/v1/jobs/:id"}'), 2)
    assert.equal(valueOf(text, 'espalier_http_requests_in_flight{method="GET",route="/metrics"}'), 1)
    assert.equal(valueOf(text, 'espalier_http_requests_in_flight{method="GET",route="/v1/jobs/:id"}'), 0)
    assert.ok(!text.includes('nowhere') && !text.includes('/v1/jobs/one'))
  })

  test('jobs, attempts, queue and files are those of the database', async () => {
    const { catalog, queue, blobs } = await openedAnew()
    // Counting begins with the first look.
    await scrape()
    const stored = await blobs.put((async function * () { yield Buffer.from('model 1') })())
    const model = await catalog.of(FIRST_TENANT).createModel({ name: 'a secret name.keras', ...stored }, MODEL)
    await catalog.of(FIRST_TENANT).createModel({ name: 'again.keras', ...stored }, MODEL)
    await catalog.of(FIRST_TENANT).createDataset({ name: 'd.npz', bytes: 1000, sha256: 'd'.repeat(64) }, DATASET)
    const submit = async (method: string): Promise<string> => (await catalog.of(FIRST_TENANT).createJob({ modelId: model.id, datasetId: null, evaluationDatasetId: null, recipe: { method } as never })).id
    const [done, failed, training, waiting] = [await submit('magnitude'), await submit('threshold'), await submit('gradual'), await submit('gradual')]
    for (const id of [done, failed, training]) await catalog.begin(id, 1, 'w')
    await catalog.succeed(done, 1, {} as Receipt, [{ name: 'm.keras', format: 'keras', bytes: 7, sha256: 'e'.repeat(64) }])
    await catalog.fail(failed, 1, { code: 'nothing-pruned', message: 'text with what the client wrote' })
    await catalog.progress(training, 1, { stage: 'training', done: 1, total: 2, etaSeconds: null, stepsPerSecond: 12.5 })
    await queue.add({ jobId: waiting, attempt: 1 })

    const { text } = await openedAnew()
    for (const [state, count] of [['succeeded', 1], ['failed', 1], ['running', 1], ['queued', 1], ['paused', 0]] as const) assert.equal(valueOf(text, `espalier_jobs{state="${state}"}`), count, state)
    assert.equal(valueOf(text, 'espalier_training_jobs{method="gradual"}'), 1)
    assert.equal(valueOf(text, 'espalier_training_steps_per_second{method="gradual"}'), 12.5)
    assert.equal(valueOf(text, 'espalier_queue_entries{queue="jobs",state="waiting"}'), 1)
    assert.equal(valueOf(text, 'espalier_stored_files{kind="models"}'), 2)
    assert.equal(valueOf(text, 'espalier_stored_bytes{kind="models"}'), stored.bytes)
    assert.equal(valueOf(text, 'espalier_stored_bytes{kind="datasets"}'), 1000)
    assert.equal(valueOf(text, 'espalier_stored_bytes{kind="artifacts"}'), 7)
    assert.equal(valueOf(text, 'espalier_attempts_total{method="magnitude",outcome="succeeded",code=""}'), 1)
    assert.equal(valueOf(text, 'espalier_attempts_total{method="threshold",outcome="failed",code="nothing-pruned"}'), 1)
    assert.equal(valueOf(text, 'espalier_attempt_duration_seconds_count{method="magnitude",outcome="succeeded"}'), 1)
    assert.equal(valueOf(text, 'espalier_queue_wait_seconds_count'), 2)
    for (const dependency of ['postgres', 'valkey']) assert.equal(valueOf(text, `espalier_dependency_up{dependency="${dependency}"}`), 1)
    for (const secret of ['a secret name', 'client wrote', done, model.id]) assert.ok(!text.includes(secret), secret)

    // Once each, however often it is asked.
    assert.equal(valueOf((await openedAnew()).text, 'espalier_queue_wait_seconds_count'), 2)
  })

  /** The figures are looked at anew after some seconds. */
  async function openedAnew (): Promise<Harness & { text: string }> {
    await new Promise((resolve) => setTimeout(resolve, 5100))
    return { ...harness, text: (await scrape()).text }
  }

  test('what it tells is what is defined, and all of it is told', async () => {
    const { text } = await scrape()
    const told = text.split('\n').flatMap((line) => /^# TYPE (\S+) (\S+)$/.exec(line)?.slice(1, 3).join(' ') ?? [])
    const defined = Object.values({ ...PROCESS_WIDE, ...OF_API }).map(({ name, type }) => `${name.replace(/_total$/, '')} ${type}`)
    const node = new Set(OF_NODE.map((name) => name.replace(/_total$/, '')))
    for (const one of defined) assert.ok(told.includes(one), one)
    for (const one of told) assert.ok(defined.includes(one) || node.has(one.split(' ')[0]! as never), one)
    for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds', 'process_cpu_seconds_total']) assert.ok(valueOf(text, name) >= 0)
  })

  test('without Postgres and Valkey it answers, and says which is away', async () => {
    const broken = await openHarness({})
    try {
      const away = async (): Promise<never> => { throw new Error('away') }
      Object.assign(broken.figures, { jobStates: away, training: away, files: away })
      Object.assign(broken.queue, { counts: async () => await new Promise(() => {}) })
      await new Promise((resolve) => setTimeout(resolve, 5100))
      const answer = await broken.app.inject({ url: '/metrics', headers: { accept: OPEN_METRICS } })
      assert.equal(answer.statusCode, 200)
      for (const dependency of ['postgres', 'valkey']) assert.equal(valueOf(answer.body, `espalier_dependency_up{dependency="${dependency}"}`), 0)
      assert.doesNotMatch(answer.body, /^espalier_jobs\{/m)
    } finally {
      await broken.close()
    }
  })
})
