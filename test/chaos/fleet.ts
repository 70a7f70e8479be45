/** An API and workers as processes of their own, on the test's Postgres and Valkey, each with an ESPALIER_HOME of its own: no disk is shared. */
import { spawn, type ChildProcess } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freshDatabase } from '../support/database.ts'
import { freshPrefix } from '../support/queue.ts'
import { temporaryHome } from '../support/services.ts'
import { descendantsOf } from './processes.ts'
import { ROLES } from './service.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const START_MS = 120_000

export interface FleetProcess {
  readonly pid: number
  /** Engine processes below it. */
  engines (): number[]
  /** Resolves with how it ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  kill (signal: NodeJS.Signals): void
}

export interface Fleet {
  readonly url: string
  startWorker (env?: Record<string, string>): Promise<FleetProcess>
  /** Ends what still runs, at once. */
  stop (): Promise<void>
}

export async function startFleet (): Promise<Fleet> {
  const database = await freshDatabase()
  const { url: redisUrl, prefix } = freshPrefix()
  const started: ChildProcess[] = []
  const homes: string[] = []

  async function begin (role: 'api' | 'worker', env: Record<string, string> = {}): Promise<ChildProcess> {
    const home = await temporaryHome()
    homes.push(home)
    const child = spawn(process.execPath, ['--import', 'tsx', `src/cli/${role}.ts`], {
      cwd: ROOT,
      env: {
        ...process.env, DATABASE_URL: database.url, REDIS_URL: redisUrl, ESPALIER_QUEUE_PREFIX: prefix, ESPALIER_HOME: home, ESPALIER_BLOBS: 'postgres', PORT: '0',
        ESPALIER_STALLED_SECONDS: '3', ESPALIER_RECONCILE_SECONDS: '2', ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    started.push(child)
    return child
  }

  const api = await begin('api')
  const url = await addressOf(api)
  return {
    url,
    async startWorker (env) {
      const child = await begin('worker', env)
      const pid = child.pid!
      child.stdout!.resume()
      child.stderr!.resume()
      return {
        pid,
        engines: () => descendantsOf(pid).filter(({ command }) => ROLES['engine child'](command)).map((engine) => engine.pid),
        ended: new Promise((resolve) => { child.once('exit', (code, signal) => { resolve(signal ?? code) }) }),
        kill: (signal) => { child.kill(signal) },
      }
    },
    async stop () {
      for (const child of started) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const gone = new Promise((resolve) => { child.once('exit', resolve) })
        child.kill('SIGKILL')
        await gone
      }
      await sleep(300) // engine processes end with their worker
      for (const home of homes) await rm(home, { recursive: true, force: true, maxRetries: 5 })
      await database.drop()
    },
  }
}

/** The address that the API prints when it is ready. */
async function addressOf (child: ChildProcess): Promise<string> {
  let output = ''
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(new Error(`the API did not become ready:\n${output}`)) }, START_MS)
    const read = (piece: string): void => {
      output = (output + piece).slice(-8000)
      const address = /https?:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]
      if (address !== undefined) { clearTimeout(timer); resolve(address) }
    }
    child.stdout!.setEncoding('utf8').on('data', read)
    child.stderr!.setEncoding('utf8').on('data', read)
    child.once('exit', (code) => { clearTimeout(timer); reject(new Error(`the API ended with ${code}:\n${output}`)) })
  })
}
