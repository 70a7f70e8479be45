/** kill -9 of each process in the middle of a job: afterwards the job has ended with a result or a reason, and the service goes on. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createClient, type Client } from '../../src/cli/client.ts'
import type { Job } from '../../src/jobs/resources.ts'
import { startService, type Role, type Service } from './service.ts'

const file = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const RECOVERY_MS = 90_000
/** Small batches make the evaluation last long enough to be hit in the middle. */
const LONG = { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: { batchSize: 32, latency: false } }
const SHORT = { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: false }

/** How the job may end. Only the engine child's death is the job's own; the others are survived. */
const EXPECTED: Record<Role, Job['state'][]> = {
  'engine child': ['failed'], worker: ['succeeded'], API: ['succeeded'], Valkey: ['succeeded'], Postgres: ['succeeded'],
}

/** Waits for a process to end. */
async function isGone (pid: number): Promise<boolean> {
  for (let left = 100; left > 0; left--) {
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    await sleep(100)
  }
  return false
}

describe('kill -9 in the middle of a job', () => {
  let service: Service, client: Client, model: string, dataset: string

  before(async () => {
    service = await startService()
    client = createClient(service.url)
    model = (await client.uploadModel(file('test/fixtures/models/resnet8.keras'))).id
    dataset = (await client.uploadDataset(file('examples/fashion-mnist-test.zip'))).id
  })
  after(async () => { await service.stop() })

  /** The job, while the API may be away. */
  async function look (id: string): Promise<Job | null> {
    return await client.get<Job>(`/v1/jobs/${id}`).catch(() => null)
  }

  async function until (id: string, what: string, reached: (job: Job) => boolean, limitMs: number): Promise<Job> {
    const end = Date.now() + limitMs
    let last: Job | null = null
    while (Date.now() < end) {
      const job = await look(id)
      last = job ?? last
      if (job !== null) {
        if (job.state !== 'succeeded') assert.deepEqual(job.artifacts, [], 'artifacts of a job that has not succeeded are visible')
        if (reached(job)) return job
      }
      await sleep(100)
    }
    return assert.fail(`job ${id} was not ${what} within ${limitMs / 1000} s; last seen: ${JSON.stringify(last && { state: last.state, progress: last.progress, attempts: last.attempts })}`)
  }
  const ended = ({ state }: Job): boolean => state === 'succeeded' || state === 'failed' || state === 'cancelled'

  for (const role of Object.keys(EXPECTED) as Role[]) {
    test(role, async () => {
      const { id } = await client.createJob({ model, dataset, recipe: LONG })
      const running = await until(id, 'in its evaluation', ({ progress, state }) => ended({ state } as Job) || (progress.stage === 'evaluating' && progress.done > 0), 60_000)
      assert.equal(running.state, 'running', 'the job ended before anything was killed')
      const engines = service.pids('engine child')
      assert.notDeepEqual(service.kill(role), [], `there is no ${role} to kill`)
      // An engine process must not outlive its worker: it would compute for nobody.
      if (role === 'worker') for (const pid of engines) assert.ok(await isGone(pid), `engine process ${pid} outlives its worker`)
      const job = await until(id, 'ended', ended, RECOVERY_MS)
      assert.ok(EXPECTED[role].includes(job.state), `${job.state}: ${JSON.stringify(job.error)}`)
      if (job.state === 'succeeded') {
        assert.equal(job.artifacts.length, 1)
        await client.download(job.artifacts[0]!, path.join(service.home, 'downloaded.keras'))
      } else {
        assert.match(job.error!.message, /engine process ended by SIGKILL/)
      }
      const next = await client.createJob({ model, recipe: SHORT })
      assert.equal((await until(next.id, 'ended', ended, RECOVERY_MS)).state, 'succeeded', 'the service does not go on')
    })
  }

  test('every stored file is whole', async () => {
    const blobs = path.join(service.home, 'blobs')
    const names = (await readdir(blobs, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() && entry.name.length === 64)
    assert.ok(names.length >= 3)
    for (const { name, parentPath } of names) {
      assert.equal(createHash('sha256').update(await readFile(path.join(parentPath, name))).digest('hex'), name)
    }
  })
})
