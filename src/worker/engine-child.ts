/** One engine process: starts it, hands it jobs one at a time, and says how it ended when it ends by itself. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { EspalierError } from '../errors.ts'
import type { EngineSettings } from '../engine/runtime.ts'
import type { RunHooks, RunRequest, RunResult } from '../jobs/ports.ts'
import { holding, tookTooLong, tookTooMuch } from '../jobs/limits.ts'
import { residentBytes } from './memory.ts'
import { sharesOf } from './shares.ts'
import type { ChildSettings, FromChild, ToChild } from './protocol.ts'

export interface EngineChildOptions {
  readonly settings: EngineSettings
  /** The whole environment of the child; TensorFlow reads its settings there. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The child is killed when it holds more than this during a job. */
  readonly memoryLimitBytes: number
  /** The child is killed when a job takes longer; 0 for no limit. */
  readonly timeoutMs: number
  /** The program to run; tests give one that misbehaves on demand. */
  readonly entry?: string
}

export interface EngineChild {
  readonly pid: number
  readonly jobs: number
  /** False once it has ended, was killed, or could not load TensorFlow. */
  readonly alive: boolean
  /** It was made to end: by a limit, a cancel, or because it is no longer needed. */
  readonly killed: boolean
  /** TensorFlow was loaded. */
  readonly loaded: boolean
  /** Resolves when TensorFlow is loaded; rejects when the child ends before or cannot load it. */
  readonly ready: Promise<Readonly<Record<string, unknown>>>
  run (request: RunRequest, hooks: RunHooks): Promise<RunResult>
  residentBytes (): Promise<number | null>
  /** Ends it at once and waits until it is gone. */
  kill (): Promise<void>
}

const ENTRY = fileURLToPath(new URL('./child.ts', import.meta.url))
const MEMORY_SAMPLE_MS = 250
/** The longest that a timer waits: a limit above it, of 24 days, is none. */
const LONGEST_MS = 2 ** 31 - 1
const STDERR_LINES = 8
/** Lines of a native or JavaScript stack trace, which would push the message before them out. */
const STACK_FRAME = /^(\d+: |at |-----|\*\*\*|@ +0x)/
/** What is being waited for: the engine to load, or a job to end. */
interface Waiting { job: string, resolve: (message: FromChild) => void, reject: (error: EspalierError) => void, hooks?: RunHooks }

/** Starts a child; TensorFlow loads while nobody waits. */
export function spawnEngine (options: EngineChildOptions): EngineChild {
  const child = fork(options.entry ?? ENTRY, [JSON.stringify(options.settings satisfies ChildSettings)], {
    execArgv: ['--import', import.meta.resolve('tsx')],
    env: options.env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const stderr = lastLines(child)
  const exited = once(child, 'exit').catch(() => {})
  let waiting: Waiting | undefined
  let killedFor: EspalierError | undefined
  let alive = true
  let loaded = false
  let jobs = 0

  child.on('message', (message: FromChild) => {
    if (message.type === 'progress') {
      if (message.job === waiting?.job) waiting.hooks?.onProgress(message.progress)
    } else if (message.type === 'checkpoint') {
      if (message.job === waiting?.job) void waiting.hooks?.onCheckpoint(message.file).then((stored) => { tell({ type: 'checkpointed', job: message.job, stored }) })
    } else if (message.type === 'metrics') {
      if (message.job === waiting?.job) waiting.hooks?.onMetrics({ ...(message.from !== undefined && { from: message.from }), points: message.points })
    } else if (message.type === 'stage') {
      if (message.job === waiting?.job) waiting.hooks?.onStage?.(message.time)
    } else if (message.type === 'failed') settle()?.reject(EspalierError.fromRecord(message.error))
    else settle()?.resolve(message)
  })
  // `close` comes after the last of stderr was read, so that a crash can be explained.
  child.on('close', (code, signal) => {
    alive = false
    settle()?.reject(killedFor ?? crash(code, signal, stderr()))
  })
  child.on('exit', () => { alive = false })
  child.on('error', (cause) => settle()?.reject(new EspalierError('engine-unavailable', `the engine process cannot be started: ${cause.message}`, {}, { cause })))

  function tell (message: ToChild): void {
    if (child.connected) child.send(message)
  }

  function settle (): Waiting | undefined {
    const current = waiting
    waiting = undefined
    return current
  }

  function wait (job: string, hooks?: RunHooks): Promise<FromChild> {
    return new Promise((resolve, reject) => {
      if (!alive) {
        reject(killedFor ?? crash(child.exitCode, child.signalCode, stderr()))
        return
      }
      waiting = { job, resolve, reject, ...(hooks && { hooks }) }
    })
  }

  function killFor (reason: EspalierError): void {
    killedFor ??= reason
    child.kill('SIGKILL')
  }

  const ready = wait('').then((message) => message.type === 'ready' ? message.engine : {})
  ready.then(() => { loaded = true }, () => { alive = false })

  return {
    pid: child.pid ?? 0,
    get jobs () { return jobs },
    get alive () { return alive && !child.killed },
    get killed () { return child.killed },
    get loaded () { return loaded },
    ready,
    residentBytes: async () => await residentBytes(child.pid ?? 0),
    async run (request, hooks) {
      await untilAborted(ready, hooks.signal)
      jobs++
      hooks.onBegin?.()
      const onAbort = (): void => { killFor(new EspalierError('job-cancelled', 'the job was cancelled')) }
      const onPause = (): void => { tell({ type: 'pause', job: request.job }) }
      const holds = holding(request.limits ?? {}, options)
      const stopWatching = watch(child, holds, request.spentMs ?? 0, killFor)
      hooks.signal.addEventListener('abort', onAbort, { once: true })
      try {
        const ended = wait(request.job, hooks)
        child.send({ type: 'run', shares: sharesOf(holds.memory.value), ...request } satisfies ToChild)
        hooks.pause.addEventListener('abort', onPause, { once: true })
        if (hooks.pause.aborted) onPause()
        const message = await ended
        if (message.type !== 'done') throw new EspalierError('internal', `the engine process answered "${message.type}" instead of a result`)
        return { job: message.job, receipt: message.receipt, outputs: message.outputs, weights: message.weights ?? null }
      } finally {
        hooks.signal.removeEventListener('abort', onAbort)
        hooks.pause.removeEventListener('abort', onPause)
        stopWatching()
      }
    },
    async kill () {
      killFor(new EspalierError('engine-crashed', 'the worker is closing'))
      if (child.exitCode === null && child.signalCode === null) await exited
    },
  }
}

/** Kills the child when the job takes too long, with the time that was spent before, or the child grows too large. Gives the function that stops watching. */
function watch (child: ChildProcess, { time, memory }: ReturnType<typeof holding>, spentMs: number, killFor: (reason: EspalierError) => void): () => void {
  const timer = time === null ? undefined : setTimeout(() => { killFor(tookTooLong(time)) }, Math.min(LONGEST_MS, Math.max(0, time.value - spentMs)))
  const sampler = setInterval(() => {
    void residentBytes(child.pid ?? 0).then((bytes) => {
      if (bytes !== null && bytes > memory.value) killFor(tookTooMuch(bytes, memory))
    })
  }, MEMORY_SAMPLE_MS)
  return () => {
    clearTimeout(timer)
    clearInterval(sampler)
  }
}

async function untilAborted<T> (promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const cancelled = (): EspalierError => new EspalierError('job-cancelled', 'the job was cancelled')
  if (signal.aborted) throw cancelled()
  let onAbort: () => void = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(cancelled())
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Reads stderr to its end and keeps the last lines. */
function lastLines (child: ChildProcess): () => string[] {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => { text = (text + piece).slice(-8192) })
  return () => text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !STACK_FRAME.test(line)).slice(-STDERR_LINES)
}

function crash (code: number | null, signal: NodeJS.Signals | null, stderr: readonly string[]): EspalierError {
  const how = signal === null ? `with exit code ${code ?? 'unknown'}` : `by ${signal}`
  const last = stderr.length === 0 ? '' : `; its last words: ${stderr.join(' | ')}`
  return new EspalierError('engine-crashed', `the engine process ended ${how}${last}`, { exitCode: code, signal })
}
