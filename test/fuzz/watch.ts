/** A child process under watch: how it ended, and whether an input took too long or too much memory. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Order, Told } from './child.ts'
import { peakBytes, processorMs } from './process-facts.ts'

/** Of one input. */
export const LIMITS = { milliseconds: 5000, bytes: 512 * 2 ** 20 }

const LOOK_EVERY_MS = 200

/** An input that waits for ever takes no time of the processor, by which else is measured: other processes run beside. */
const IDLE_MS = 120_000

/** Starting the process and reading its fixtures is no input. */
const START_MS = 300_000

export type Finding = 'crash' | 'hang' | 'memory'

export interface End { readonly told: Told | undefined, readonly finding?: Finding, readonly text?: string, readonly seconds: number }

/** Runs the order to its end, or until something is found. */
export async function watched (order: Order): Promise<End> {
  for (const left of [order.current, `${order.current}.error`]) rmSync(left, { force: true })
  const started = Date.now()
  const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [JSON.stringify(order)], { execArgv: ['--import', 'tsx', '--max-old-space-size=1024'], stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  let told: Told | undefined
  let stderr = ''
  let finding: Finding | undefined
  let text: string | undefined
  child.on('message', (message) => { told = message as Told })
  child.stderr!.on('data', (piece: Buffer) => { stderr = `${stderr}${piece.toString()}`.slice(-4000) })
  const stop = (what: Finding, why: string): void => {
    if (finding !== undefined) return
    finding = what
    text = why
    child.kill('SIGKILL')
  }
  let input = { begun: 0, cpu: 0 }
  const look = setInterval(() => {
    const { mtimeMs: begun } = statSync(order.current, { throwIfNoEntry: false }) ?? {}
    if (begun !== undefined && begun !== input.begun) input = { begun, cpu: processorMs(child.pid!) }
    const [since, used] = [Date.now() - (begun ?? started), processorMs(child.pid!) - input.cpu]
    if (begun !== undefined ? used > LIMITS.milliseconds || since > IDLE_MS : since > START_MS) stop('hang', `no end after ${Math.round(since)} ms, of which ${used} at work`)
    const bytes = peakBytes(child.pid!)
    if (bytes > LIMITS.bytes) stop('memory', `${Math.round(bytes / 2 ** 20)} MiB resident`)
  }, LOOK_EVERY_MS)
  const [code, signal] = await once(child, 'exit') as [number | null, NodeJS.Signals | null]
  clearInterval(look)
  const seconds = (Date.now() - started) / 1000
  if (finding === undefined && told !== undefined && told.bytes > LIMITS.bytes) [finding, text] = ['memory', `${Math.round(told.bytes / 2 ** 20)} MiB at its most`]
  if (finding === undefined && (code !== 0 || told === undefined)) {
    finding = 'crash'
    text = existsSync(`${order.current}.error`) ? readFileSync(`${order.current}.error`, 'utf8') : `ended with ${signal ?? code}: ${stderr}`
  }
  return { told, seconds, ...(finding !== undefined && { finding }), ...(text !== undefined && { text }) }
}
