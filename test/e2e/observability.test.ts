/** The whole service as `npm start` runs it, watched: one trace from the client to the engine, metrics of API and worker, and a log without secrets. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Job } from '../../src/jobs/resources.ts'
import { createClient, type Client } from '../../src/cli/client.ts'
import { startService, type Service } from '../chaos/service.ts'
import { startCollector, type Collector, type ReceivedSpan } from '../support/collector.ts'
import { pathOf } from '../support/fixtures.ts'
import { writeTrainingImages } from '../support/training-images.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CLIENT_SPAN = 'b7ad6b7169203331'
/** Stands in everything that may not be told. */
const MARK = 'zq7xmark'
const KEY = `${MARK}-key-0123456789`
const auth = { authorization: `Bearer ${KEY}` }

describe('a service that is watched', () => {
  let collector: Collector, service: Service, client: Client, model: string, dataset: string

  before(async () => {
    collector = await startCollector()
    service = await startService({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url, ESPALIER_WORKER_METRICS_PORT: '0', ESPALIER_API_KEY: KEY, ESPALIER_LOG: 'trace' })
    client = createClient(service.url, KEY)
    model = (await client.uploadModel(pathOf('test/fixtures/models/mlp.keras'))).id
    const images = path.join(service.home, 'images.npz')
    await writeTrainingImages(images, 1000)
    dataset = (await client.uploadDataset(images)).id
  })
  after(async () => {
    await service.stop()
    await collector.close()
  })

  const post = async (url: string, body: BodyInit | null, headers: Record<string, string> = {}): Promise<Response> => await fetch(new URL(url, service.url), { method: 'POST', body, headers: { ...auth, ...headers } })
  const submit = async (recipe: object, headers: Record<string, string> = {}): Promise<Job> => await (await post('/v1/jobs', JSON.stringify({ model, dataset, recipe }), { 'content-type': 'application/json', ...headers })).json() as Job

  interface Line { readonly level: string, readonly role: string, readonly msg: string, readonly [field: string]: unknown }
  const lines = (): Line[] => service.output().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line)
  async function scrapeWorker (): Promise<string> {
    const { url } = lines().find(({ role, msg }) => role === 'worker' && msg.startsWith('metrics of the worker'))!
    const answer = await fetch(`${String(url)}/metrics`, { headers: { ...auth, accept: 'application/openmetrics-text' } })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    assert.equal((await fetch(`${String(url)}/metrics`)).status, 401)
    assert.deepEqual([(await fetch(`${String(url)}/healthz`)).status, (await fetch(`${String(url)}/v1/jobs`)).status], [200, 404])
    return await answer.text()
  }

  test('one job is one trace, from the request of the client to the stages of the engine', async () => {
    const { id } = await submit({ method: 'magnitude', target: { sparsity: 0.5 }, evaluation: { latency: false } }, { traceparent: `00-${TRACE}-${CLIENT_SPAN}-01` })
    const job = await client.waitForJob(id)
    assert.equal(job.state, 'succeeded', JSON.stringify(job.error))
    const ours = await collector.until('the whole trace', (spans) => {
      const found = spans.filter(({ traceId }) => traceId === TRACE)
      return ['POST /v1/jobs', 'attempt', 'verify'].every((name) => found.some((span) => span.name === name)) ? found : undefined
    })
    const named = (name: string): ReceivedSpan => ours.find((span) => span.name === name) ?? assert.fail(`no span ${name}`)
    const parents = {
      'POST /v1/jobs': CLIENT_SPAN,
      'submit job': named('POST /v1/jobs').spanId,
      'queue wait': named('submit job').spanId,
      attempt: named('submit job').spanId,
      ...Object.fromEntries(['inputs', 'engine', 'outputs'].map((stage) => [stage, named('attempt').spanId])),
      ...Object.fromEntries(['gzip', 'read', 'prune', 'evaluate', 'write', 'verify'].map((stage) => [stage, named('engine').spanId])),
    }
    for (const { name, parentSpanId } of ours) assert.equal(parentSpanId, parents[name as keyof typeof parents], name)
    assert.deepEqual([...new Set(ours.map(({ name }) => name))].sort(), Object.keys(parents).sort())
    assert.deepEqual(['POST /v1/jobs', 'submit job', 'queue wait', 'attempt', 'read'].map((name) => named(name).kind), [2, 4, 1, 5, 1])
    assert.deepEqual(named('POST /v1/jobs').attributes, { 'http.request.method': 'POST', 'http.route': '/v1/jobs', 'http.response.status_code': 202 })
    assert.deepEqual(named('attempt').attributes, { 'espalier.job.id': id, 'espalier.job.attempt': 1, 'espalier.method': 'magnitude', 'espalier.outcome': 'succeeded' })
    assert.deepEqual(['submit job', 'attempt'].map((name) => named(name).resource['service.name']), ['espalier-api', 'espalier-worker'])
    const scraped = { api: async () => await (await fetch(`${service.url}/metrics`, { headers: { ...auth, accept: 'application/openmetrics-text' } })).text(), worker: scrapeWorker }
    for (const [role, metric] of [['api', 'http_request_duration_seconds_bucket{le="[^"]+",method="POST",route="/v1/jobs"}'], ['worker', 'worker_attempt_duration_seconds_bucket{[^}]+}'], ['worker', 'worker_stage_duration_seconds_bucket{le="[^"]+",stage="prune"}']] as const) {
      assert.match(await scraped[role](), new RegExp(`^espalier_${metric} \\d+ # \\{trace_id="${TRACE}",span_id="[0-9a-f]{16}"\\}`, 'm'), metric)
    }
    // What lies within another does so in time, too; clocks are told in milliseconds.
    for (const stage of ['inputs', 'engine', 'outputs']) assert.ok(named(stage).begin >= named('attempt').begin - 2 && named(stage).end <= named('attempt').end + 2, stage)
    for (const stage of ['read', 'prune', 'evaluate', 'write', 'verify']) assert.ok(named(stage).begin >= named('engine').begin - 2 && named(stage).end <= named('engine').end + 2 && !named(stage).failed, stage)
    assert.ok(named('inputs').end <= named('engine').begin + 2 && named('engine').end <= named('outputs').begin + 2)
    assert.ok(named('queue wait').end <= named('attempt').begin + 2 && named('queue wait').end - named('queue wait').begin < 60_000)

    const told = lines().filter(({ jobId }) => jobId === id)
    assert.deepEqual(told.map(({ role, msg }) => `${role}: ${msg}`), ['api: job queued', 'worker: attempt begun', 'worker: attempt succeeded'])
    for (const { traceId } of told) assert.equal(traceId, TRACE)
    assert.ok(told.slice(1).every(({ worker, attempt }) => typeof worker === 'string' && attempt === 1))
  })

  test('a retry is part of the trace of whoever asks for it', async () => {
    const { id } = await submit({ method: 'threshold', target: { threshold: 1e-12 }, evaluation: false })
    assert.equal((await client.waitForJob(id)).error!.code, 'nothing-pruned')
    const other = TRACE.replace('0af', 'fff')
    assert.equal((await post(`/v1/jobs/${id}/retry`, null, { traceparent: `00-${other}-${CLIENT_SPAN}-01` })).status, 202)
    const attempt = await collector.until('the second attempt', (spans) => spans.find(({ name, attributes }) => name === 'attempt' && attributes['espalier.job.id'] === id && attributes['espalier.job.attempt'] === 2))
    const queued = await collector.until('its queueing', (spans) => spans.find(({ spanId }) => spanId === attempt.parentSpanId))
    assert.deepEqual([attempt.traceId, queued.name, attempt.failed, attempt.attributes['error.type']], [other, 'retry job', true, 'nothing-pruned'])
  })

  test('the worker tells its own metrics, and the API those of the service', async () => {
    const text = await scrapeWorker()
    for (const sample of [
      'espalier_worker_attempts_total{method="magnitude",outcome="succeeded",code=""} 1', 'espalier_worker_attempts_total{method="threshold",outcome="failed",code="nothing-pruned"} 2',
      'espalier_worker_attempt_duration_seconds_count{method="magnitude",outcome="succeeded"} 1', 'espalier_worker_queue_wait_seconds_count 3', 'espalier_worker_jobs_running{method="magnitude"} 0',
      'espalier_worker_stage_duration_seconds_count{stage="evaluate"} 1', 'espalier_worker_slots 1', 'espalier_engine_processes 1',
    ]) assert.ok(text.includes(`\n${sample}\n`), `${sample} is not in\n${text}`)
    assert.ok(Number(/^espalier_engine_resident_memory_bytes (\d+)$/m.exec(text)![1]) > 50 << 20)
    assert.ok(Number(/^espalier_blob_written_bytes_total (\d+)$/m.exec(text)![1]) > 10_000)
    const api = await (await fetch(`${service.url}/metrics`, { headers: auth })).text()
    assert.match(api, /^espalier_jobs\{state="succeeded"\} \d+$/m)
  })

  test('a run that trains tells its speed and its checkpoints, and an engine that dies is counted', async () => {
    const { id } = await submit({ method: 'fine-tune', training: { epochs: 5000, batchSize: 32, validation: 0.1 }, evaluation: false })
    let text = ''
    for (let left = 200; left > 0 && !/espalier_worker_steps_per_second\{method="fine-tune"\} [1-9]/.test(text); left--) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      text = await scrapeWorker()
    }
    assert.match(text, /^espalier_worker_steps_per_second\{method="fine-tune"\} [1-9]/m)
    assert.match(text, /^espalier_worker_jobs_running\{method="fine-tune"\} 1$/m)
    await post(`/v1/jobs/${id}/pause`, null)
    for (let left = 200; left > 0 && (await client.get<Job>(`/v1/jobs/${id}`)).state !== 'paused'; left--) await new Promise((resolve) => setTimeout(resolve, 100))
    text = await scrapeWorker()
    assert.match(text, /^espalier_checkpoints_total\{outcome="stored"\} [1-9]/m)
    assert.match(text, /^espalier_checkpoint_bytes_total [1-9]\d{4}/m)
    assert.match(text, /^espalier_worker_steps_per_second\{method="fine-tune"\} 0$/m)
    await post(`/v1/jobs/${id}/resume`, null)
    for (let left = 200; left > 0 && (await client.get<Job>(`/v1/jobs/${id}`)).progress.stage !== 'training'; left--) await new Promise((resolve) => setTimeout(resolve, 100))
    assert.notDeepEqual(service.kill('engine child'), [])
    assert.equal((await client.waitForJob(id)).error!.code, 'engine-crashed')
    text = await scrapeWorker()
    assert.match(text, /^espalier_engine_ends_total\{reason="crashed"\} 1$/m)
    assert.ok(lines().some(({ role, level, code, jobId }) => role === 'worker' && level === 'error' && code === 'engine-crashed' && jobId === id))
  })

  test('nothing that is secret is told: keys, passwords, signatures, contents, recipes, headers', async () => {
    const escape = '\u001b[31m\u009b5m'
    await fetch(new URL(`/v1/jobs?signature=${MARK}&cursor=x&X-Amz-Credential=${MARK}`, service.url), { headers: { ...auth, cookie: `session=${MARK}`, 'x-other': MARK } })
    await fetch(new URL('/v1/jobs', service.url), { headers: { authorization: `Bearer ${MARK}-wrong`, 'x-api-key': MARK } })
    await post('/v1/jobs', `{"model": "${MARK}", not JSON`, { 'content-type': 'application/json' })
    await submit({ method: MARK, target: { [MARK]: MARK } })
    const refused = new FormData()
    refused.append('recipe', `{"method": "${MARK}"}`)
    refused.append('file', new Blob([`${MARK},${MARK}\n`.repeat(10)]), `${escape}${MARK}.csv`)
    assert.equal((await post('/v1/datasets', refused)).status, 400)
    for (const content of [`a,label\n1,0\n${MARK},1\n`, `{"${MARK}": ${MARK}`, `PK\u0003\u0004${MARK}`]) {
      for (const route of ['models', 'datasets']) {
        const form = new FormData()
        form.append('file', new Blob([content]), `${escape}.csv`)
        await post(`/v1/${route}`, form)
      }
    }
    // A job whose error repeats what its recipe says.
    const job = await submit({ method: 'magnitude', target: { sparsity: 0.5 }, layers: [{ match: `${MARK}*`, skip: true }], evaluation: false })
    assert.ok(JSON.stringify((await client.waitForJob(job.id)).error).includes(MARK))
    await new Promise((resolve) => setTimeout(resolve, 300))

    const output = service.output()
    const passwords = await Promise.all(['postgres', 'valkey'].map(async (name) => (JSON.parse(await readFile(path.join(service.home, name, 'service.json'), 'utf8')) as { password: string }).password))
    for (const secret of [MARK, ...passwords]) assert.ok(secret.length >= MARK.length && !output.includes(secret), output.split('\n').find((line) => line.includes(secret)))
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(output, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    assert.ok(lines().length > 30)
    for (const { level, time, role, msg, pid } of lines()) {
      assert.ok(['trace', 'debug', 'info', 'warn', 'error'].includes(level) && !Number.isNaN(Date.parse(String(time))) && ['api', 'worker', 'supervisor'].includes(role) && typeof msg === 'string' && typeof pid === 'number')
    }
    const requests = lines().filter(({ role, msg }) => role === 'api' && msg === 'request')
    assert.ok(requests.some(({ route, status, code }) => route === '/v1/jobs' && status === 401 && code === 'unauthorized'))
    assert.ok(requests.some(({ req }) => (req as { url: string }).url === '/v1/jobs?signature=[redacted]&cursor=x&X-Amz-Credential=[redacted]'))
    for (const { attributes } of collector.spans) assert.ok(!JSON.stringify(attributes).includes(MARK))
  })
})
