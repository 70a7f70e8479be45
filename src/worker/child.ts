/** Entry of the engine process: loads TensorFlow, then runs one job at a time for the worker that started it. Files in, files out. */
import { dirname, join } from 'node:path'
import { EspalierError } from '../errors.ts'
import { loadEngine } from '../engine/runtime.ts'
import type { JobDataset } from '../methods/job-types.ts'
import { runJob } from '../methods/run-job.ts'
import type { DatasetFileInput, RunResult } from '../jobs/ports.ts'
import { rememberedGzipSizes } from './gzip-size.ts'
import { checkpointed, checkpointsOn } from './checkpoints.ts'
import { createSpoolFile, folderOnDisk, openFile } from './files.ts'
import { metricsBuffer } from './metrics.ts'
import { expectOutput } from './output-file.ts'
import { standBehind } from './priority.ts'
import type { ChildSettings, FromChild, RunMessage, ToChild } from './protocol.ts'

/** Progress is sent at most so often: every message costs the worker a row update. */
const PROGRESS_EVERY_MS = 100

/** Behind its worker, and far behind the API and the database: whoever asks is not to wait for what computes on the same machine. */
const PRIORITY = 15

standBehind(PRIORITY)

const gzipSize = rememberedGzipSizes()
let running: { readonly job: string, readonly stop: AbortController, readonly pause: AbortController } | undefined

function send (message: FromChild): void {
  if (process.connected) process.send?.(message)
}

async function run (message: RunMessage): Promise<void> {
  if (running !== undefined) {
    send({ type: 'failed', job: message.job, error: new EspalierError('conflict', 'the engine process is busy with another job').toRecord() })
    return
  }
  const [stop, pause] = [new AbortController(), new AbortController()]
  running = { job: message.job, stop, pause }
  try {
    const result = await runFiles(message, stop.signal, pause.signal)
    send({ type: 'done', ...result })
  } catch (error) {
    const reason: unknown = stop.signal.aborted ? new EspalierError('job-cancelled', 'the job was cancelled') : error
    send({ type: 'failed', job: message.job, error: describe(reason).toRecord() })
  } finally {
    running = undefined
  }
}

async function runFiles (request: RunMessage, signal: AbortSignal, pause: AbortSignal): Promise<RunResult> {
  const opened: Array<{ close (): Promise<void> }> = []
  const open = async (path: string): ReturnType<typeof openFile> => {
    const file = await openFile(path)
    opened.push(file)
    return file
  }
  const dataset = async (file: DatasetFileInput | null): Promise<JobDataset | null> => file && { ...file, source: await open(file.path) }
  const metrics = metricsBuffer(request.job, send)
  let [last, stage] = [0, '']
  try {
    const model = await open(request.model.path)
    expectOutput(model.size)
    const { receipt, outputs, weights } = await runJob({
      recipe: request.recipe,
      model: { ...request.model, source: model },
      dataset: await dataset(request.dataset),
      evaluationDataset: await dataset(request.evaluationDataset),
      folder: folderOnDisk(request.folder),
      engine: async () => await loadEngine(settings),
      gzipSize,
      limits: { ...request.shares, ...(settings.threads !== undefined && { threads: settings.threads }) },
      async spool (name) {
        const file = await createSpoolFile(join(dirname(request.folder), name))
        opened.push(file)
        return file
      },
      checkpoints: checkpointsOn(request, (message) => {
        // A run that goes on from this checkpoint tells no figure of an earlier step again.
        metrics.flush()
        send(message)
      }),
      signal,
      pause,
      onProgress (progress) {
        const now = performance.now()
        if (progress.stage === stage && now - last < PROGRESS_EVERY_MS && progress.done < progress.total) return
        ;[last, stage] = [now, progress.stage]
        send({ type: 'progress', job: request.job, progress })
      },
      onStage (time) { send({ type: 'stage', job: request.job, time }) },
      onTrainingBegin: metrics.begin,
      onMetrics: metrics.add,
    })
    return { job: request.job, receipt, outputs, weights }
  } finally {
    metrics.flush()
    await Promise.all(opened.map(async (file) => await file.close()))
  }
}

/** TensorFlow's and JavaScript's out-of-memory errors are limits, not faults of this program. */
function describe (error: unknown): EspalierError {
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof RangeError && /allocation|invalid (typed )?array length/i.test(text)) {
    return new EspalierError('limit-exceeded', `memory ran out: ${text}`, {}, { cause: error })
  }
  if (/OOM|resource exhausted|out of memory/i.test(text)) return new EspalierError('limit-exceeded', `TensorFlow ran out of memory: ${text}`, {}, { cause: error })
  return EspalierError.from(error)
}

const settings = JSON.parse(process.argv[2] ?? '{}') as ChildSettings

process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => { if (running === undefined) process.exit(0); else running.stop.abort() })
// Ctrl-C reaches the whole process group; the worker decides when this process ends.
process.on('SIGINT', () => {})
process.on('message', (message: ToChild) => {
  switch (message.type) {
    case 'run': void run(message); break
    case 'checkpointed': checkpointed(message.job, message.stored); break
    case 'pause': if (running?.job === message.job) running.pause.abort(); break
    case 'stop': process.exit(0)
  }
})

try {
  const { info } = await loadEngine(settings)
  send({ type: 'ready', engine: info })
} catch (error) {
  send({ type: 'failed', job: '', error: EspalierError.from(error, 'engine-unavailable').toRecord() })
}
