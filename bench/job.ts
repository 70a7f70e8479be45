/** Seconds from POST to succeeded of a magnitude job on LeNet-5, without evaluation, on a warm worker. */
import { rm } from 'node:fs/promises'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { createClient, type Client } from '../src/cli/client.ts'
import { readConfig } from '../src/config.ts'
import { quantile } from '../src/engine/latency.ts'
import { startAll } from '../src/infra/embedded/index.ts'
import { temporaryHome } from '../test/support/services.ts'

const MODEL = fileURLToPath(new URL('../examples/lenet5.keras', import.meta.url))
const RECIPE = { method: 'magnitude', target: { sparsity: 0.9 }, evaluation: false }
const WARM_UP = 3
const RUNS = 20

async function timeJob (client: Client, model: string): Promise<number> {
  const start = performance.now()
  const { id } = await client.createJob({ model, recipe: RECIPE })
  const job = await client.waitForJob(id)
  if (job.state !== 'succeeded') throw new Error(`the job ${job.state}: ${job.error?.message ?? ''}`)
  return (performance.now() - start) / 1000
}

const { databaseUrl, redisUrl, ...config } = readConfig()
const home = await temporaryHome()
const service = await startAll({ ...config, home, host: '127.0.0.1', port: 0, logLevel: 'error' })
try {
  const client = createClient(service.url)
  const model = (await client.uploadModel(MODEL)).id
  for (let run = 0; run < WARM_UP; run++) await timeJob(client, model)
  const seconds: number[] = []
  for (let run = 0; run < RUNS; run++) seconds.push(await timeJob(client, model))
  const round = (value: number): number => Math.round(value * 1000) / 1000
  const figures = { medianSeconds: round(quantile(seconds, 0.5)), p95Seconds: round(quantile(seconds, 0.95)), runs: RUNS, cores: cpus().length }
  if (process.argv.includes('--json')) console.log(JSON.stringify(figures))
  else console.log(`POST to succeeded, median of ${RUNS}: ${figures.medianSeconds} s (p95 ${figures.p95Seconds} s, ${figures.cores} cores)`)
} finally {
  await service.stop()
  await rm(home, { recursive: true, force: true, maxRetries: 5 })
}
