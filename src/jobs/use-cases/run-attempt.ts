/** A worker's use case: one attempt of a job from its beginning to its end, whatever queue and engine are used. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { EspalierError } from '../../errors.ts'
import type { Blobs, Catalog, CheckpointFile, JobRow, QueueEntry, Runner, RunResult } from '../ports.ts'
import { quotaExceeded } from '../quotas.ts'
import { isEnded } from '../states.ts'
import { bringInputs, storeOutputs } from './attempt-files.ts'
import { checkpointKeeper } from './checkpoints.ts'
import { metricsWriter } from './metrics-writer.ts'
import { progressWriter } from './progress-writer.ts'

/** An attempt whose worker died this often is likely what kills it. */
export const MAX_STARTS = 3

/** How often a running job's state is looked at, for the case that the announcement of a cancel got lost. */
export const WATCH_MS = 2000

export interface AttemptContext {
  readonly catalog: Catalog
  readonly blobs: Blobs
  readonly runner: Runner
  readonly entry: QueueEntry
  /** Name of the worker, shown with the attempt. */
  readonly worker: string
  /** Folder in which the attempt gets a folder of its own, which is always removed. */
  readonly scratch: string
  /** Aborted with an EspalierError `job-cancelled` to cancel; with anything else to give the attempt up so that it is begun again. */
  readonly signal: AbortSignal
  /** Aborted to pause. */
  readonly pause: AbortSignal
  readonly watchMs?: number
}

/** `skipped`: there was nothing to do, or another worker did it. */
export type Outcome = 'succeeded' | 'failed' | 'cancelled' | 'paused' | 'skipped'

/**
 * Begins the attempt, runs it, stores its outputs and ends it; every change is conditional on the attempt, so running it twice does no harm.
 * Rejects only when the attempt ought to be given again: `unavailable`, `quota-exceeded` while its tenant has as many running as it may, or the signal's reason.
 */
export async function runAttempt (context: AttemptContext): Promise<Outcome> {
  const { catalog, entry: { jobId, attempt }, worker } = context
  const begin = await catalog.begin(jobId, attempt, worker)
  if (!begin.begun) {
    if (begin.full !== undefined) throw quotaExceeded('runningJobs', { ...begin.full, asked: 1 })
    // `cancelling` or `pausing` under this attempt: the worker that was to stop it died.
    if (begin.state === 'cancelling' && await catalog.cancelled(jobId, attempt)) return 'cancelled'
    return begin.state === 'pausing' && await catalog.paused(jobId, attempt) ? 'paused' : 'skipped'
  }
  const starts = await catalog.starts(jobId, attempt)
  if (starts > MAX_STARTS) {
    const error = new EspalierError('attempts-exhausted',
      `the job was begun ${MAX_STARTS} times and its worker died each time, perhaps for lack of memory; retry it on a larger machine`, { starts: MAX_STARTS })
    return await catalog.fail(jobId, attempt, error.toRecord()) ? 'failed' : 'skipped'
  }

  const watch = watchState(context)
  const signal = AbortSignal.any([context.signal, watch.signal])
  const pause = AbortSignal.any([context.pause, watch.pause])
  try {
    return await work({ ...context, signal, pause }, begin.job, watch.look)
  } catch (thrown) {
    return await endFor(context, signal.aborted ? signal.reason : thrown, signal.aborted)
  } finally {
    watch.stop()
  }
}

async function work (context: AttemptContext, job: JobRow, look: () => void): Promise<Outcome> {
  const { catalog, blobs, runner, entry: { jobId, attempt }, scratch, signal, pause } = context
  await mkdir(scratch, { recursive: true })
  const home = await mkdtemp(path.join(scratch, `${jobId}-${attempt}-`))
  const progress = progressWriter(async (value) => await catalog.progress(jobId, attempt, value), look)
  const metrics = metricsWriter(async (batch) => await catalog.metrics(jobId, attempt, batch), look)
  try {
    const [inputFolder, folder, checkpointFolder] = [path.join(home, 'inputs'), path.join(home, 'outputs'), path.join(home, 'checkpoints')]
    await mkdir(inputFolder)
    await mkdir(checkpointFolder)
    const inputs = await bringInputs(catalog.of(job.tenantId), blobs, job, inputFolder, signal)
    signal.throwIfAborted()
    if (pause.aborted) throw new EspalierError('job-paused', 'the job was paused')
    const checkpoints = checkpointKeeper({ catalog, blobs, entry: context.entry, current: job.checkpoint, before: metrics.settled, refused: look })
    const run = async (checkpoint: CheckpointFile | null): Promise<RunResult> => {
      await mkdir(folder)
      return await runner.run({ job: jobId, attempt, recipe: job.recipe, ...inputs, folder, checkpoint, checkpointFolder }, {
        onProgress: progress.report,
        onMetrics: metrics.report,
        onCheckpoint: checkpoints.store,
        signal,
        pause,
      })
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
    }
    const artifacts = await storeOutputs(blobs, result.outputs, folder, signal)
    await progress.stop()
    await metrics.settled()
    if (await catalog.succeed(jobId, attempt, result.receipt, artifacts)) {
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
async function endFor ({ catalog, entry: { jobId, attempt } }: AttemptContext, thrown: unknown, aborted: boolean): Promise<Outcome> {
  if (thrown === SUPERSEDED) return 'skipped'
  const error = EspalierError.from(thrown)
  if (error.code === 'job-cancelled') return await catalog.cancelled(jobId, attempt) ? 'cancelled' : 'skipped'
  // A cancel that came meanwhile is the later wish.
  if (error.code === 'job-paused' && !aborted) return await catalog.paused(jobId, attempt) ? 'paused' : await catalog.cancelled(jobId, attempt) ? 'cancelled' : 'skipped'
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
