/** The whole service as `npm start` runs it, in a folder of its own, with a way to kill each of its processes. */
import { spawn, type ChildProcess } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { temporaryHome } from '../support/services.ts'
import { descendantsOf } from './processes.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const START_MS = 120_000
const STOP_MS = 30_000

/** How each process is known among the service's own. */
export const ROLES = {
  'engine child': (command) => command.includes('src/worker/child.ts'),
  worker: (command) => command.includes('src/cli/worker.ts'),
  API: (command) => command.includes('src/cli/api.ts'),
  Valkey: (command) => /(valkey|redis)-server/.test(command),
  Postgres: (command) => /postgres\S* -D /.test(command),
} as const satisfies Record<string, (command: string) => boolean>

export type Role = keyof typeof ROLES

export interface Service {
  readonly url: string
  readonly home: string
  /** What it and its processes have written to their outputs. */
  output (): string
  /** Processes of that role that are alive now. */
  pids (role: Role): number[]
  /** kill -9. Gives the processes that were killed. */
  kill (role: Role): number[]
  /** Ends it as Ctrl-C does and removes its folder. Throws when processes are left. */
  stop (): Promise<void>
}

/** `changes` to its environment; `parent`: where its folder lies. */
export async function startService (changes: Readonly<Record<string, string>> = {}, parent?: string): Promise<Service> {
  // What setup fetched once is shared; rows, files and queue are this test's own.
  const home = await temporaryHome(parent)
  const { DATABASE_URL, REDIS_URL, ...env } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/start.ts'], {
    cwd: ROOT,
    env: { ...env, ESPALIER_HOME: home, PORT: '0', ESPALIER_STALLED_SECONDS: '3', ESPALIER_RECONCILE_SECONDS: '2', ...changes },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => { output += piece })
  const url = await addressOf(child)
  const pids = (role: Role): number[] => descendantsOf(child.pid!).filter(({ command }) => ROLES[role](command)).map(({ pid }) => pid)
  return {
    url,
    home,
    output: () => output,
    pids,
    kill (role) {
      const found = pids(role)
      for (const pid of found) process.kill(pid, 'SIGKILL')
      return found
    },
    async stop () {
      const family = descendantsOf(child.pid!)
      child.kill('SIGINT')
      const ended = new Promise<void>((resolve) => { child.once('exit', () => resolve()) })
      await Promise.race([ended, sleep(STOP_MS, undefined, { ref: false })])
      // The watchdog of a service outlives it by a moment.
      for (let tries = 30; tries > 0 && family.some(({ pid }) => isAlive(pid)); tries--) await sleep(100)
      const left = family.filter(({ pid }) => isAlive(pid))
      for (const { pid } of [...left, { pid: child.pid! }]) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
      if (left.length > 0) throw new Error(`left over after the service ended: ${left.map(({ command }) => command).join('; ')}`)
    },
  }
}

/** The address that the service prints when it is ready. */
async function addressOf (child: ChildProcess): Promise<string> {
  let output = ''
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => { child.kill('SIGKILL'); reject(new Error(`the service did not become ready:\n${output}`)) }, START_MS)
    const read = (piece: string): void => {
      output = (output + piece).slice(-8000)
      const address = /Espalier is ready at (https?:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
      if (address !== undefined) { clearTimeout(timer); resolve(address) }
    }
    child.stdout!.setEncoding('utf8').on('data', read)
    child.stderr!.setEncoding('utf8').on('data', read)
    child.once('exit', (code) => { clearTimeout(timer); reject(new Error(`the service ended with ${code}:\n${output}`)) })
  })
}

function isAlive (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
