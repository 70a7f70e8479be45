/** Every panel of docs/grafana/espalier.json, asked of a real Prometheus that scrapes a real service with real jobs; and the alerts beside it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '../../src/cli/client.ts'
import { runTool } from '../../src/infra/setup/tools.ts'
import { startService } from '../chaos/service.ts'
import { pathOf } from '../support/fixtures.ts'
import { findPrometheus, startPrometheus } from '../support/prometheus.ts'
import { writeTrainingImages } from '../support/training-images.ts'

const KEY = 'key-of-the-grafana-check-0123456789'

/** Scrapes come every second, and an API looks at Postgres every five. */
const SCRAPED_MS = 8000

interface Panel { readonly type: string, readonly title: string, readonly targets?: ReadonlyArray<{ readonly expr: string }> }

export async function checkGrafana (folder: string): Promise<void> {
  const programs = await findPrometheus()
  if (programs === undefined) {
    console.log('skipped grafana: neither the PATH nor apt-get has a prometheus')
    return
  }
  console.log((await runTool(programs.promtool, ['check', 'rules', pathOf('docs/grafana/rules.yaml')], 'checking the alerts')).trim())
  const { panels } = JSON.parse(await readFile(pathOf('docs/grafana/espalier.json'), 'utf8')) as { panels: Panel[] }
  const service = await startService({ ESPALIER_WORKER_METRICS_PORT: '0', ESPALIER_API_KEY: KEY, ESPALIER_WEBHOOK_ALLOW: '127.0.0.1' })
  try {
    const worker = service.output().split('\n').map((line) => /"url":"http:\/\/([\d.:]+)".*metrics of the worker/.exec(line)?.[1]).find((found) => found !== undefined)
    assert.ok(worker, 'the log names the address of the worker\'s metrics')
    const prometheus = await startPrometheus(programs.prometheus, folder, [new URL(service.url).host, worker], KEY)
    try {
      await makeWork(service.url, folder)
      await sleep(SCRAPED_MS)
      let asked = 0
      for (const { title, expr } of panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))) {
        const series = await prometheus.range(expr.replaceAll('$__rate_interval', '10s'))
        const points = series.flatMap(({ values }) => values).filter(([, value]) => Number.isFinite(Number(value)))
        assert.ok(points.length > 0, `${title}: ${expr} gives nothing`)
        asked++
      }
      assert.ok(asked >= 25)
      console.log(`grafana: ${asked} queries of ${panels.filter(({ type }) => type !== 'row').length} panels give data`)
    } finally {
      await prometheus.stop()
    }
  } finally {
    await service.stop()
  }
}

/** A job that trains, one that prunes, one that fails, and a webhook that is told. */
async function makeWork (url: string, folder: string): Promise<void> {
  const client = createClient(url, KEY)
  const model = (await client.uploadModel(pathOf('test/fixtures/models/mlp.keras'))).id
  const images = path.join(folder, 'images.npz')
  await writeTrainingImages(images, 2000)
  const dataset = (await client.uploadDataset(images)).id
  const webhook = await fetch(new URL('/v1/webhooks', url), { method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }, body: JSON.stringify({ url: 'http://127.0.0.1:1025/hook', events: ['job.succeeded'] }) })
  assert.equal(webhook.status, 201, await webhook.text())
  const run = async (recipe: object, state: string): Promise<void> => {
    const { id } = await client.createJob({ model, dataset, recipe })
    const job = await client.waitForJob(id)
    assert.equal(job.state, state, JSON.stringify(job.error))
  }
  // What is counted for the first time has no rate: the second time, behind a scrape, it has.
  for (const pause of [SCRAPED_MS, 0]) {
    await run({ method: 'threshold', target: { threshold: 1e-30 }, evaluation: { latency: false } }, 'failed')
    await run({ method: 'magnitude', target: { sparsity: 0.5 }, evaluation: { latency: false } }, 'succeeded')
    await sleep(pause)
  }
  await run({ method: 'gradual', target: { sparsity: 0.8 }, training: { epochs: 60 }, evaluation: { latency: false } }, 'succeeded')
}
