/** What can be known of other processes of this machine: whether they live, which program they run, and whether they are still the same. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const POLL_MS = 50

/** Is there a process with this id? One of another user counts. */
export function isAlive (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The command line of a process, its parts joined by blanks; empty when there is none. */
export async function commandOf (pid: number): Promise<string> {
  if (process.platform === 'linux') return await readFile(`/proc/${pid}/cmdline`, 'utf8').then((text) => text.replaceAll('\0', ' ').trim(), () => '')
  return await ps(pid, 'command')
}

/** When a process began, as text: the same id with another beginning is another process. Empty when there is none. */
export async function beginningOf (pid: number): Promise<string> {
  if (process.platform !== 'linux') return await ps(pid, 'lstart')
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The second field, the program's name in brackets, may hold blanks; the beginning is the twentieth after it.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

async function ps (pid: number, column: string): Promise<string> {
  return await promisify(execFile)('ps', ['-o', `${column}=`, '-p', String(pid)]).then(({ stdout }) => stdout.trim(), () => '')
}

/** Asks a process to end, and kills it when it has not done so after `graceMs`. */
export async function endProcess (pid: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!send(pid, signal)) return
  for (let waited = 0; waited < graceMs; waited += POLL_MS) {
    if (!isAlive(pid)) return
    await sleep(POLL_MS)
  }
  send(pid, 'SIGKILL')
}

function send (pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
