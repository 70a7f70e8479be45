/** A sweep of a real model over HTTP on two real workers, one of which is killed in the middle: its Pareto set is the one that the receipts say, worked out anew. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Job } from '../../src/jobs/resources.ts'
import type { Sweep } from '../../src/jobs/sweeps/resource.ts'
import { environmentOf, readConfig } from '../../src/config.ts'
import { serve, type Server } from '../../src/http/server.ts'
import { createClient, type Client } from '../../src/cli/client.ts'
import { freshDatabase } from '../support/database.ts'
import { freshPrefix } from '../support/queue.ts'
import { IMAGES, pathOf } from '../support/fixtures.ts'
import { temporaryHome } from '../support/services.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const LIMIT_MS = 180_000

/** Better, or as good and smaller, in the words of the definition. */
function paretoOf (jobs: ReadonlyArray<{ id: string, accuracy: number, bytes: number }>): string[] {
  return jobs.filter((one) => !jobs.some((other) => other.accuracy >= one.accuracy && other.bytes <= one.bytes && (other.accuracy > one.accuracy || other.bytes < one.bytes))).map(({ id }) => id)
}

describe('a sweep from submission to its best point', () => {
  let server: Server, client: Client, home: string, drop: () => Promise<void>
  let env: NodeJS.ProcessEnv
  const workers: ChildProcess[] = []
  function hire (): ChildProcess {
    const worker = spawn(process.execPath, ['--import', 'tsx', 'src/cli/worker.ts'], { cwd: ROOT, env, stdio: 'ignore' })
    workers.push(worker)
    return worker
  }

  before(async () => {
    const database = await freshDatabase()
    const { url: redisUrl, prefix } = freshPrefix()
    home = await temporaryHome()
    drop = database.drop
    const config = { ...readConfig(), host: '127.0.0.1', port: 0, home, databaseUrl: database.url, redisUrl, queuePrefix: prefix, logLevel: 'silent' as const }
    server = await serve(config)
    client = createClient(server.url)
    env = { ...process.env, ...environmentOf({ ...config, stalledSeconds: 3, reconcileSeconds: 2, concurrency: 1, setupDone: true }) }
  })
  after(async () => {
    for (const worker of workers) if (worker.exitCode === null && worker.signalCode === null) worker.kill('SIGTERM')
    await Promise.all(workers.map(async (worker) => { while (worker.exitCode === null && worker.signalCode === null) await sleep(50) }))
    await server.close()
    await drop()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  })

  test('six points, one of which cannot be met; a worker dies in the middle', async () => {
    const model = (await client.uploadModel(pathOf('test/fixtures/models/mlp.keras'))).id
    const dataset = (await client.uploadDataset(pathOf(IMAGES))).id
    const first = hire()
    const response = await fetch(`${server.url}/v1/sweeps`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        dataset,
        recipe: { method: 'magnitude', evaluation: { batchSize: 16, latency: false } },
        grid: { target: [{ sparsity: 0.5 }, { sparsity: 0.8 }, { sparsity: 0.9 }, { sparsity: 0.95 }, { sparsity: 0.99 }, { bytes: 40 }] },
        pick: { smallest: 'bytes', maxAccuracyDrop: 0.02 },
      }),
    })
    const made = await response.json() as Sweep
    assert.equal(response.status, 202, JSON.stringify(made))
    const read = async (wait = 0): Promise<Sweep> => await client.get<Sweep>(`/v1/sweeps/${made.id}?wait=${wait}`)
    const end = Date.now() + LIMIT_MS
    // One job done and another one begun: then its worker is gone.
    for (let sweep = await read(); !(sweep.progress.done > 0 && (sweep.counts['running'] ?? 0) > 0); sweep = await read()) {
      assert.ok(Date.now() < end && sweep.state === 'running', JSON.stringify(sweep.counts))
      await sleep(20)
    }
    first.kill('SIGKILL')
    hire()
    let sweep = await read(30)
    while (sweep.state === 'running' && Date.now() < end) sweep = await read(30)
    assert.deepEqual([sweep.state, sweep.counts], ['finished', { succeeded: 5, failed: 1 }], JSON.stringify(sweep.points))
    assert.deepEqual([sweep.points[5]!.state, sweep.points[5]!.error!.code], ['failed', 'target-missed'])

    const receipts = await Promise.all(sweep.points.slice(0, 5).map(async ({ job }) => {
      const { id, receipt } = await client.get<Job>(`/v1/jobs/${job}`)
      return { id, before: receipt!.before.metrics!.accuracy!, accuracy: receipt!.after.metrics!.accuracy!, bytes: receipt!.after.bytes }
    }))
    assert.deepEqual(sweep.points.slice(0, 5).map(({ after }) => [after!.metric, after!.bytes]), receipts.map(({ accuracy, bytes }) => [accuracy, bytes]))
    assert.deepEqual(sweep.pareto!.bytes, paretoOf(receipts))
    assert.ok(sweep.pareto!.bytes.length >= 3, 'more zeros make a smaller file and, in the end, a worse model')
    const good = receipts.filter(({ before, accuracy }) => before - accuracy <= 0.02).sort((a, b) => a.bytes - b.bytes)
    assert.ok(good.length > 0 && good.length < 5)
    assert.equal(sweep.picked!.job, good[0]!.id)
    // The one that was being worked on when its worker died was begun again.
    const attempts = (await Promise.all(sweep.points.map(async ({ job }) => (await client.get<Job>(`/v1/jobs/${job}`)).attempts))).flat()
    assert.equal(new Set(attempts.map(({ worker }) => worker)).size, 2)
  })
})
