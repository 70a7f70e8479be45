/** `npm run demo`: the whole path once, over HTTP as a client would go it, on a real model and real images. */
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfig, type Config } from '../config.ts'
import { EspalierError } from '../errors.ts'
import { startAll } from '../infra/embedded/index.ts'
import type { Measurement, Receipt } from '../methods/receipt.ts'
import type { Job } from '../jobs/resources.ts'
import { createClient } from './client.ts'
import { report } from './report.ts'
import { table } from './table.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url))
const RECIPE = { method: 'magnitude', scope: 'global', target: { sparsity: 0.9 } }
const OUTPUT = 'output'
const OUTPUT_NAME = 'lenet5-pruned.keras'

async function prune (url: string): Promise<void> {
  const client = createClient(url)
  const model = await client.uploadModel(join(EXAMPLES, 'lenet5.keras'))
  console.log(`model    ${model.name}: ${count(model.weights)} weights, ${count(model.prunableWeights)} of them prunable`)
  const dataset = await client.uploadDataset(join(EXAMPLES, 'fashion-mnist-test.zip'))
  console.log(`data set ${dataset.name}: ${count(dataset.examples)} examples of [${dataset.features.join(', ')}]`)
  const { id } = await client.createJob({ model: model.id, dataset: dataset.id, recipe: RECIPE })
  console.log(`job      ${id}: ${JSON.stringify(RECIPE)}`)
  const job = await client.waitForJob(id, progressPrinter())
  if (job.state !== 'succeeded' || job.receipt === undefined) {
    throw new EspalierError('internal', `the job ${job.state}: ${job.error?.message ?? 'no reason was given'}`)
  }
  console.log(`\n${summary(job.receipt)}\n`)
  for (const warning of job.receipt.warnings) console.log(`note: ${warning}`)
  const artifact = job.artifacts.find(({ format }) => format === 'keras')
  if (artifact === undefined) throw new EspalierError('internal', 'the job succeeded without a .keras file')
  await mkdir(OUTPUT, { recursive: true })
  const path = join(OUTPUT, OUTPUT_NAME)
  await client.download(artifact, path)
  console.log(`\nwritten to ${path} (${count(artifact.bytes)} bytes, sha256 checked)`)
}

/** One line per stage. */
function progressPrinter (): (job: Job) => void {
  let stage = ''
  return ({ progress, state }) => {
    if (progress.stage === stage || state !== 'running') return
    stage = progress.stage
    console.log(`         ${stage} ...`)
  }
}

function summary ({ before, after }: Receipt): string {
  const row = (name: string, figure: (measurement: Measurement) => string): string[] => [name, figure(before), figure(after)]
  return table([
    ['', 'before', 'after'],
    row('accuracy', ({ metrics }) => metrics?.accuracy?.toFixed(4) ?? '-'),
    row('loss', ({ metrics }) => metrics?.loss?.toFixed(4) ?? '-'),
    row('nonzero weights', ({ nonzeros }) => count(nonzeros)),
    row('sparsity', ({ sparsity }) => `${(sparsity * 100).toFixed(1)} %`),
    row('compression', ({ compression }) => `${compression.toFixed(2)} x`),
    row('file bytes', ({ bytes }) => count(bytes)),
    row('gzip bytes', ({ gzipBytes }) => count(gzipBytes)),
    row('latency p50', ({ latencyMs }) => latencyMs === null ? '-' : `${latencyMs.p50.toFixed(2)} ms`),
    row('latency p95', ({ latencyMs }) => latencyMs === null ? '-' : `${latencyMs.p95.toFixed(2)} ms`),
  ])
}

function count (value: number): string {
  return value.toLocaleString('en')
}

/** A service of its own beside one that may be running: another port and other data; only what setup fetched is shared. */
async function demoConfig (): Promise<Config> {
  // Without the addresses of a Postgres and a Valkey: a demo leaves nothing in those.
  const { databaseUrl, redisUrl, ...config } = readConfig()
  const home = join(config.home, 'demo')
  await mkdir(home, { recursive: true })
  await mkdir(join(config.home, 'cache'), { recursive: true })
  await symlink(join(config.home, 'cache'), join(home, 'cache')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return { ...config, home, host: '127.0.0.1', port: 0, logLevel: 'error' }
}

try {
  console.log('starting the service (the first time this fetches TensorFlow and Valkey) ...')
  const service = await startAll(await demoConfig())
  console.log(`it is ready at ${service.url}\n`)
  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => { await (stopping ??= service.stop()) }
  process.once('SIGINT', () => { void stop().finally(() => process.exit(130)) })
  try {
    await prune(service.url)
  } finally {
    await stop()
  }
} catch (error) {
  report(error)
}
