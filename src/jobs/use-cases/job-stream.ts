/** What happens to one job, told as it happens: its states, progress, figures, what came of it, and the end. */
import type { TenantCatalog } from '../ports.ts'
import { isEnded, WORKED_ON } from '../states.ts'
import type { ChangeKind, JobChanges, WatchedJob } from '../watching.ts'
import { createBell } from './bell.ts'
import { artifactUrl } from './job-view.ts'
import { jobCursorText, type JobCursor } from './stream-cursor.ts'
import { EVENTS_AT_ONCE, patiently, pauseSince, PROGRESS_EVERY_MS, progressMessage, stateMessage, type StreamMessage } from './stream-events.ts'

export interface JobStreamContext {
  readonly catalog: TenantCatalog
  readonly changes: JobChanges
  readonly jobId: string
  readonly from: JobCursor
  readonly signal: AbortSignal
}

/**
 * Messages from the cursor on, until the job has ended, is gone, or `signal` aborts. It reads only when it is asked for the next message, and then what is
 * so by then: a reader who is slow gets fewer messages of progress and larger ones of figures, and every state.
 */
export async function * streamJob ({ catalog, changes, jobId, from, signal }: JobStreamContext): AsyncGenerator<StreamMessage> {
  const bell = createBell<ChangeKind | 'all'>()
  const stop = changes.ofJob(jobId, (kind) => bell.ring(kind ?? 'all'))
  let cursor: JobCursor = { ...from, ended: false }
  let [progress, metrics] = ['', true]
  try {
    while (!signal.aborted) {
      const looked = performance.now()
      const job = await patiently(signal, async () => await catalog.watched(jobId, cursor.event, EVENTS_AT_ONCE))
      if (job === undefined || job === null) return
      // The cursor is of a database that was put back to an earlier day.
      if (cursor.event > job.newest) {
        cursor = { ...cursor, event: 0 }
        continue
      }
      for (const event of job.events) {
        cursor = { ...cursor, event: event.number }
        yield stateMessage(event, jobCursorText(cursor))
      }
      if (cursor.event < job.newest) continue
      if (JSON.stringify(job.progress) !== progress) {
        progress = JSON.stringify(job.progress)
        yield progressMessage(job)
      }
      if (metrics || job.metricRun !== cursor.run || job.events.length > 0) {
        const message = await figures(catalog, job, cursor, signal)
        cursor = message?.cursor ?? cursor
        if (message?.data !== undefined) yield { event: 'metrics', id: jobCursorText(cursor), data: message.data }
      }
      if (isEnded(job.state)) {
        const made = job.state === 'succeeded' ? await outcome(catalog, jobId, signal) : undefined
        // What could not be asked for any more is told to who comes back: the end may not be told before it.
        if (signal.aborted) return
        if (made !== undefined) yield made
        yield { event: 'end', id: jobCursorText({ ...cursor, ended: true }), data: { job: jobId, state: job.state, attempt: job.attempt } }
        return
      }
      const rung = await bell.rung(signal)
      metrics = rung.has('metrics') || rung.has('all')
      if (!rung.has('state')) await pauseSince(looked, PROGRESS_EVERY_MS, signal)
    }
  } finally {
    stop()
  }
}

/**
 * Figures behind the cursor. While the job is worked on those of the newest step wait: there may be more of that step to come. After a run went on from
 * an earlier step, `after` is that step, and what was told of later ones is void.
 */
async function figures (catalog: TenantCatalog, { jobId, state, metricRun, metricFrom }: WatchedJob, { event, run, step: told }: JobCursor, signal: AbortSignal): Promise<{ cursor: JobCursor, data?: object } | undefined> {
  // Of several runs that went on from somewhere only the last place is known: all is told again.
  const after = run === metricRun ? told : Math.min(told, metricRun === run + 1 ? metricFrom : 0)
  const newest = await patiently(signal, async () => await catalog.newestStep(jobId)) ?? -1
  const before = WORKED_ON.includes(state) ? newest : newest + 1
  const points = before <= after + 1 ? null : await patiently(signal, async () => await catalog.newPoints(jobId, after, before))
  const step = Math.max(after, points?.lastStep ?? -1)
  if (points === undefined || (step === told && run === metricRun)) return undefined
  const cursor = { event, run: metricRun, step, ended: false }
  const { series = {}, thinned = false } = points ?? {}
  return points === null && after === told ? { cursor } : { cursor, data: { job: jobId, after, series, thinned } }
}

/** What a job that succeeded has made, in short: the rest is in the job. */
async function outcome (catalog: TenantCatalog, jobId: string, signal: AbortSignal): Promise<StreamMessage> {
  const job = await patiently(signal, async () => await catalog.job(jobId))
  const artifacts = await patiently(signal, async () => await catalog.artifacts(jobId)) ?? []
  const receipt = job?.receipt
  return {
    event: 'receipt',
    data: {
      job: jobId,
      artifacts: artifacts.map((artifact) => ({ ...artifact, url: artifactUrl(jobId, artifact.name) })),
      ...(receipt !== undefined && receipt !== null && { before: receipt.before, after: receipt.after, warnings: receipt.warnings }),
    },
  }
}
