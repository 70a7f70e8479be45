/** A side of the training benchmark as a child process that keeps model and data in memory and answers line by line. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { engineEnvironment } from '../../src/config.ts'
import { parseMessage, PEERS, type Peer, type Ready, type RunResult, type SideName, type SideSpec } from './protocol.ts'

export interface Side {
  readonly name: SideName
  readonly ready: Ready
  run (steps: number): Promise<RunResult>
  close (): void
}

/** The side, ready to run; the reason as text when its library cannot be imported. `python` runs the peers. */
export async function openSide (name: SideName, spec: SideSpec, python: string): Promise<Side | string> {
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
  const isPeer = (PEERS as readonly string[]).includes(name)
  const [command, args] = isPeer
    ? [python, [here(`peers/${name as Peer}_train.py`), JSON.stringify(spec)]]
    : [process.execPath, ['--import', 'tsx', here('our-side.ts'), JSON.stringify(spec), name]]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...engineEnvironment().env, TF_CPP_MIN_LOG_LEVEL: '3', TF_NUM_INTRAOP_THREADS: String(spec.threads), OMP_NUM_THREADS: String(spec.threads) } })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => { reject(new Error(`the side ${name} ended (${signal ?? code})`)) })
  })
  ended.catch(() => {})
  async function next () {
    for (;;) {
      const { value, done } = await Promise.race([lines.next(), ended])
      const message = done === true ? undefined : parseMessage(value)
      if (message !== undefined) return message
      if (done === true) return await ended
    }
  }
  const first = await next().catch((error: unknown) => {
    if (isPeer && (error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing', reason: `${python} is not there` } as const
    throw error
  })
  if (first.kind === 'missing') return first.reason
  if (first.kind !== 'ready') throw new Error(`the side ${name} did not say that it is ready`)
  return {
    name,
    ready: first.ready,
    async run (steps) {
      child.stdin.write(`${JSON.stringify({ run: steps })}\n`)
      const message = await next()
      if (message.kind !== 'result') throw new Error(`the side ${name} did not answer with a result`)
      return message.result
    },
    close () { child.stdin.end() },
  }
}
