/** Ends the servers when the process that supervises them is killed outright: a small process that outlives it by a moment. */
import { spawn } from 'node:child_process'

export interface Watchdog {
  /** Watches over a process group; `signal` ends it. */
  add (pid: number, signal: NodeJS.Signals): void
  /** The process ended: its id may soon be another's. */
  remove (pid: number): void
  /** Nothing is watched any more. */
  close (): void
}

/** Its input closes when the supervisor is gone, however it went; groups that are gone by then are passed over. */
const PROGRAM = `
  const pids = new Map()
  let text = ''
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  process.stdin.setEncoding('utf8').on('data', (piece) => {
    const lines = (text + piece).split('\\n')
    text = lines.pop()
    for (const line of lines) {
      const [pid, signal] = line.split(' ')
      if (signal === undefined) pids.delete(Number(pid))
      else pids.set(Number(pid), signal)
    }
  }).on('end', () => {
    for (const [pid, signal] of pids) try { process.kill(-pid, signal) } catch {}
    process.exit(0)
  })`

export function startWatchdog (): Watchdog {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} })
  child.unref()
  child.stdin.on('error', () => {})
  const watched = new Set<number>()
  return {
    add (pid, signal) {
      watched.add(pid)
      child.stdin.write(`${pid} ${signal}\n`)
    },
    remove (pid) {
      if (watched.delete(pid)) child.stdin.write(`${pid}\n`)
    },
    close () {
      child.stdin.end([...watched].map((pid) => `${pid}\n`).join(''))
    },
  }
}
