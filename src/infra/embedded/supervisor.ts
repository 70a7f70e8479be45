/** Keeps processes running: each is started again when it dies, with a growing pause, until it is told to stop. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { EspalierError } from '../../errors.ts'

export interface ServiceSpec {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
  /** Asks it to end; it is killed when it has not done so after `graceMs`. */
  readonly stopSignal: NodeJS.Signals
  readonly graceMs: number
  /** Opens a channel whose closing tells the process that we are gone. */
  readonly ipc?: boolean
  /** Called before every start: removes what a killed predecessor left in the way. */
  beforeStart? (): Promise<void>
  /** Resolves once it serves; tried again and again while the process lives. */
  check (): Promise<void>
}

export interface Supervised {
  readonly name: string
  readonly pid: number | undefined
  /** Resolves when it serves for the first time; rejects when it ended too often before, or took too long. */
  readonly ready: Promise<void>
  stop (): Promise<void>
}

export interface SupervisorHooks {
  log (line: string): void
  /** A line that a role wrote; absent: as the rest. */
  output? (line: string): void
  /** A process began, or ended; the watchdog wants to know. */
  onStart? (pid: number): void
  onEnd? (pid: number): void
}

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5000
/** A process that lived so long did not fail at its start: the pause begins anew. */
const STEADY_MS = 10_000
const FAILED_STARTS = 5
/** A Postgres that was killed reads its log first, which may take a while. */
const SERVING_LIMIT_MS = 180_000
const CHECK_EVERY_MS = 50
const OUTPUT_CHARACTERS = 4000

export function supervise (spec: ServiceSpec, hooks: SupervisorHooks): Supervised {
  let child: ChildProcess | undefined
  let stopping = false
  let output = ''
  const tell = (line: string): void => { if (line.trim() !== '') (hooks.output ?? hooks.log)(line) }
  const stopped = new AbortController()

  /** One life of the process: resolves when it has ended. */
  async function live (onServing: () => void): Promise<string> {
    await spec.beforeStart?.()
    if (stopping) return 'not started'
    const started = spawn(spec.command, [...spec.args], {
      env: { ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(spec.ipc === true ? ['ipc' as const] : [])],
      // Ctrl-C reaches the whole process group of the terminal; who ends when is decided here.
      detached: true,
      ...(spec.cwd !== undefined && { cwd: spec.cwd }), ...(spec.uid !== undefined && { uid: spec.uid }), ...(spec.gid !== undefined && { gid: spec.gid }),
    })
    child = started
    for (const stream of [started.stdout, started.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-OUTPUT_CHARACTERS) })
      if (spec.ipc === true && stream !== null) createInterface({ input: stream }).on('line', tell)
    }
    const ended = new Promise<string>((resolve) => {
      started.once('error', (error) => { resolve(error.message) })
      started.once('exit', (code, signal) => { resolve(signal === null ? `exit code ${code}` : signal) })
    })
    if (started.pid !== undefined) hooks.onStart?.(started.pid)
    void serving(started, onServing)
    const how = await ended
    if (started.pid !== undefined) hooks.onEnd?.(started.pid)
    return how
  }

  async function serving (started: ChildProcess, onServing: () => void): Promise<void> {
    const limit = performance.now() + SERVING_LIMIT_MS
    let last = ''
    while (started.exitCode === null && started.signalCode === null && !stopping) {
      if (await spec.check().then(() => true, (error: Error) => { last = error.message })) return onServing()
      if (performance.now() > limit) {
        return settleReady?.reject(new EspalierError('unavailable', `${spec.name} runs but does not answer (${last})`, { service: spec.name }))
      }
      await sleep(CHECK_EVERY_MS)
    }
  }

  let settleReady: { resolve: () => void, reject: (error: Error) => void } | undefined
  const ready = new Promise<void>((resolve, reject) => { settleReady = { resolve, reject } })
  ready.catch(() => {})

  const ended = (async () => {
    let pause = FIRST_PAUSE_MS
    let served = false
    for (let failures = 0; ;) {
      const began = performance.now()
      const how = await live(() => { served = true; settleReady?.resolve() }).catch((error: Error) => error.message)
      if (stopping) return
      hooks.log(`${spec.name} ended (${how}); it is started again`)
      if (!served && ++failures >= FAILED_STARTS) {
        const last = output.trim().split('\n').slice(-6).join('\n')
        return settleReady?.reject(new EspalierError('unavailable', `${spec.name} does not start (${how}): ${last}`, { service: spec.name }))
      }
      if (performance.now() - began > STEADY_MS) pause = FIRST_PAUSE_MS
      await sleep(pause, undefined, { signal: stopped.signal }).catch(() => {})
      if (stopping) return
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2)
    }
  })()

  return {
    name: spec.name,
    get pid () { return child?.exitCode === null && child.signalCode === null ? child.pid : undefined },
    ready,
    async stop () {
      stopping = true
      stopped.abort()
      const last = child
      if (last !== undefined && last.exitCode === null && last.signalCode === null) {
        last.kill(spec.stopSignal)
        const timer = setTimeout(() => { last.kill('SIGKILL') }, spec.graceMs)
        await ended
        clearTimeout(timer)
      } else {
        await ended
      }
      settleReady?.reject(new EspalierError('unavailable', `${spec.name} was stopped before it served`))
    },
  }
}
