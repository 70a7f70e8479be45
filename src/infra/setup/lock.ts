/** One setup at a time on a machine: a lock file that names its holder, taken over when the holder is gone. */
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 200
/** A lock file without a process id that is older was left by a crash between creating and writing it. */
const EMPTY_MS = 5000

/** Runs `work` while holding the lock; waits for another holder first and tells `onWait` once. */
export async function withLock<T> (file: string, work: () => Promise<T>, onWait: (pid: number) => void = () => {}): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true })
  let told = false
  while (!await take(file)) {
    const pid = Number(await readFile(file, 'utf8').catch(() => ''))
    if (await isStale(file, pid)) {
      await rm(file, { force: true })
      continue
    }
    if (!told && pid > 0) onWait(pid)
    told = true
    await sleep(POLL_MS)
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function take (file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx')
    await handle.writeFile(String(process.pid))
    await handle.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function isStale (file: string, pid: number): Promise<boolean> {
  if (pid > 0) return !isAlive(pid)
  const found = await stat(file).catch(() => null)
  return found !== null && Date.now() - found.mtimeMs > EMPTY_MS
}

/** Is there a process with this id? One of another user counts. */
export function isAlive (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
