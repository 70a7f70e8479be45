/** One holder at a time on a machine: a lock file that names its holder, taken over when the holder is gone. */
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beginningOf, isAlive } from '../processes.ts'

export interface Holder { readonly pid: number, readonly began: string }

const POLL_MS = 200

/** Runs `work` while holding the lock; waits for another holder first and tells `onWait` once. */
export async function withLock<T> (file: string, work: () => Promise<T>, onWait: (holder: Holder) => void = () => {}): Promise<T> {
  let told = false
  for (;;) {
    const holder = await takeLock(file)
    if (holder === undefined) break
    if (!told) onWait(holder)
    told = true
    await sleep(POLL_MS)
  }
  try {
    return await work()
  } finally {
    await releaseLock(file)
  }
}

/** Takes the lock, or gives the living process that holds it. */
export async function takeLock (file: string): Promise<Holder | undefined> {
  await mkdir(path.dirname(file), { recursive: true })
  const mine = `${file}.${process.pid}`
  await writeFile(mine, JSON.stringify({ pid: process.pid, began: await beginningOf(process.pid) } satisfies Holder))
  try {
    for (;;) {
      // A link is made whole or not at all: nobody ever reads a lock file that does not name its holder yet.
      const taken = await link(mine, file).then(() => true, (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false
        throw error
      })
      if (taken) return undefined
      const text = await readFile(file, 'utf8').catch(() => undefined)
      if (text === undefined) continue
      const holder = parse(text)
      if (holder !== undefined && await isHolding(holder)) return holder
      await removeStale(file, text)
    }
  } finally {
    await rm(mine, { force: true })
  }
}

export async function releaseLock (file: string): Promise<void> {
  await rm(file, { force: true })
}

function parse (text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder
  } catch {
    return undefined
  }
}

async function isHolding ({ pid, began }: Holder): Promise<boolean> {
  return isAlive(pid) && await beginningOf(pid) === began
}

/** Another waiter may have removed the stale file and taken the lock meanwhile: what was moved aside is looked at, and put back if it lives. */
async function removeStale (file: string, stale: string): Promise<void> {
  const aside = `${file}.stale-${process.pid}`
  if (!await rename(file, aside).then(() => true, () => false)) return
  if (await readFile(aside, 'utf8').catch(() => stale) !== stale) await link(aside, file).catch(() => {})
  await rm(aside, { force: true })
}
