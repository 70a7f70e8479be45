/** The worker role: takes attempts from the queue and runs them in engine processes, until it is closed. */
import { rm } from 'node:fs/promises'
import { cpus, hostname } from 'node:os'
import { newId } from '../infra/postgres/ids.ts'
import { createConsumer } from '../infra/valkey/consumer.ts'
import { createSweepConsumer } from '../infra/valkey/flows.ts'
import { createQueue } from '../infra/valkey/queue.ts'
import type { AttemptObserver } from '../jobs/attempt-observer.ts'
import { closeEndedSweeps, closeSweep } from '../jobs/use-cases/close-sweep.ts'
import type { Worker, WorkerState } from '../jobs/fleet.ts'
import { DEFAULT_MAXIMA } from '../jobs/limits.ts'
import { queuesServed } from '../jobs/needs.ts'
import type { Blobs, Catalog } from '../jobs/ports.ts'
import type { QueueName } from '../jobs/queues.ts'
import { reconcile } from '../jobs/use-cases/reconcile.ts'
import { removeFreed } from '../jobs/use-cases/remove-freed.ts'
import { runAttempt } from '../jobs/use-cases/run-attempt.ts'
import { sweep } from '../jobs/use-cases/sweep.ts'
import { VERSION } from '../version.ts'
import { deviceOf, jobMemoryBytes } from './device.ts'
import { announcePresence } from './presence.ts'
import { repeat } from './repeat.ts'
import { createEngineRunner, type EngineRunnerOptions } from './runner.ts'
import { openScratch } from './scratch.ts'
import { createWork } from './work.ts'

export interface WorkerOptions {
  readonly catalog: Catalog
  readonly blobs: Blobs
  readonly redisUrl: string
  readonly queuePrefix: string
  /** Folder of data and caches; running jobs have their files in `scratch` below it. */
  readonly home: string
  /** Jobs at once; each has an engine process of its own. */
  readonly concurrency: number
  /** Queues to serve; absent: those that memory and device allow. */
  readonly queues?: readonly QueueName[]
  /** A worker that gives one job more than this serves the queue `large`. */
  readonly largeMb?: number
  /** An entry is given to another worker when this one was not heard of for so long. */
  readonly lockMs: number
  /** How often rows and queue are compared; a job whose entry got lost waits about so long. */
  readonly reconcileMs: number
  readonly engine: Omit<EngineRunnerOptions, 'slots'>
  readonly observer?: AttemptObserver
  /** How long `close` waits for running jobs that cannot be stopped without loss before it gives them up to be begun again. */
  readonly graceMs: number
  readonly log: (message: string) => void
}

export interface RunningWorker {
  /** Resolves when an engine process can take work; rejects when TensorFlow cannot be used. */
  readonly ready: Promise<unknown>
  /** Resident bytes of each engine process that is alive. */
  engineMemory (): Promise<number[]>
  /**
   * Stops taking jobs; those that train save their state and go back to the queue, others have `graceMs` to end and go back then. Then ends the engine
   * processes. Catalog and blobs stay open.
   */
  close (): Promise<void>
  /** Gives all running jobs back at once, when closing takes too long. */
  hurry (): void
}

const SWEEP_MS = 10 * 60 * 1000

/** Of the worker in this process, in attempts and in the log. */
export function workerName (): string {
  return `${hostname()}:${process.pid}`
}

export async function startWorker (options: WorkerOptions): Promise<RunningWorker> {
  const { catalog, blobs, redisUrl, queuePrefix: prefix, concurrency, lockMs, log } = options
  const worker = workerName()
  const scratch = await openScratch(options.home)
  const runner = createEngineRunner({ ...options.engine, slots: concurrency })
  const onTrouble = (error: unknown): void => { log(error instanceof Error ? error.message : String(error)) }
  const memoryBytes = jobMemoryBytes(options.engine.memoryLimitBytes)
  let state: WorkerState = 'starting'
  let device: Worker['device'] = null
  const queues = (): readonly QueueName[] => options.queues ?? queuesServed({ device: device?.kind ?? null, memoryMb: memoryBytes / 2 ** 20 }, options.largeMb ?? DEFAULT_MAXIMA.largeMb)

  const work = createWork(async (entry, signals) => await runAttempt({ catalog, blobs, runner, entry, worker, scratch, memoryBytes, ...signals, ...(options.observer && { observer: options.observer }) }))
  const own = { id: newId('wrk'), name: worker, host: hostname(), pid: process.pid, version: VERSION, memoryBytes, cpus: cpus().length, concurrency }
  const presence = announcePresence(catalog, () => ({ ...own, device, queues: [...queues()], state, jobs: work.jobs() }), onTrouble)
  const consumer = createConsumer(redisUrl, { prefix, queues, concurrency, lockMs, workerName: worker, onTrouble })
  const queue = createQueue(redisUrl, { prefix })
  consumer.onWish((wish, jobId) => work.wish(wish, jobId))
  runner.ready.then(async (engine) => { device = await deviceOf(engine) }).catch(onTrouble).finally(() => {
    if (state === 'starting') state = 'ready'
    void presence.tell()
  })
  await presence.tell()
  await consumer.start(async (entry) => {
    void presence.tell()
    const outcome = await work.take(entry)
    return outcome === 'again' || outcome === 'elsewhere' ? outcome : undefined
  })
  const sweeps = createSweepConsumer(redisUrl, { prefix, lockMs, onTrouble })
  await sweeps.start(async (sweepId) => await closeSweep(catalog, sweepId))

  const timers = [
    repeat(options.reconcileMs, async () => await reconcile({ catalog, queue, graceMs: lockMs }), onTrouble),
    repeat(options.reconcileMs, async () => await closeEndedSweeps(catalog), onTrouble),
    repeat(options.reconcileMs, async () => await removeFreed({ catalog, blobs }), onTrouble),
    repeat(SWEEP_MS, async () => await sweep({ catalog, blobs }), onTrouble),
  ]

  async function drain (): Promise<void> {
    state = 'draining'
    const giveUp = setTimeout(() => work.abandon(), options.graceMs)
    const taken = consumer.close()
    work.drain()
    void presence.tell()
    await Promise.all(timers.map(async (timer) => { await timer.stop() }))
    await taken
    await sweeps.close()
    clearTimeout(giveUp)
    await presence.leave()
    await runner.close()
    await queue.close()
    await rm(scratch, { recursive: true, force: true })
  }

  let closing: Promise<void> | undefined
  return {
    ready: runner.ready,
    engineMemory: runner.memory,
    async close () { await (closing ??= drain()) },
    hurry: () => { work.abandon() },
  }
}
