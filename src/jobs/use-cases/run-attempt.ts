/** A worker's use case: one attempt of a job from its beginning to its end, whatever queue and engine are used. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { EspalierError } from '../../errors.ts'
import type { Blobs, Catalog, CheckpointFile, JobRow, QueueEntry, Runner, RunResult } from '../ports.ts'
import { NO_OBSERVER, type AttemptObserver, type AttemptWatcher, type Outcome } from '../attempt-observer.ts'
import { isEnded } from '../states.ts'
import { bringInputs, storeOutputs } from './attempt-files.ts'
import { bytesMoved } from './bytes-moved.ts'
import { checkpointKeeper } from './checkpoints.ts'
import { metricsWriter } from './metrics-writer.ts'
import { progressWriter } from './progress-writer.ts'
import { timeKeeper, type TimeKeeper } from './time-keeper.ts'

export type { Outcome } from '../attempt-observer.ts'

/** An attempt whose worker died this often is likely what kills it. */
export const MAX_STARTS = 3

/** How often a running job's state is looked at, for the case that the announcement of a cancel got lost. */
export const WATCH_MS = 1500

export interface AttemptContext {
  readonly catalog: Catalog
  readonly blobs: Blobs
  readonly runner: Runner
  readonly entry: QueueEntry
  /** Name of the worker, shown with the attempt. */
  readonly worker: string
  /** Folder in which the attempt gets a folder of its own, which is always removed. */
  readonly scratch: string
  /** Aborted with an EspalierError `job-cancelled` to cancel; with `unavailable` to give the attempt up so that it is begun again at once, with anything else to reject with that. */
  readonly signal: AbortSignal
  /** Aborted to pause. */
  readonly pause: AbortSignal
  /** Aborted when the worker ends: as a pause, but another worker goes on. */
  readonly drain?: AbortSignal
  /** What one job may have here; a job that needs more is for another worker. Absent: it is not looked at. */
  readonly memoryBytes?: number
  readonly watchMs?: number
  readonly observer?: AttemptObserver
}

/**
 * Begins the attempt, runs it, stores its outputs and ends it; every change is conditional on the attempt, so running it twice does no harm.
 * Rejects only when the attempt ought to be given again after a while: `unavailable`, or the signal's reason.
 */
export async function runAttempt (context: AttemptContext): Promise<Outcome> {
  const { catalog, entry: { jobId, attempt }, worker, observer = NO_OBSERVER } = context
  if (context.drain?.aborted === true) return 'again'
  if (context.memoryBytes !== undefined) {
    const { state, needs: { memoryMb = 0 } } = await catalog.anyJob(jobId) ?? { needs: {} }
    if (state === 'queued' && memoryMb * 2 ** 20 > context.memoryBytes) return 'elsewhere'
  }
  const begin = await catalog.begin(jobId, attempt, worker)
  if (!begin.begun) {
    if (begin.full !== undefined) return 'elsewhere'
    // `cancelling` or `pausing` under this attempt: the worker that was to stop it died.
    if (begin.state === 'cancelling' && await catalog.cancelled(jobId, attempt)) return 'cancelled'
    return begin.state === 'pausing' && await catalog.paused(jobId, attempt) ? 'paused' : 'skipped'
  }
  const { job, waitMs, traceContext } = begin
  const watcher = observer.begun({ jobId, attempt, method: job.recipe.method, waitMs, traceContext })
  const watch = watchState(context)
  const attempts = await catalog.of(job.tenantId).attempts(jobId)
  const clock = timeKeeper(1000 * (attempts.find(({ number }) => number === attempt)?.usedSeconds ?? 0), async (ms) => { await catalog.spent(jobId, attempt, ms) })
  const signal = AbortSignal.any([context.signal, watch.signal])
  const pause = AbortSignal.any([context.pause, watch.pause, ...(context.drain === undefined ? [] : [context.drain])])
  try {
    await assertMayStart(catalog, context.entry)
    const outcome = await work({ ...context, signal, pause }, job, watch.look, watcher, clock)
    watcher.ended(outcome)
    return outcome
  } catch (thrown) {
    return await endFor(context, signal.aborted ? signal.reason : thrown, signal.aborted, watcher)
  } finally {
    watch.stop()
  }
}

async function assertMayStart (catalog: Catalog, { jobId, attempt }: QueueEntry): Promise<void> {
  if (await catalog.starts(jobId, attempt) <= MAX_STARTS) return
  throw new EspalierError('attempts-exhausted',
    `the job was begun ${MAX_STARTS} times and its worker died each time, perhaps for lack of memory; retry it on a larger machine`, { starts: MAX_STARTS })
}

async function work (context: AttemptContext, job: JobRow, look: () => void, watcher: AttemptWatcher, clock: TimeKeeper): Promise<Outcome> {
  const { catalog, blobs, runner, entry: { jobId, attempt }, scratch, signal, pause } = context
  await mkdir(scratch, { recursive: true })
  const home = await mkdtemp(path.join(scratch, `${jobId}-${attempt}-`))
  const progress = progressWriter(async (value) => await catalog.progress(jobId, attempt, value), look)
  const moved = bytesMoved(progress.report)
  const metrics = metricsWriter(async (batch) => await catalog.metrics(jobId, attempt, batch), look)
  try {
    const [inputFolder, folder, checkpointFolder] = [path.join(home, 'inputs'), path.join(home, 'outputs'), path.join(home, 'checkpoints')]
    await mkdir(inputFolder)
    await mkdir(checkpointFolder)
    const inputs = await watcher.stage('inputs', async () => await bringInputs(catalog.of(job.tenantId), blobs, job, inputFolder, signal, moved))
    signal.throwIfAborted()
    if (pause.aborted) throw new EspalierError('job-paused', 'the job was paused')
    const checkpoints = checkpointKeeper({ catalog, blobs, entry: context.entry, current: job.checkpoint, before: metrics.settled, refused: look })
    const run = async (checkpoint: CheckpointFile | null): Promise<RunResult> => {
      await mkdir(folder)
      return await watcher.stage('engine', async () => await runner.run({ job: jobId, attempt, recipe: job.recipe, ...inputs, folder, checkpoint, checkpointFolder, limits: job.limits, spentMs: clock.spent() }, {
        onBegin: clock.start,
        onProgress (value) {
          watcher.progress(value)
          progress.report(value)
        },
        onMetrics: metrics.report,
        onStage: watcher.engineStage,
        async onCheckpoint (file) {
          const stored = await checkpoints.store(file)
          watcher.checkpoint(file.bytes, stored)
          return stored
        },
        signal,
        pause,
      }))
    }
    let result: RunResult
    try {
      result = await run(await checkpoints.bring(inputFolder, signal))
    } catch (thrown) {
      if (EspalierError.from(thrown).details.checkpoint !== true) throw thrown
      // It cannot be gone on from: the run begins at its beginning.
      await checkpoints.drop()
      await rm(folder, { recursive: true, force: true })
      result = await run(null)
    } finally {
      await checkpoints.settled()
      // Before the attempt ends: whoever sees that it has sees what it used.
      await clock.stop()
    }
    const { weights } = result
    const [artifacts, [record]] = await watcher.stage('outputs', async () => await Promise.all([
      storeOutputs(blobs, result.outputs, folder, signal, moved),
      storeOutputs(blobs, weights ? [weights] : [], folder, signal),
    ]))
    await progress.stop()
    await metrics.settled()
    if (await catalog.succeed(jobId, attempt, result.receipt, artifacts, record)) {
      await checkpoints.forget()
      return 'succeeded'
    }
    // A cancel came before the success, or another worker ended the attempt.
    return await catalog.cancelled(jobId, attempt) ? 'cancelled' : 'skipped'
  } finally {
    await progress.stop()
    await metrics.settled()
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Ends the attempt after `thrown`, or rejects when it ought to be given again. */
async function endFor (context: AttemptContext, thrown: unknown, aborted: boolean, watcher: AttemptWatcher): Promise<Outcome> {
  const error = EspalierError.from(thrown)
  try {
    const outcome = thrown === SUPERSEDED ? 'skipped' : await endWith(context, thrown, aborted)
    watcher.ended(outcome === 'again' || outcome === 'elsewhere' ? 'returned' : outcome, error)
    return outcome
  } catch (again) {
    watcher.ended('returned', EspalierError.from(again))
    throw again
  }
}

async function endWith ({ catalog, entry: { jobId, attempt }, drain }: AttemptContext, thrown: unknown, aborted: boolean): Promise<Outcome> {
  const error = EspalierError.from(thrown)
  if (error.code === 'job-cancelled') return await catalog.cancelled(jobId, attempt) ? 'cancelled' : 'skipped'
  const stopped = (error.code === 'job-paused' && !aborted) || (error.code === 'unavailable' && aborted)
  if (stopped) {
    if (await catalog.paused(jobId, attempt)) return 'paused'
    if ((aborted || drain?.aborted === true) && await catalog.giveBack(jobId, attempt)) return 'again'
    // A cancel that came meanwhile is the later wish.
    return await catalog.cancelled(jobId, attempt) ? 'cancelled' : 'skipped'
  }
  if (aborted || error.code === 'unavailable') throw thrown
  return await catalog.fail(jobId, attempt, error.toRecord()) ? 'failed' : 'skipped'
}

const SUPERSEDED = new EspalierError('conflict', 'the attempt is no longer the job\'s current one')

interface Watch { readonly signal: AbortSignal, readonly pause: AbortSignal, look (): void, stop (): void }

/** Looks at the job's row from time to time and when asked; aborts `signal` when it is to be cancelled or is no longer ours, `pause` when it is to be paused. */
function watchState ({ catalog, entry: { jobId, attempt }, watchMs = WATCH_MS }: AttemptContext): Watch {
  const controller = new AbortController()
  const pause = new AbortController()
  let looking = false
  function look (): void {
    if (looking || controller.signal.aborted) return
    looking = true
    catalog.anyJob(jobId).then((job) => {
      if (job === null || job.attempt !== attempt || job.state === 'paused' || isEnded(job.state)) controller.abort(SUPERSEDED)
      else if (job.state === 'cancelling') controller.abort(new EspalierError('job-cancelled', 'the job was cancelled'))
      else if (job.state === 'pausing') pause.abort()
    }, () => {}).finally(() => { looking = false }) // a Catalog that does not answer now will do so when the attempt ends
  }
  const timer = setInterval(look, watchMs)
  return { signal: controller.signal, pause: pause.signal, look, stop: () => { clearInterval(timer) } }
}
