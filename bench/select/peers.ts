/** The peers of the benchmark of selection: a Python process that runs the way it is told and answers with seconds. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Peers {
  /** Ways that can be run: those whose libraries are there. */
  readonly ways: readonly string[]
  run (way: string): Promise<number>
  stop (): void
}

export interface PeerTask { readonly n: number, readonly sparsity: number, /** How long a way runs before it is timed. */ readonly warmMs: number }

/** Without numpy there are no ways. */
export async function startPeers (python: string, { n, sparsity, warmMs }: PeerTask): Promise<Peers> {
  const child = spawn(python, [fileURLToPath(new URL('peers/select_peers.py', import.meta.url)), String(n), String(sparsity), String(warmMs / 1000)], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value, done } = await lines.next()
  return {
    ways: done === true ? [] : String(value).split(' '),
    async run (way) {
      child.stdin.write(`${way}\n`)
      const { value: seconds, done: ended } = await lines.next()
      if (ended === true) throw new Error(`the peer ended at ${way}`)
      return Number(seconds)
    },
    stop () { child.stdin.end() },
  }
}
