/** Engine processes that crash, hang, grow or are cancelled: each ends one job with its reason, and the runner goes on. */
import assert from 'node:assert/strict'
import { after, afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { RunHooks, RunRequest } from '../../src/jobs/ports.ts'
import { residentBytes } from '../../src/worker/memory.ts'
import { spawnEngine, type EngineChild, type EngineChildOptions } from '../../src/worker/engine-child.ts'
import { createEngineRunner, type EngineRunner } from '../../src/worker/runner.ts'

const OPTIONS: EngineChildOptions = {
  entry: fileURLToPath(new URL('../support/misbehaving-child.ts', import.meta.url)),
  settings: {}, env: process.env, memoryLimitBytes: 400 << 20, timeoutMs: 0,
}

function request (job: string): RunRequest {
  return { job, attempt: 1, recipe: {} as never, model: {} as never, dataset: null, evaluationDataset: null, folder: '/nowhere', checkpoint: null, checkpointFolder: '/nowhere' }
}
const hooks = (signal = new AbortController().signal, pause = new AbortController().signal): RunHooks => ({ onProgress: () => {}, onMetrics: () => {}, onCheckpoint: async () => true, signal, pause })

function isAlive (pid: number): boolean {
  try { process.kill(pid, 0); return true } catch { return false }
}

describe('an engine process', () => {
  let child: EngineChild | undefined
  afterEach(async () => { await child?.kill() })
  const start = (options: Partial<EngineChildOptions> = {}): EngineChild => { child = spawnEngine({ ...OPTIONS, ...options }); return child }

  test('says what it is, reports progress and gives the result', async () => {
    const engine = start()
    assert.deepEqual(await engine.ready, { device: 'cpu' })
    const stages: string[] = []
    const result = await engine.run(request('done'), { ...hooks(), onProgress: ({ stage }) => stages.push(stage) })
    assert.equal(result.job, 'done')
    assert.deepEqual(stages, ['done'])
    assert.equal(engine.jobs, 1)
  })

  test('an error crosses the border by its code and leaves the process alive', async () => {
    const engine = start()
    await assert.rejects(engine.run(request('fail'), hooks()), { code: 'nothing-pruned', message: 'nothing to prune' })
    assert.equal(engine.alive, true)
  })

  test('a native abort is named with its signal and last words', async () => {
    await assert.rejects(start().run(request('abort'), hooks()), { code: 'engine-crashed', message: /SIGABRT.*Check failed: an invariant/ })
  })

  test('an exit is named with its code', async () => {
    await assert.rejects(start().run(request('exit'), hooks()), { code: 'engine-crashed', message: /exit code 7/ })
  })

  test('kill -9 from outside in the middle of a job', async () => {
    const engine = start()
    const running = engine.run(request('spin'), { ...hooks(), onProgress: () => process.kill(engine.pid, 'SIGKILL') })
    await assert.rejects(running, { code: 'engine-crashed', message: /SIGKILL/ })
    await assert.rejects(engine.run(request('done'), hooks()), { code: 'engine-crashed' })
  })

  test('cancel kills a process whose event loop is blocked', async () => {
    const engine = start()
    const cancel = new AbortController()
    const running = engine.run(request('spin'), { ...hooks(cancel.signal), onProgress: () => cancel.abort() })
    await assert.rejects(running, { code: 'job-cancelled' })
    assert.equal(await residentBytes(engine.pid), null)
  })

  test('a pause stops the job and leaves the process alive, also one that was wished before it began', async () => {
    const engine = start()
    const pause = new AbortController()
    const running = engine.run(request('pausable'), { ...hooks(undefined, pause.signal), onProgress: () => pause.abort() })
    await assert.rejects(running, { code: 'job-paused' })
    await assert.rejects(engine.run(request('pausable'), hooks(undefined, pause.signal)), { code: 'job-paused' })
    assert.equal((await engine.run(request('done'), hooks(undefined, pause.signal))).job, 'done')
    assert.equal(engine.alive, true)
  })

  test('a job that takes too long', async () => {
    await assert.rejects(start({ timeoutMs: 300 }).run(request('spin'), hooks()), { code: 'limit-exceeded', message: /longer than 0.3 s, the service's limit/, details: { limit: 'timeSeconds', of: 'service', timeSeconds: 0.3 } })
  })

  test('a job\'s own limits are told as its own; time of former starts counts', async () => {
    const limits = { timeSeconds: 60, memoryMb: 512 }
    await assert.rejects(start({ timeoutMs: 90_000 }).run({ ...request('spin'), limits, spentMs: 59_800 }, hooks()), { code: 'limit-exceeded', details: { limit: 'timeSeconds', of: 'job', timeSeconds: 60 } })
    await assert.rejects(start({ memoryLimitBytes: 2 ** 40 }).run({ ...request('grow'), limits }, hooks()), { code: 'limit-exceeded', message: /512 MB are allowed: the job's own limit \(limits.memoryMb\)/ })
  })

  test('a job that grows too large', async () => {
    await assert.rejects(start().run(request('grow'), hooks()), { code: 'limit-exceeded', message: /400 MB are allowed/ })
  })

  test('TensorFlow that cannot be loaded says what to run', async () => {
    await assert.rejects(start({ settings: { unloadable: true } as never }).run(request('done'), hooks()), { code: 'engine-unavailable', message: /npm run setup/ })
  })
})

describe('the runner', () => {
  const pids: number[] = []
  let runner: EngineRunner | undefined
  const spawn = (options: EngineChildOptions): EngineChild => {
    const child = spawnEngine(options)
    pids.push(child.pid)
    return child
  }
  afterEach(async () => { await runner?.close() })
  after(async () => { for (const pid of pids) assert.equal(await residentBytes(pid), null, `engine process ${pid} is left over`) })

  test('one process serves many jobs and is replaced after a crash', async () => {
    const first = pids.length
    runner = createEngineRunner({ ...OPTIONS, slots: 1, spawn })
    await runner.run(request('done'), hooks())
    await runner.run(request('done'), hooks())
    assert.equal(pids.length - first, 1)
    await assert.rejects(runner.run(request('exit'), hooks()), { code: 'engine-crashed' })
    assert.equal((await runner.run(request('done'), hooks())).job, 'done')
    assert.equal(pids.length - first, 2)
  })

  test('the next process is started when the memory of the last is free, and no more than there are slots', async () => {
    const alive: Array<number | null> = []
    runner = createEngineRunner({
      ...OPTIONS,
      slots: 1,
      recycleAfterJobs: 1,
      spawn (options) {
        alive.push(pids.filter((pid) => isAlive(pid)).length)
        return spawn(options)
      },
    })
    await runner.run(request('done'), hooks())
    for (let left = 100; left > 0 && alive.length < 2; left--) await sleep(20)
    assert.deepEqual(alive, [0, 0])
    await sleep(100)
    assert.equal(alive.length, 2)
  })

  test('a job with a limit of its own gets a process without memories', async () => {
    const first = pids.length
    runner = createEngineRunner({ ...OPTIONS, slots: 1, spawn })
    const limited = { ...request('done'), limits: { memoryMb: 512 } }
    await runner.run(limited, hooks())
    assert.equal(pids.length - first, 1)
    await runner.run(limited, hooks())
    assert.equal(pids.length - first, 2)
    assert.equal(isAlive(pids[first]!), false)
  })

  test('a process serves on after a pause', async () => {
    const first = pids.length
    runner = createEngineRunner({ ...OPTIONS, slots: 1, spawn })
    await assert.rejects(runner.run(request('pausable'), hooks(undefined, AbortSignal.abort())), { code: 'job-paused' })
    await runner.run(request('done'), hooks())
    assert.equal(pids.length - first, 1)
  })

  test('a process is replaced after its number of jobs', async () => {
    const first = pids.length
    runner = createEngineRunner({ ...OPTIONS, slots: 1, spawn, recycleAfterJobs: 2 })
    for (let job = 0; job < 4; job++) await runner.run(request('done'), hooks())
    assert.ok(pids.length - first >= 2)
  })

  test('a runner without TensorFlow fails each job with the reason', async () => {
    runner = createEngineRunner({ ...OPTIONS, settings: { unloadable: true } as never, slots: 1, spawn })
    await assert.rejects(runner.ready, { code: 'engine-unavailable' })
    await assert.rejects(runner.run(request('done'), hooks()), { code: 'engine-unavailable' })
    await assert.rejects(runner.run(request('done'), hooks()), { code: 'engine-unavailable' })
  })
})
