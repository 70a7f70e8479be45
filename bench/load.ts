/** Thousands of small jobs from many clients at once, while two workers work and others read the states of jobs: is anything lost, done twice, slow, or growing? */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { createClient } from '../src/cli/client.ts'
import { quantile } from '../src/engine/latency.ts'
import { watchMemory } from './load/memory.ts'
import { outcomeOf, unended } from './load/outcome.ts'
import { startLoaded } from './load/service.ts'
import { submitMany } from './load/submit.ts'

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: '5000' },
    clients: { type: 'string', default: '50' },
    workers: { type: 'string', default: '2' },
    // Status reads a second, by all readers together.
    reads: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
})
const [jobs, clients, workers, reads] = [options.jobs, options.clients, options.workers, options.reads].map(Number) as [number, number, number, number]
const MODEL = fileURLToPath(new URL('../examples/seed-network.keras', import.meta.url))
const READER = fileURLToPath(new URL('load/readers.ts', import.meta.url))
const RECIPE = { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: false }
/** Marks of the issue: reads below 50 ms, memory flat within a tenth. */
const MARKS = { statusP99Ms: 50, growth: 1.1 } as const
const log = (line: string): void => { console[options.json ? 'error' : 'log'](line) }
const round = (value: number, digits = 1): number => Number(value.toFixed(digits))

const service = await startLoaded(workers, (line) => { if (/ended|error/i.test(line)) log(line) })
const database = new pg.Client({ connectionString: service.databaseUrl })
await database.connect()
try {
  const client = createClient(service.url)
  const { id: model } = await client.uploadModel(MODEL)
  const first = await client.createJob({ model, recipe: RECIPE })
  if ((await client.waitForJob(first.id)).state !== 'succeeded') throw new Error('the first job did not succeed')

  const reader = spawn(process.execPath, ['--import', 'tsx', READER, service.url, String(reads)], { stdio: ['pipe', 'pipe', 'inherit'] })
  let told = ''
  reader.stdout.setEncoding('utf8').on('data', (piece: string) => { told += piece })
  const memory = watchMemory(service.apiPid)
  const start = performance.now()
  const { ids, times, seconds } = await submitMany(service.url, { model, recipe: RECIPE }, { count: jobs, clients, onId: (id) => { reader.stdin.write(`${id}\n`) } })
  log(`${ids.length} jobs accepted in ${round(seconds)} s`)
  for (let left = await unended(database); left > 0; left = await unended(database)) {
    log(`${left} jobs have not ended`)
    await new Promise((resolve) => setTimeout(resolve, 5000))
  }
  const whole = (performance.now() - start) / 1000
  const course = memory()
  const read = once(reader, 'close')
  reader.stdin.end()
  await read
  const status = JSON.parse(told) as { reads: number, failed: number, p50Ms: number, p99Ms: number, maxMs: number }
  const { states, lost, duplicated, unknown, medianRunSeconds } = await outcomeOf(service.databaseUrl, [...ids, first.id])
  const figures = {
    jobs: ids.length,
    clients,
    workers,
    lost,
    duplicated,
    unknown,
    states,
    submitPerSecond: round(jobs / seconds),
    submitP50Ms: round(quantile(times, 0.5)),
    submitP99Ms: round(quantile(times, 0.99)),
    jobsPerSecond: round(jobs / whole),
    medianRunSeconds: round(medianRunSeconds, 3),
    statusReads: status.reads,
    statusFailed: status.failed,
    statusP50Ms: round(status.p50Ms),
    statusP99Ms: round(status.p99Ms),
    statusMaxMs: round(status.maxMs),
    apiMemoryMb: { quarters: course.quartersMb, most: course.mostMb, growth: round(course.growth, 3) },
    met: lost === 0 && duplicated === 0 && status.p99Ms < MARKS.statusP99Ms && course.growth < MARKS.growth,
    cores: cpus().length,
  }
  log(`lost ${lost}, done twice ${duplicated}; ${figures.jobsPerSecond} jobs/s; status reads p50 ${figures.statusP50Ms} ms, p99 ${figures.statusP99Ms} ms; API ${course.quartersMb.join(', ')} MB`)
  if (options.json) console.log(JSON.stringify(figures))
} finally {
  await database.end()
  await service.stop()
}
