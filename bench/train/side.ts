/** A side of the training benchmark as a child process that keeps model and data in memory and answers line by line. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { engineEnvironment } from '../../src/config.ts'
import { parseMessage, PEERS, type Peer, type Ready, type RunResult, type SideName, type SideSpec } from './protocol.ts'

export interface Side<N extends string = SideName> {
  readonly name: N
  readonly ready: Ready
  run (steps: number): Promise<RunResult>
  close (): void
}

/** How a side is started; a peer may be missing. */
export interface Start { readonly command: string, readonly args: readonly string[], readonly threads: number, readonly peer: boolean }

/** The side, ready to run; the reason as text when its library cannot be imported. `python` runs the peers. */
export async function openSide (name: SideName, spec: SideSpec, python: string): Promise<Side | string> {
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
  const [peer, settings, { threads }] = [(PEERS as readonly string[]).includes(name), JSON.stringify(spec), spec]
  return peer
    ? await startSide(name, { command: python, args: [here(`peers/${name as Peer}_train.py`), settings], threads, peer })
    : await startSide(name, { command: process.execPath, args: ['--import', 'tsx', here('our-side.ts'), settings, name], threads, peer })
}

/** A side from its command line. */
export async function startSide<N extends string> (name: N, { command, args, threads, peer }: Start): Promise<Side<N> | string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...engineEnvironment().env, TF_CPP_MIN_LOG_LEVEL: '3', TF_NUM_INTRAOP_THREADS: String(threads), OMP_NUM_THREADS: String(threads) } })
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
    if (peer && (error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing', reason: `${command} is not there` } as const
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
