/** The worker role: takes attempts from the queue and runs them in engine processes, until it is closed. */
import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { createConsumer } from '../infra/valkey/consumer.ts'
import { createSweepConsumer } from '../infra/valkey/flows.ts'
import { createQueue } from '../infra/valkey/queue.ts'
import type { AttemptObserver } from '../jobs/attempt-observer.ts'
import type { Blobs, Catalog } from '../jobs/ports.ts'
import { closeEndedSweeps, closeSweep } from '../jobs/use-cases/close-sweep.ts'
import { reconcile } from '../jobs/use-cases/reconcile.ts'
import { runAttempt } from '../jobs/use-cases/run-attempt.ts'
import { sweep } from '../jobs/use-cases/sweep.ts'
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
  /** An entry is given to another worker when this one was not heard of for so long. */
  readonly lockMs: number
  /** How often rows and queue are compared; a job whose entry got lost waits about so long. */
  readonly reconcileMs: number
  readonly engine: Omit<EngineRunnerOptions, 'slots'>
  readonly observer?: AttemptObserver
  /** How long `close` waits for running jobs before it gives them up to be begun again. */
  readonly graceMs: number
  readonly log: (message: string) => void
}

export interface RunningWorker {
  /** Resolves when an engine process can take work; rejects when TensorFlow cannot be used. */
  readonly ready: Promise<unknown>
  /** Resident bytes of each engine process that is alive. */
  engineMemory (): Promise<number[]>
  /** Stops taking jobs, waits for the running ones up to `graceMs`, then ends the engine processes. Catalog and blobs stay open. */
  close (): Promise<void>
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
  runner.ready.catch(onTrouble)

  const work = createWork(async (entry, signal, pause) => await runAttempt({ catalog, blobs, runner, entry, worker, scratch, signal, pause, ...(options.observer && { observer: options.observer }) }))
  const consumer = createConsumer(redisUrl, { prefix, concurrency, lockMs, workerName: worker, onTrouble })
  const queue = createQueue(redisUrl, { prefix })
  consumer.onWish((wish, jobId) => work.wish(wish, jobId))
  await consumer.start(async (entry) => { await work.take(entry) })
  const sweeps = createSweepConsumer(redisUrl, { prefix, lockMs, onTrouble })
  await sweeps.start(async (sweepId) => await closeSweep(catalog, sweepId))

  const timers = [
    repeat(options.reconcileMs, async () => await reconcile({ catalog, queue, graceMs: lockMs }), onTrouble),
    repeat(options.reconcileMs, async () => await closeEndedSweeps(catalog), onTrouble),
    repeat(SWEEP_MS, async () => await sweep({ catalog, blobs }), onTrouble),
  ]

  return {
    ready: runner.ready,
    engineMemory: runner.memory,
    async close () {
      const giveUp = setTimeout(() => work.abandon(), options.graceMs)
      await Promise.all(timers.map(async (timer) => { await timer.stop() }))
      await consumer.close()
      await sweeps.close()
      clearTimeout(giveUp)
      await runner.close()
      await queue.close()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
